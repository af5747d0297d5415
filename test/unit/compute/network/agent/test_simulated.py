"""Network agents of simulated hosts: what they tell, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compute.network.agent.network_agent import HEARTBEAT_SECONDS
from compute.network.agent.simulated import SimulatedAgent
from objectstore.kernel.errors import Unavailable
from test.fakes.control_plane import MemoryControlPlane
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.network.agent import views


def test_every_port_that_is_to_be_up_is_active_at_once() -> None:
    first, *others = views.VIEW.ports
    view = replace(views.VIEW, ports=(replace(first, admin_up=False), *others))
    control = MemoryControlPlane(view)
    SimulatedAgent(view.host, control, SteppedClock()).step()
    assert control.active_ports() == {port.id for port in others}
    assert control.reports[-1].revision == view.revision


def test_the_same_is_told_only_as_often_as_a_heart_beats() -> None:
    control, clock = MemoryControlPlane(views.VIEW), SteppedClock()
    agent = SimulatedAgent(views.VIEW.host, control, clock)
    agent.step()
    agent.step()
    assert len(control.reports) == 1
    clock.advance(HEARTBEAT_SECONDS)
    agent.step()
    assert len(control.reports) == 2


def test_a_newer_view_is_told_of() -> None:
    control = MemoryControlPlane(views.VIEW)
    agent = SimulatedAgent(views.VIEW.host, control, SteppedClock())
    agent.step()
    revision = views.VIEW.revision + 1
    control.view = replace(views.VIEW, revision=revision, ports=())
    agent.step()
    assert control.reports[-1].revision == revision
    assert not control.active_ports()


def test_what_nobody_heard_is_told_again() -> None:
    control = MemoryControlPlane(views.VIEW)
    agent = SimulatedAgent(views.VIEW.host, control, SteppedClock())
    control.is_away = True
    with pytest.raises(Unavailable):
        agent.step()
    control.is_away = False
    agent.step()
    assert len(control.reports) == 1
