"""The hypervisor port's contract; all drivers keep it.  Guests have no disk here (but
for containers, which are nothing without one): their firmware is all that runs, which
is enough for everything but a graceful end."""

from __future__ import annotations

import pytest

from compute.agent.guests import (
    Ability,
    GuestEventKind,
    GuestMissing,
    GuestState,
    Landing,
    NotHere,
    WrongState,
)
from objectstore.kernel.errors import Unavailable
from test.contract.compute.agent.host import Host

NOBODY = "00000000-0000-4000-8000-000000000000"


def can_suspend(host: Host, guest: str) -> bool:
    """Whether it can; a guest that cannot says so, and goes on."""
    if not host.lacks(Ability.SUSPEND):
        return True
    with pytest.raises(NotHere):
        host.hypervisor.suspend(guest)
    assert host.hypervisor.state(guest) is GuestState.RUNNING
    return False


def test_a_guest_that_was_never_started_is_absent(host: Host) -> None:
    assert host.hypervisor.state(NOBODY) is GuestState.ABSENT
    assert NOBODY not in host.hypervisor.states()
    host.hypervisor.stop(NOBODY)
    host.hypervisor.destroy(NOBODY)
    for call in (
        host.hypervisor.console_tail,
        host.hypervisor.pause,
        host.hypervisor.suspend,
        host.hypervisor.resume,
        host.hypervisor.usage,
    ):
        with pytest.raises(GuestMissing):
            call(NOBODY)


def test_starting_twice_is_starting_once(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    host.hypervisor.start(spec)
    assert host.hypervisor.states() == {spec.uuid: GuestState.RUNNING}
    host.wait_for_event(spec.uuid, GuestEventKind.STARTED)


def test_pause_and_resume(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    for _ in range(2):
        host.hypervisor.pause(spec.uuid)
        assert host.hypervisor.state(spec.uuid) is GuestState.PAUSED
    for _ in range(2):
        host.hypervisor.resume(spec.uuid)
        assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING
    host.hypervisor.pause(spec.uuid)
    host.hypervisor.start(spec)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING
    host.wait_for_event(spec.uuid, GuestEventKind.PAUSED)
    host.wait_for_event(spec.uuid, GuestEventKind.RESUMED)


def test_suspend_and_resume(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    if not can_suspend(host, spec.uuid):
        return
    for _ in range(2):
        host.hypervisor.suspend(spec.uuid)
        assert host.hypervisor.state(spec.uuid) is GuestState.SUSPENDED
    host.wait_for_event(spec.uuid, GuestEventKind.SUSPENDED)
    host.hypervisor.resume(spec.uuid)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING
    host.hypervisor.suspend(spec.uuid)
    host.hypervisor.start(spec)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING


def test_stopping_a_suspended_guest_drops_its_memory(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    if not can_suspend(host, spec.uuid):
        return
    host.hypervisor.suspend(spec.uuid)
    host.hypervisor.stop(spec.uuid)
    assert host.hypervisor.state(spec.uuid) is GuestState.SHUTDOWN


def test_stop_and_start_again(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    for _ in range(2):
        host.hypervisor.stop(spec.uuid, grace_seconds=0)
        assert host.hypervisor.state(spec.uuid) is GuestState.SHUTDOWN
    host.wait_for_event(spec.uuid, GuestEventKind.STOPPED)
    for call in (host.hypervisor.pause, host.hypervisor.resume, host.hypervisor.usage):
        with pytest.raises(WrongState):
            call(spec.uuid)
    host.hypervisor.start(spec)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING


def test_a_paused_guest_can_be_stopped(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    host.hypervisor.pause(spec.uuid)
    host.hypervisor.stop(spec.uuid)
    assert host.hypervisor.state(spec.uuid) is GuestState.SHUTDOWN


@pytest.mark.parametrize("before", ["running", "paused", "suspended", "shutdown"])
def test_hard_reboot_from_any_state(host: Host, before: str) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    if before == "paused":
        host.hypervisor.pause(spec.uuid)
    elif before == "suspended" and can_suspend(host, spec.uuid):
        host.hypervisor.suspend(spec.uuid)
    elif before == "shutdown":
        host.hypervisor.stop(spec.uuid, grace_seconds=0)
    host.hypervisor.reboot(spec, hard=True)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING


def test_a_guest_that_heeds_no_button_is_rebooted_all_the_same(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    host.hypervisor.reboot(spec, hard=False, grace_seconds=1.0)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING


@pytest.mark.parametrize("before", ["running", "paused", "suspended", "shutdown"])
def test_destroy_from_any_state(host: Host, before: str) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    if before == "paused":
        host.hypervisor.pause(spec.uuid)
    elif before == "suspended" and can_suspend(host, spec.uuid):
        host.hypervisor.suspend(spec.uuid)
    elif before == "shutdown":
        host.hypervisor.stop(spec.uuid, grace_seconds=0)
    for _ in range(2):
        host.hypervisor.destroy(spec.uuid)
        assert host.hypervisor.state(spec.uuid) is GuestState.ABSENT
    host.wait_for_event(spec.uuid, GuestEventKind.REMOVED)
    host.hypervisor.start(spec)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING


def test_a_card_is_plugged_in_once(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    nic = host.tap()
    for _ in range(2):
        host.hypervisor.attach_nic(spec.uuid, nic)
        assert [used.mac for used in host.hypervisor.usage(spec.uuid).nics] == [nic.mac]


def test_devices_of_a_guest_that_is_down_wait_for_its_start(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    host.hypervisor.stop(spec.uuid, grace_seconds=0)
    nic = host.tap()
    host.hypervisor.attach_nic(spec.uuid, nic)
    host.hypervisor.detach_nic(spec.uuid, nic.mac)
    host.hypervisor.detach_disk(spec.uuid, "vdq")
    host.hypervisor.limit_disk(spec.uuid, "vdq", (("total_iops_sec", 1),))
    host.hypervisor.start(spec)
    host.hypervisor.limit_disk(spec.uuid, "vdq", (("total_iops_sec", 1),))
    assert host.hypervisor.usage(spec.uuid).nics == ()


def test_the_spec_of_the_next_start_counts(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    host.hypervisor.stop(spec.uuid, grace_seconds=0)
    nic = host.tap()
    values = {name: getattr(spec, name) for name in spec.__slots__}
    host.hypervisor.start(type(spec)(**{**values, "nics": (nic,), "vcpus": 2}))
    usage = host.hypervisor.usage(spec.uuid)
    assert [used.mac for used in usage.nics] == [nic.mac]
    assert len(usage.cpu_nanoseconds) == 2


def test_figures(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    usage = host.hypervisor.usage(spec.uuid)
    assert usage.state is GuestState.RUNNING
    assert usage.memory_max_mib == spec.memory_mib
    assert len(usage.cpu_nanoseconds) == 1
    assert 0 <= usage.uptime_seconds < 120


def test_copying_wants_an_active_guest_and_a_disk_it_has(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    target = str(host.directory / "copy.qcow2")
    with pytest.raises(Unavailable):
        host.hypervisor.copy_disk(spec.uuid, "vdq", target)
    with pytest.raises(Unavailable):
        host.hypervisor.pull_backing(spec.uuid, "vdq")
    host.hypervisor.stop(spec.uuid, grace_seconds=0)
    for call in (
        lambda: host.hypervisor.copy_disk(spec.uuid, "vda", target),
        lambda: host.hypervisor.pull_backing(spec.uuid, "vda"),
        lambda: host.hypervisor.resize_disk(spec.uuid, "vda", 1 << 20),
    ):
        with pytest.raises(WrongState):
            call()


def test_without_an_agent_no_password_is_set(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    with pytest.raises(Unavailable):
        host.hypervisor.set_password(spec.uuid, "root", "secret")
    if host.lacks(Ability.INTERRUPT):
        with pytest.raises(NotHere):
            host.hypervisor.inject_nmi(spec.uuid)
    else:
        host.hypervisor.inject_nmi(spec.uuid)


def test_guests_outlive_the_agent(host: Host) -> None:
    running, paused, saved = host.spec(), host.spec(), host.spec()
    for spec in (running, paused, saved):
        host.hypervisor.start(spec)
    host.hypervisor.pause(paused.uuid)
    suspends = can_suspend(host, saved.uuid)
    if suspends:
        host.hypervisor.suspend(saved.uuid)
    host.restart_agent()
    assert host.hypervisor.states() == {
        running.uuid: GuestState.RUNNING,
        paused.uuid: GuestState.PAUSED,
        saved.uuid: GuestState.SUSPENDED if suspends else GuestState.RUNNING,
    }


def no_way(name: str) -> None:
    raise Unavailable("there is no other host here")


def test_no_move_is_under_way(host: Host) -> None:
    spec = host.spec()
    host.hypervisor.start(spec)
    for _ in range(2):
        host.hypervisor.hurry_move(spec.uuid)
        assert host.hypervisor.stop_move(spec.uuid)
        host.hypervisor.welcome(spec, paused=False)
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING
    assert not host.hypervisor.stop_move(NOBODY)
    # What is not here any more has moved.
    assert host.hypervisor.move(NOBODY, Landing("elsewhere"), no_way).done


def test_the_host_has_something(host: Host) -> None:
    inventory = host.hypervisor.inventory()
    assert inventory.hostname == "host-under-test"
    assert inventory.vcpus > 0 and inventory.memory_mib > 0 and inventory.disk_gib > 0
