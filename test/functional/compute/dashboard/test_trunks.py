"""Trunks as people make them in a browser."""

from __future__ import annotations

from typing import Any

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.surfer import DESK, PHONE, Surfer
from test.functional.compute.dashboard.visitor import Visitor


def test_a_trunk_and_its_subports(ann: Any, surfer: Surfer) -> None:
    network = ann.network.create_network(name="cable")
    parent, below = (
        ann.network.create_port(network_id=network.id, name=name)
        for name in ("parent", "below")
    )
    surfer.sign_in("ann", PASSWORD)
    surfer.go("/trunks/new")
    surfer.fill(name="bundle")
    surfer.choose("port", "parent")
    surfer.send()
    assert "bundle" in surfer.text and "No subports" in surfer.text
    surfer.click("Add a subport\u2026")
    surfer.choose("port", "below")
    surfer.fill(vlan="77")
    surfer.send()
    assert "below" in surfer.text and "77" in surfer.text
    for size in (DESK, PHONE):
        surfer.look(size)
        assert not surfer.faults()
    trunk = ann.network.find_trunk("bundle")
    assert trunk.port_id == parent.id
    assert trunk.sub_ports[0]["port_id"] == below.id
    surfer.look(DESK)
    surfer.click("Remove", within="#subports", leaves=False)
    surfer.say_yes()
    assert "No subports" in surfer.text
    surfer.click("Delete", within="#actions", leaves=False)
    surfer.say_yes()
    assert ann.network.find_trunk("bundle") is None


def test_an_administrator_takes_nobodys_ports(shown: Shown, ann: Any) -> None:
    """He sees all of them: a trunk's are those of its project."""
    network = ann.network.create_network(name="hers")
    parent, spare = (
        ann.network.create_port(network_id=network.id, name=name)
        for name in ("her-parent", "her-spare")
    )
    trunk = ann.network.create_trunk(port_id=parent.id)
    visitor = Visitor(shown.url)
    visitor.sign_in("admin", shown.cloud.place.admin_password)
    assert spare.id not in visitor.get("/trunks/new").text
    assert spare.id in visitor.get(f"/trunks/{trunk.id}/subports/new").text
