"""Wake-up calls on both buses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compute.core.amqp_bus import AmqpBus
from compute.core.bus import Bus, InProcessBus
from objectstore.kernel import concurrency
from test.functional.harness.ports import free_ports
from test.servers.rabbitmq import rabbitmq

WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with rabbitmq() as url:
        yield url


@pytest.fixture(params=["in process", "amqp"])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    made: Bus
    if request.param == "amqp":
        made = AmqpBus(request.getfixturevalue("broker"))
        _wait_connected(made)
    else:
        made = InProcessBus()
    yield made
    made.close()


def _wait_connected(bus: AmqpBus) -> None:
    with concurrency.deadline(WAIT_SECONDS):
        while not bus.connected.is_set():
            concurrency.sleep(0.05)


class Heard:
    """Remembers messages and lets a test wait for them."""

    def __init__(self) -> None:
        self.messages: list[object] = []
        self._event = concurrency.Event()

    def __call__(self, message: object) -> None:
        self.messages.append(message)
        self._event.set()

    def wait(self, count: int) -> None:
        with concurrency.deadline(WAIT_SECONDS):
            while len(self.messages) < count:
                self._event.clear()
                self._event.wait()


def test_every_listener_of_a_topic_hears(bus: Bus) -> None:
    one, two, other = Heard(), Heard(), Heard()
    bus.subscribe("host.a", one)
    bus.subscribe("host.a", two)
    bus.subscribe("host.b", other)
    bus.publish("host.a", {"n": 1})
    bus.publish("host.a")
    one.wait(2)
    two.wait(2)
    assert one.messages == two.messages == [{"n": 1}, {}]
    assert other.messages == []


def test_a_listener_that_fails_keeps_nobody_from_hearing(bus: Bus) -> None:
    def fail(message: object) -> None:
        raise ValueError("on purpose")

    heard = Heard()
    bus.subscribe("t", fail)
    bus.subscribe("t", heard)
    bus.publish("t", {})
    bus.publish("t", {})
    heard.wait(2)


def test_who_has_left_hears_nothing(bus: Bus) -> None:
    left, stayed = Heard(), Heard()
    leave = bus.subscribe("t", left)
    bus.subscribe("t", stayed)
    leave()
    bus.publish("t")
    stayed.wait(1)
    assert left.messages == []


def test_a_broker_that_comes_back_is_used_again() -> None:
    (port,) = free_ports(1)
    heard = Heard()
    with rabbitmq(port) as url:
        bus = AmqpBus(url)
        bus.subscribe("t", heard)
        _wait_connected(bus)
        bus.publish("t")
        heard.wait(1)
    with concurrency.deadline(WAIT_SECONDS):
        while bus.connected.is_set():
            concurrency.sleep(0.05)
    with rabbitmq(port):
        _wait_connected(bus)
        with concurrency.deadline(WAIT_SECONDS):
            while len(heard.messages) < 2:  # the first may go to the old connection
                bus.publish("t")
                concurrency.sleep(0.2)
    bus.close()
