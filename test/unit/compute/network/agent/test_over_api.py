"""The agent against the network room's API: what users ask for becomes desired."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.network.agent.names import dhcp_namespace, router_namespace
from compute.network.agent.network_agent import NetworkAgent
from compute.network.agent.over_http import HttpControlPlane
from compute.network.agent.settings import AgentSettings
from compute.network.client import NewPort
from compute.network.frame.work import TOPIC_HOST
from compute.network.port_names import tap_name
from compute.network.view import WAKE_TOPIC_PREFIX
from objectstore.kernel.loop import Loop
from test.fakes.network_host import MemoryHost
from test.unit.compute.network.house import HOST, OWNER, House


class Lab:
    def __init__(self, directory: Path) -> None:
        self.house = House(directory)
        self.host = MemoryHost()
        self.agent = NetworkAgent(
            AgentSettings(HOST, directory / "agent"),
            HttpControlPlane(self.house.client),
            self.host,
            self.house.clock,
        )
        self.settle()

    def settle(self) -> None:
        Loop(self.agent).once()

    def guest(self) -> tuple[str, str]:
        """A port for a server on the project's own network; both ids."""
        network = self.house.client.default_network(OWNER)
        new = NewPort(network.id, device_id="server", host=HOST, dns_name="web")
        (port,) = self.house.client.create_ports(OWNER, [new])
        return network.id, port.id


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.house.close()


def test_the_topic_is_the_same_on_both_sides() -> None:
    assert TOPIC_HOST == WAKE_TOPIC_PREFIX


def test_a_port_becomes_active(lab: Lab) -> None:
    network_id, port_id = lab.guest()
    assert lab.house.show("port", port_id)["status"] == "DOWN"
    lab.settle()
    assert lab.house.show("port", port_id)["status"] == "ACTIVE"
    assert tap_name(port_id) in lab.host.observe().host.links
    assert dhcp_namespace(network_id) in lab.host.processes


def test_its_router_and_floating_address_too(lab: Lab) -> None:
    _, port_id = lab.guest()
    lab.settle()
    external = lab.house.external()
    floating = lab.house.make(
        "floatingip", floating_network_id=external["id"], port_id=port_id
    )
    lab.settle()
    name = router_namespace(floating["router_id"])
    assert lab.host.namespaces[name].floating == {
        floating["floating_ip_address"]: floating["fixed_ip_address"]
    }
    assert lab.house.show("floatingip", floating["id"])["status"] == "ACTIVE"


def test_what_is_deleted_goes(lab: Lab) -> None:
    network_id, port_id = lab.guest()
    lab.settle()
    lab.house.client.delete_port(port_id)
    lab.settle()
    assert tap_name(port_id) not in lab.host.observe().host.links
    assert dhcp_namespace(network_id) not in lab.host.namespaces
    assert not lab.host.processes
