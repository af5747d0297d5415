"""A simulated host brought to what is desired, by plans alone."""

from __future__ import annotations

from compute.network.agent.model import Desired
from compute.network.agent.plan.plan import plan
from test.fakes.network_host import MemoryHost

ROUNDS_MAX = 5


def converge(host: MemoryHost, desired: Desired) -> list[str]:
    """Plan and do until nothing is left; the kinds of operations that it took."""
    done: list[str] = []
    for _ in range(ROUNDS_MAX):
        operations = plan(desired, host.observe())
        if not operations:
            return done
        done += [type(each).__name__ for each in operations]
        assert not host.apply(operations, desired)
        host.settle(desired)
    raise AssertionError(f"does not converge: {operations}")
