"""Agents and control planes of this release and of the one before, together."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest

from compute.network.agent.over_http import HttpControlPlane
from compute.network.client import NetworkClient, NewPort
from compute.network.quality import PacketRate, Quality
from compute.network.report import AgentReport
from compute.network.view import FloatingQuality, HostView, Port, Router
from compute.network.view_meters import Meter
from compute.network.view_versions import OLDEST_VERSION, VERSIONS, VIEW_VERSION
from compute.network.view_wire import Untold, decode_view, encode_report, encode_view
from objectstore.kernel.errors import Corrupt
from test.unit.compute.network.house import HOST, OWNER, Got, House


def asked_by_an_agent_of_before(house: House) -> Got:
    """It says no version."""
    path = f"/internal/hosts/{HOST}/view?since=-1"
    return house.ask("GET", path, roles="service")


def furnish(house: House) -> str:
    """A guest on the host, whose subnet is answered."""
    network, subnet = house.network()
    house.client.create_ports(OWNER, [NewPort(network["id"], host=HOST)])
    return str(subnet["id"])


def told(house: House, **fields: Any) -> Got:
    house.change("subnet", furnish(house), **fields)
    return asked_by_an_agent_of_before(house)


def test_an_agent_of_before_is_answered_in_its_words(house: House) -> None:
    furnish(house)
    got = asked_by_an_agent_of_before(house)
    assert got.json["version"] == OLDEST_VERSION
    (network,) = got.json["value"]["networks"]
    assert "packet_rules" not in network["subnets"][0]
    assert all("egress_packets" not in p["quality"] for p in got.json["value"]["ports"])
    for version in VERSIONS:
        path = f"/internal/hosts/{HOST}/view?since=-1&version={version}"
        got = house.ask("GET", path, roles="service")
        assert got.json["version"] == version
        assert decode_view(got.body) == house.view()


def test_what_a_version_has_not() -> None:
    slow = Quality(egress_packets=PacketRate(1))
    trunk = Port("p", "n", "m", trunk_port_id="t", vlan=7)
    views = (
        (HostView(HOST, 1, ports=(trunk,)), {8, 9}),
        (HostView(HOST, 1, ports=(Port("p", "n", "m", quality=slow),)), {9}),
        (HostView(HOST, 1, floating_qualities=(FloatingQuality("r", "a", slow),)), {9}),
    )
    for view, expected in views:
        told = set()
        for version in VERSIONS:
            with contextlib.suppress(Untold):
                assert decode_view(encode_view(view, version)) == view
                told.add(version)
        assert told == expected


def test_an_agent_of_before_has_its_view_without_counting() -> None:
    router = Router("r", meters=(Meter("label", "project"),))
    view = HostView(HOST, 1, routers=(router,))
    for version in VERSIONS:
        found = decode_view(encode_view(view, version))
        assert bool(found.routers[0].meters) == (version >= 9)


@pytest.mark.parametrize(
    "fields",
    [
        {"packet_rules": [{"direction": "ingress", "action": "deny"}]},
        {"packet_rules": []},
        {"ntp_servers": ["192.0.2.1"]},
    ],
)
def test_what_it_would_not_keep_it_is_not_told(
    house: House, fields: dict[str, Any]
) -> None:
    got = told(house, **fields)
    assert (got.status, got.error) == (409, "AgentOutdated")
    (name,) = fields
    assert f"which has no {name} in its views" in got.json["NeutronError"]["message"]


def test_operators_hear_of_it(house: House) -> None:
    """The agent reports in its version, with what kept it from its view."""
    problem = "no view from the control plane: 409 of the release before"
    report = AgentReport(HOST, 3, problem=problem)
    house.client.report(HOST, encode_report(report, OLDEST_VERSION))
    (agent,) = house.list("agent", roles="admin")
    assert agent["alive"]
    assert agent["configurations"]["problem"] == problem


def test_reports_of_older_agents_are_refused(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    report = encode_report(AgentReport(HOST, 3), OLDEST_VERSION - 1)
    for _ in range(2):
        with pytest.raises(Exception, match="version 6 is not 7 or 8 or 9"):
            house.client.report(HOST, report)
    assert caplog.text.count(f"network agent of {HOST}") == 1


class OfBefore(NetworkClient):
    """A control plane of the release before: it reads no other version."""

    def __init__(self, view: bytes) -> None:
        self._view = view
        self.heard: list[int] = []

    def host_view(self, host: str, since: int = -1) -> bytes | None:
        return self._view

    def report(self, host: str, report: bytes) -> None:
        self.heard.append(orjson.loads(report)["version"])


def test_our_agent_speaks_as_it_is_spoken_to(house: House) -> None:
    furnish(house)
    before = OfBefore(asked_by_an_agent_of_before(house).body)
    control = HttpControlPlane(before)
    control.report(AgentReport(HOST, -1))
    assert control.fetch(HOST, -1) == house.view()
    control.report(AgentReport(HOST, 1))
    assert before.heard == [VIEW_VERSION, OLDEST_VERSION]


def test_a_broken_view_of_before_is_corrupt() -> None:
    for value in ({}, {"networks": 3}, [], None, {"networks": [{"subnets": [1]}]}):
        with pytest.raises(Corrupt):
            decode_view(orjson.dumps({"version": OLDEST_VERSION, "value": value}))
