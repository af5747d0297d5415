"""An agent that was asleep past its lease does nothing more to what another took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from compute.agent.host_lock import HostLock
from compute.agent.sagas.catalog import SAGAS
from compute.core.jobs import LEASE_SECONDS
from compute.instance.client import InstanceClient
from objectstore.kernel.errors import Unavailable
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import UNLIMITED, is_stable

FIRST, SECOND = "agent", "another"


class SleepyClient(InstanceClient):
    """``asleep()`` is called around the n-th recording of a step."""

    left: ClassVar[int] = -1
    moment: ClassVar[str] = ""
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
        if owner == FIRST:
            kind.left -= 1
        sleeps = owner == FIRST and kind.left == 0
        if sleeps and kind.moment == "before":
            kind.asleep()
        cancelled = super().advance(
            job_id, owner, step=step, undoing=undoing, progress=progress
        )
        if sleeps and kind.moment == "after":
            kind.asleep()
        return cancelled


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, hosts=1, client=SleepyClient, **UNLIMITED)
    house.furnish()
    yield house
    SleepyClient.left = -1
    house.close()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, len(SAGAS["build"].steps) + 1))
def test_only_one_acts(house: House, step: int, moment: str) -> None:
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

    SleepyClient.asleep = staticmethod(asleep)
    SleepyClient.left, SleepyClient.moment = step, moment
    server_id = house.boot(work=False)
    house.agent.run_pending()
    if (step, moment) == (len(SAGAS["build"].steps), "after"):
        house.work()  # all was done: the other found no more than to say so
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
