"""The agent's step: what it fetches, does and reports, on a host in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compute.network.agent import operations as do
from compute.network.agent.control import ControlPlane
from compute.network.agent.leftovers import find_leftovers, remove_leftovers
from compute.network.agent.model import Observed
from compute.network.agent.names import speed_device
from compute.network.agent.network_agent import (
    HEARTBEAT_SECONDS,
    REST_SHARE,
    NetworkAgent,
)
from compute.network.agent.settings import AgentSettings
from compute.network.agent.view_file import NAME, ViewFile
from compute.network.port_names import tap_name
from compute.network.view import HostView
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Loop, Progress
from test.fakes.control_plane import MemoryControlPlane
from test.fakes.network_host import MemoryHost
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.network.agent import views


class Lab:
    def __init__(self, directory: Path) -> None:
        self.settings = AgentSettings("host-1", directory)
        self.control = MemoryControlPlane(views.VIEW)
        self.host = MemoryHost()
        self.clock = SteppedClock()
        self.restart()

    def restart(self) -> None:
        control: ControlPlane = self.control
        self.agent = NetworkAgent(self.settings, control, self.host, self.clock)

    def settle(self) -> None:
        Loop(self.agent).once()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_ports_are_active_when_nothing_is_left_to_do(lab: Lab) -> None:
    assert lab.agent.step() is Progress.BUSY
    assert not lab.control.active_ports()
    assert lab.agent.step() is Progress.IDLE
    assert lab.control.active_ports() == {port.id for port in views.VIEW.ports}
    assert lab.control.reports[-1].revision == views.VIEW.revision


def test_the_same_is_reported_only_as_a_heart_beats(lab: Lab) -> None:
    lab.settle()
    count = len(lab.control.reports)
    lab.agent.step()
    assert len(lab.control.reports) == count
    lab.clock.advance(HEARTBEAT_SECONDS + 1)
    lab.agent.step()
    assert len(lab.control.reports) == count + 1


def test_what_fails_is_told_and_the_rest_is_done(lab: Lab) -> None:
    tap = tap_name(views.GUEST.id)
    lab.host.fails = {tap}
    lab.settle()
    # The tap's, and those of what it is to be shaped by.
    assert "4 operations failed" in lab.control.reports[-1].problem
    active = lab.control.active_ports()
    assert views.GUEST.id not in active
    assert views.OPEN_GUEST.id in active
    assert "told to fail" in lab.control.reports[-1].problem
    lab.host.fails = set()
    lab.settle()
    assert views.GUEST.id in lab.control.active_ports()
    assert lab.control.reports[-1].problem == ""


def test_rules_that_do_not_load_leave_old_ports_active(lab: Lab) -> None:
    lab.settle()
    lab.host.fails = {do.RULES}
    new = replace(views.GUEST, id="cccccccc-cccc-4000-8000-00000000000c")
    ports = (*views.VIEW.ports, new)
    lab.control.view = replace(views.VIEW, revision=4, ports=ports)
    lab.settle()
    active = lab.control.active_ports()
    assert views.GUEST.id in active and new.id not in active


def test_it_keeps_its_host_while_nobody_speaks_to_it(lab: Lab) -> None:
    lab.settle()
    lab.control.is_away = True
    lab.restart()
    lab.host.remove_link(tap_name(views.GUEST.id))
    lab.settle()
    assert tap_name(views.GUEST.id) in lab.host.observe().host.links


def test_a_new_agent_asks_for_the_view_whatever_is_on_disk(lab: Lab) -> None:
    lab.settle()
    lab.control.view = replace(views.VIEW, ports=())  # the same revision
    lab.restart()
    lab.settle()
    assert tap_name(views.GUEST.id) not in lab.host.observe().host.links


def test_without_a_view_it_touches_nothing(lab: Lab) -> None:
    lab.settle()
    lab.control.is_away = True
    (lab.settings.state_directory / NAME).write_bytes(b"{}")
    lab.restart()
    count = len(lab.host.done)
    lab.settle()
    assert len(lab.host.done) == count


def test_a_plan_that_is_undone_again_and_again_is_told(lab: Lab) -> None:
    lab.settle()
    tap = tap_name(views.GUEST.id)
    for _ in range(20):
        if tap in lab.host.observe().host.links:
            lab.host.remove_link(tap)
        if lab.agent.step() is Progress.IDLE:
            break
    assert lab.control.reports[-1].problem == f"undone again: AddLink {tap}"
    lab.settle()
    assert tap in lab.host.observe().host.links


def test_a_host_that_cannot_be_looked_at_still_has_a_heartbeat(lab: Lab) -> None:
    lab.settle()
    lab.host.is_blind = True
    lab.agent.step()
    assert lab.control.reports[-1].problem == "told to be blind"


class SlowHost(MemoryHost):
    """Looking at it takes a second."""

    clock = SteppedClock()
    looks = 0

    def observe(self) -> Observed:
        self.looks += 1
        self.clock.advance(1.0)
        return super().observe()


def test_a_big_host_is_looked_at_less_often(lab: Lab) -> None:
    slow = SlowHost()
    lab.host, lab.clock = slow, slow.clock
    lab.restart()
    lab.settle()
    assert slow.looks == 2  # one that did all, one that saw it done
    lab.settle()
    # Something else has changed in the cloud.
    lab.control.view = replace(views.VIEW, revision=9)
    lab.settle()
    assert slow.looks == 2
    lab.clock.advance(REST_SHARE)
    lab.settle()
    assert slow.looks == 3
    assert lab.control.reports[-1].revision == 9
    lab.agent.look_soon()
    lab.settle()
    assert slow.looks == 4
    lab.control.view = replace(views.VIEW, revision=10, floating_ips=())
    lab.settle()
    assert slow.looks == 6


def test_another_hosts_view_on_disk_is_of_no_use(tmp_path: Path) -> None:
    file = ViewFile(tmp_path / "new")
    assert file.load("host-1") is None
    file.save(views.VIEW)
    assert file.load("host-1") == views.VIEW
    assert file.load("host-2") is None


def test_leftovers_are_listed_and_removed(lab: Lab) -> None:
    lab.settle()
    assert find_leftovers(lab.host, lab.settings, views.VIEW) == []
    fewer = replace(
        views.VIEW,
        ports=tuple(p for p in views.VIEW.ports if p.id != views.GUEST.id),
    )
    devices = (speed_device(views.GUEST.id), tap_name(views.GUEST.id))
    expected = [(name, "a device") for name in devices]
    assert find_leftovers(lab.host, lab.settings, fewer) == expected
    assert remove_leftovers(lab.host, lab.settings, fewer) == expected
    assert find_leftovers(lab.host, lab.settings, fewer) == []
    assert remove_leftovers(lab.host, lab.settings, None)
    assert find_leftovers(lab.host, lab.settings, None) == []
    assert lab.host.observe().host.links.keys() == {"lo"}


def test_a_leftover_that_stays_is_told(lab: Lab) -> None:
    lab.settle()
    lab.host.fails = {tap_name(views.GUEST.id)}
    with pytest.raises(Unavailable, match="1 leftovers stay"):
        remove_leftovers(lab.host, lab.settings, HostView("host-1", 9))
