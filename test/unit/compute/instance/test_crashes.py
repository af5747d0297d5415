"""An agent that dies at any step of any job goes on, or cleans up, when it is back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from compute.agent.host import Work
from compute.agent.sagas.catalog import SAGAS
from compute.core.jobs.saga import Saga, Step
from compute.instance.client import InstanceClient
from objectstore.kernel.errors import InsufficientStorage, Unavailable
from test.unit.compute.instance.furnished import furnished_house
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import (
    MORE_STATES,
    STATES,
    UNLIMITED,
    acted,
    is_stable,
    requests,
)

MOMENTS = ("before", "after")  # the step is recorded
CHAIN_MAX = 5  # jobs of a move


class Crash(BaseException):
    """The agent's process ends here."""


class DyingClient(InstanceClient):
    """Dies when a job ends."""

    dies: ClassVar[bool] = False

    def finish(self, job_id: str, owner: str, **end: Any) -> None:
        if type(self).dies:
            raise Crash
        super().finish(job_id, owner, **end)


def dying(saga: Saga[Work], number: int, moment: str) -> Saga[Work]:
    """One that dies after its n-th step: before or after that was recorded."""

    def wrapped(position: int, step: Step[Work]) -> Step[Work]:
        def do(work: Work) -> None:
            if (position, moment) == (number + 1, "after"):
                raise Crash
            step.do(work)
            if (position, moment) == (number, "before"):
                raise Crash

        return dataclasses.replace(step, do=do)

    steps = [wrapped(*each) for each in enumerate(saga.steps, 1)]
    return dataclasses.replace(saga, steps=steps)


# Kind of job -> (state that it begins in, action, vm_states that it may end in).
CASES: dict[str, tuple[str, str, str]] = {
    "build": ("building", "", "active"),
    "delete": ("active", "force_delete", "deleted"),
    "soft_delete": ("active", "delete", "soft-delete"),
    "start": ("stopped", "start", "active"),
    "stop": ("active", "stop", "stopped"),
    "reboot": ("active", "reboot", "active"),
    "reboot_hard": ("active", "reboot_hard", "active"),
    "pause": ("active", "pause", "paused"),
    "unpause": ("paused", "unpause", "active"),
    "suspend": ("active", "suspend", "suspended"),
    "resume": ("suspended", "resume", "active"),
    "rebuild": ("active", "rebuild", "active"),
    "resize": ("active", "resize", "resized"),
    "confirm_resize": ("resized", "confirm_resize", "active"),
    "revert_resize": ("resized", "revert_resize", "active"),
    "snapshot": ("active", "create_image", "active"),
    "shelve": ("active", "shelve", "shelved_offloaded"),
    "shelve_offload": ("shelved", "shelve_offload", "shelved_offloaded"),
    "unshelve": ("shelved_offloaded", "unshelve", "active"),
    "rescue": ("active", "rescue", "rescued"),
    "unrescue": ("rescued", "unrescue", "active"),
    "migrate_out": ("active", "migrate", "resized"),
    "migrate_in": ("active", "migrate", "resized"),
    "migrate_back": ("active", "migrate", "active"),
    "drop_packed": ("active", "migrate", "resized"),
    "revert_out": ("migrated", "revert_resize", "active"),
    "revert_in": ("migrated", "revert_resize", "active"),
    "evacuate": ("active", "evacuate", "active"),
    "remove_moved": ("active", "live_migrate", "active"),
    "live_prepare": ("active", "live_migrate", "active"),
    "live_migrate": ("active", "live_migrate", "active"),
    "live_finish": ("active", "live_migrate", "active"),
    "live_undo": ("active", "live_migrate", "active"),
    "attach_interface": ("active", "attach_interface", "active"),
    "detach_interface": ("active", "detach_interface", "active"),
    "attach_volume": ("active", "attach_volume", "active"),
    "detach_volume": ("with a volume", "detach_volume", "active"),
    "swap_volume": ("with a volume", "swap_volume", "active"),
    "move_volume": ("with a volume", "move_volume", "active"),
    "extend_volume": ("with a volume", "extend_volume", "active"),
    "limit_volume": ("with a volume", "limit_volume", "active"),
}


BEGINNINGS = {**STATES, "migrated": acted(("migrate", None))}


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[House]:
    house = furnished_house(
        tmp_path, client=DyingClient, **UNLIMITED, soft_delete=3600.0
    )
    house.flavor("large", ram=1024, vcpus=2, disk=2)
    yield house
    house.close()


def begin(house: House, kind: str) -> str:
    state, action, _ = CASES[kind]
    server_id = (BEGINNINGS | MORE_STATES)[state](house)
    if action:
        got = requests(house)[action](server_id)
        assert got.status < 300, got.body
        # The jobs of the chain that come before it.
        burn(house, kind)
        for _ in range(CHAIN_MAX):
            if not action or next_kind(house, server_id) == kind:
                break
            house.agent.run_pending(limit=1)
        burn(house, "")
        assert next_kind(house, server_id) == kind
    return server_id


def next_kind(house: House, server_id: str) -> str:
    jobs = house.wiring.stores.jobs
    found = house.database.read(lambda connection: jobs.open_of(connection, server_id))
    return found[0].kind if found else ""


def burn(house: House, kind: str) -> None:
    """What must fail for a job of that kind to be needed."""
    method = {"migrate_back": "start", "live_undo": "move"}.get(kind)

    def fault(called: str, uuid: str, moment: str) -> Exception | None:
        is_it = called == method and moment == "before"
        return RuntimeError("it burns") if is_it else None

    for kit in house.kits.values():
        kit.hypervisor.fault = fault  # type: ignore[attr-defined]


def crash(house: House, kind: str, number: int, moment: str) -> None:
    DyingClient.dies = (number, moment) == (len(SAGAS[kind].steps), "after")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SAGAS, kind, dying(SAGAS[kind], number, moment))
        with pytest.raises(Crash):
            house.agent.run_pending()
    DyingClient.dies = False
    house.agent = house.new_agent()  # the same owner: the process is back


def test_there_is_a_case_for_every_kind() -> None:
    assert set(CASES) == set(SAGAS)


def each_step(
    house: House,
    kind: str,
    finish: Callable[[str, tuple[str, int, str]], None],
    moments: tuple[str, ...] = MOMENTS,
) -> None:
    for number in range(1, len(SAGAS[kind].steps) + 1):
        for moment in moments:
            server_id = begin(house, kind)
            crash(house, kind, number, moment)
            finish(server_id, (kind, number, moment))


@pytest.mark.parametrize("kind", sorted(CASES))
def test_it_goes_on_after_a_crash_at_any_step(mortal: House, kind: str) -> None:
    def finish(server_id: str, where: tuple[str, int, str]) -> None:
        mortal.work()
        server = mortal.instances.server(server_id)
        assert is_stable(mortal, server_id), where
        assert server.vm_state == CASES[kind][2], (where, server.fault)
        mortal.act(server_id, "forceDelete", roles="admin")
        mortal.work()
        assert mortal.leftovers() == [], where

    each_step(mortal, kind, finish)


@pytest.mark.parametrize("kind", sorted(set(CASES) - {"delete"}))
def test_it_is_deleted_after_a_crash_at_any_step(mortal: House, kind: str) -> None:
    def finish(server_id: str, where: tuple[str, int, str]) -> None:
        got = mortal.act(server_id, "forceDelete", roles="admin")
        assert got.status == 202, (where, got.body)
        mortal.work()
        assert mortal.instances.server(server_id).deleted, where
        assert mortal.leftovers() == [], where

    # The step was done but not recorded: what is undone is more than is known.
    each_step(mortal, kind, finish, MOMENTS[:1])


def test_a_build_that_fails_everywhere_is_an_error_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, hosts=3)
    house.furnish()
    for kit in house.kits.values():
        kit.hypervisor.fault = lambda method, uuid, moment: (  # type: ignore[attr-defined]
            RuntimeError("it burns") if (method, moment) == ("start", "after") else None
        )
    server_id = house.boot()
    server = house.show(server_id)
    assert server["status"] == "ERROR"
    assert "it burns" in server["fault"]["message"]
    assert house.wiring.settings.build_attempts == 3
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert house.leftovers() == []
    house.close()


def test_a_build_goes_to_another_host_when_one_burns(tmp_path: Path) -> None:
    house = House(tmp_path, hosts=2)
    house.furnish()
    burning: list[str] = []

    def fault_on(name: str) -> Any:
        def fault(method: str, uuid: str, moment: str) -> Exception | None:
            if method == "start" and (not burning or name in burning):
                burning.append(name)
                return RuntimeError("it burns")
            return None

        return fault

    for name, kit in house.kits.items():
        kit.hypervisor.fault = fault_on(name)  # type: ignore[attr-defined]
    server = house.show(house.boot())
    assert server["status"] == "ACTIVE"
    assert server["OS-EXT-SRV-ATTR:host"] not in burning
    house.close()


def test_what_is_away_for_a_while_only_delays(mortal: House) -> None:
    away = [Unavailable("the hypervisor restarts")] * 3
    for kit in mortal.kits.values():
        kit.hypervisor.fault = lambda method, uuid, moment: (  # type: ignore[attr-defined]
            away.pop() if away and method == "start" else None
        )
    server_id = mortal.boot()
    assert mortal.show(server_id)["status"] == "BUILD"
    for _ in range(3):
        mortal.clock.advance(40)
        mortal.agent.report()
        mortal.work()
    assert mortal.show(server_id)["status"] == "ACTIVE"


def test_a_full_host_says_so_at_once(mortal: House) -> None:
    for kit in mortal.kits.values():
        kit.hypervisor.fault = lambda method, uuid, moment: (  # type: ignore[attr-defined]
            InsufficientStorage("This host has no room") if method == "start" else None
        )
    server = mortal.show(mortal.boot())
    assert server["status"] == "ERROR"
    assert "no room" in server["fault"]["message"]


def test_nothing_stays_in_build_when_its_host_is_gone(mortal: House) -> None:
    server_id = begin(mortal, "build")
    crash(mortal, "build", 2, "after")
    mortal.clock.advance(mortal.settings.gone_after + 1)
    mortal.watch()
    server = mortal.show(server_id)
    assert server["status"] == "ERROR"
    assert "does not answer" in server["fault"]["message"]
    mortal.ok("DELETE", f"/servers/{server_id}")
    mortal.room.loops[0].once()
    mortal.watch()
    mortal.room.loops[0].once()
    assert mortal.instances.server(server_id).vm_state in ("deleted", "soft-delete")


def test_nothing_stays_in_build_when_its_job_is_gone(mortal: House) -> None:
    server_id = mortal.boot(work=False)
    jobs = mortal.wiring.stores.jobs

    def lose(connection: Any) -> None:
        for job in jobs.open_of(connection, server_id):
            jobs.abandon(connection, job.id, mortal.clock.time(), "lost")

    mortal.database.run(lose)
    mortal.clock.advance(mortal.settings.stuck_after + 1)
    mortal.watch()
    assert mortal.show(server_id)["status"] == "ERROR"
    mortal.agent.report()
    mortal.act(server_id, "forceDelete", roles="admin")
    mortal.work()
    assert mortal.leftovers() == []
