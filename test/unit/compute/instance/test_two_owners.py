"""An agent that was asleep past its lease does nothing more to what another took."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from compute.agent.host import Work
from compute.agent.host_lock import HostLock
from compute.agent.sagas.catalog import SAGAS
from compute.core.jobs.saga import Saga
from compute.core.jobs.store import LEASE_SECONDS
from compute.instance.client import InstanceClient
from objectstore.kernel.errors import Unavailable
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import UNLIMITED, is_stable

FIRST, SECOND = "agent", "another"


class SleepyClient(InstanceClient):
    """``asleep()`` is called when the n-th step that is noted has been."""

    left: ClassVar[int] = -1
    asleep: ClassVar[Any] = None

    def advance(
        self,
        job_id: str,
        owner: str,
        *,
        step: str,
        undoing: bool,
        progress: Mapping[str, Any],
    ) -> bool:
        kind = type(self)
        cancelled = super().advance(
            job_id, owner, step=step, undoing=undoing, progress=progress
        )
        if owner == FIRST:
            kind.left -= 1
            if kind.left == 0:
                kind.asleep()
        return cancelled


def sleepy(saga: Saga[Work], number: int, asleep: Callable[[], None]) -> Saga[Work]:
    """One whose first run falls asleep at the end of its n-th step."""
    step = saga.steps[number]
    first = [True]

    def do(work: Work) -> None:
        step.do(work)
        if first:
            first.clear()
            asleep()

    steps = [*saga.steps]
    steps[number] = dataclasses.replace(step, do=do)
    return dataclasses.replace(saga, steps=steps)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, hosts=1, client=SleepyClient, **UNLIMITED)
    house.furnish()
    yield house
    SleepyClient.left = -1
    house.close()


STEPS = SAGAS["build"].steps
NOTED = sum(not step.light for step in STEPS)


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_only_one_acts_after_a_step(house: House, number: int) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def begin(asleep: Callable[[], None]) -> None:
            patch.setitem(SAGAS, "build", sleepy(SAGAS["build"], number, asleep))

        only_one_acts(house, begin)


@pytest.mark.parametrize("number", range(1, NOTED + 1))
def test_only_one_acts_after_a_note(house: House, number: int) -> None:
    def begin(asleep: Callable[[], None]) -> None:
        SleepyClient.asleep, SleepyClient.left = staticmethod(asleep), number

    only_one_acts(house, begin)


def only_one_acts(house: House, begin: Callable[[Callable[[], None]], None]) -> None:
    """Build a server, its agent asleep past its lease where ``begin`` arranged it."""
    acts: list[str] = []
    actor = [FIRST]
    (kit,) = house.kits.values()
    kit.hypervisor.fault = lambda method, uuid, at: (  # type: ignore[attr-defined]
        acts.append(f"{actor[0]} {method}") if at == "before" else None
    )

    def asleep() -> None:
        house.clock.advance(LEASE_SECONDS + 1)
        actor[0] = SECOND
        house.new_agent(SECOND).run_pending()
        actor[0] = FIRST
        acts.append("awake")

    begin(asleep)
    server_id = house.boot(work=False)
    house.agent.run_pending()
    assert acts[acts.index("awake") + 1 :] == []
    assert is_stable(house, server_id)
    assert house.show(server_id)["status"] == "ACTIVE"
    assert house.leftovers() == []


def test_a_host_has_one_agent(tmp_path: Path) -> None:
    first, second = HostLock(tmp_path), HostLock(tmp_path)
    first.take()
    with pytest.raises(Unavailable, match="another agent"):
        second.take()
    first.release()
    second.take()
    second.release()
