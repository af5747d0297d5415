"""The agent's step: what it tells and when, and what it does while nobody answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import pytest

from compute.balancer.agent.balancer_agent import (
    HEARTBEAT_SECONDS,
    KEYS_PAUSES,
    KEYS_SECONDS,
    BalancerAgent,
)
from compute.balancer.agent.outcome import Outcome
from compute.balancer.agent.serving import SimServing
from compute.balancer.agent.statistics import Figures
from compute.balancer.client import BalancerClient
from compute.balancer.counters import Traffic
from compute.balancer.view import Keys, Report, Served
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST

SERVED = Served("b", 4, "10.0.0.1", "frontend l\n  server m 10.0.0.2:80 check\n")


class FakeClient(BalancerClient):
    """A room that answers from memory; ``is_away``: not at all."""

    def __init__(self, *served: Served) -> None:
        self.served = list(served)
        self.reports: list[list[Report]] = []
        self.is_away = False

    def host_view(self, host: str) -> list[Served]:
        if self.is_away:
            raise Unavailable("told to be away")
        return list(self.served)

    def report(self, host: str, problem: str, reports: Sequence[Report]) -> None:
        if self.is_away:
            raise Unavailable("told to be away")
        self.reports.append(list(reports))


class FakeServing(SimServing):
    """Serves as it is told to."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.asked: list[list[Served]] = []

    def serve(
        self, wanted: Sequence[Served], keys: Mapping[str, Keys]
    ) -> dict[str, Outcome]:
        self.asked.append(list(wanted))
        return {each.balancer_id: self.outcome for each in wanted}


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


def test_the_same_is_told_once_in_a_heartbeat(clock: SteppedClock) -> None:
    client = FakeClient(SERVED)
    agent = BalancerAgent(HOST, client, SimServing(), clock)
    assert agent.step() is Progress.IDLE
    agent.step()
    (told,) = client.reports
    traffic = {"l": Traffic()}
    assert told == [Report("b", 4, "", "simulated", {"m": ["UP"]}, traffic)]
    clock.advance(HEARTBEAT_SECONDS)
    agent.step()
    assert len(client.reports) == 2


def test_a_process_that_was_replaced_tells_its_last(clock: SteppedClock) -> None:
    last = ("old", Figures({}, {"l": Traffic(0, 9, 9, 0, 9)}))
    serving = FakeServing(Outcome(process="new", last=last))
    client = FakeClient(SERVED)
    BalancerAgent(HOST, client, serving, clock).step()
    (told,) = client.reports
    assert [(each.process, each.generation) for each in told] == [
        ("old", 3),
        ("new", 4),
    ]


def test_what_is_refused_is_told_and_what_waits_is_not(clock: SteppedClock) -> None:
    serving, client = FakeServing(Outcome(refused="no such thing")), FakeClient(SERVED)
    agent = BalancerAgent(HOST, client, serving, clock)
    agent.step()
    (told,) = client.reports[0]
    assert (told.error, told.generation) == ("no such thing", 3)
    serving.outcome = Outcome(is_waiting=True)
    assert agent.step() is Progress.THROTTLED
    assert client.reports[-1] == []


def test_while_nobody_answers_it_serves_on(clock: SteppedClock) -> None:
    serving, client = FakeServing(Outcome(process="p")), FakeClient(SERVED)
    client.is_away = True
    agent = BalancerAgent(HOST, client, serving, clock)
    agent.step()
    assert serving.asked == []  # nobody knows what should be: nothing is ended
    client.is_away = False
    agent.step()
    client.is_away = True
    agent.step()
    assert serving.asked == [[SERVED], [SERVED]]


def test_nobody_waits_for_another_ones_keys(clock: SteppedClock) -> None:
    class SlowClient(FakeClient):
        asked: ClassVar[list[str]] = []

        def keys(self, host: str, balancer_id: str) -> Keys:
            self.asked.append(balancer_id)
            if balancer_id == "slow":
                clock.advance(KEYS_SECONDS)
                raise Unavailable("told to be slow")
            return Keys()

    served = [replace(SERVED, balancer_id=name) for name in ("slow", "quick")]
    client = SlowClient(*served)
    waiting = Outcome(is_waiting=True, lacks_keys=True)
    agent = BalancerAgent(HOST, client, FakeServing(waiting), clock)
    agent.step()
    agent.step()
    assert client.asked == ["slow", "quick"]
    clock.advance(KEYS_PAUSES * KEYS_SECONDS)
    agent.step()
    assert client.asked == ["slow", "quick", "quick", "slow"]


def test_with_the_room(house: House) -> None:
    body = {"vip_subnet_id": house.subnet["id"]}
    made = house.ok("POST", "/loadbalancers", {"loadbalancer": body})["loadbalancer"]
    agent = BalancerAgent(HOST, house.client, SimServing(), house.clock)
    house.loop.once()
    agent.step()
    house.loop.once()
    path = f"loadbalancers/{made['id']}"
    assert house.show(path, "loadbalancer")["provisioning_status"] == "ACTIVE"
    house.ok("PUT", f"/{path}", {"loadbalancer": {"vip_qos_policy_id": None}})


def test_a_policy_that_is_not_there_changes_nothing(house: House) -> None:
    balancer = house.balancer()
    path = f"loadbalancers/{balancer['id']}"
    body = {"loadbalancer": {"vip_qos_policy_id": balancer["id"], "name": "n"}}
    assert house.ask("PUT", f"/{path}", body).status in (400, 404)
    found = house.show(path, "loadbalancer")
    assert (found["name"], found["provisioning_status"]) == ("lb", "ACTIVE")
    assert found["vip_qos_policy_id"] is None
