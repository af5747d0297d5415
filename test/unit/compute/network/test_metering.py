"""Meters: labels, their rules, and which hosts are told."""

from __future__ import annotations

from typing import Any

import pytest

from compute.network.metering import labels
from compute.network.metering.rules import RULES_MAX
from compute.network.view import Direction
from compute.network.view_meters import Meter, MeterRule
from test.unit.compute.network.house import HOST, OTHER, OWNER, Got, House

LABELS = "/v2.0/metering/metering-labels"
RULES = "/v2.0/metering/metering-label-rules"
ADMIN = {"roles": "admin"}


def label(house: House, name: str = "m", **fields: Any) -> str:
    body = {"metering_label": {"name": name, **fields}}
    return str(house.ok("POST", LABELS, body, **ADMIN)["metering_label"]["id"])


def asked_for_rule(house: House, label_id: str, **fields: Any) -> Got:
    body = {"metering_label_rule": {"metering_label_id": label_id, **fields}}
    return house.ask("POST", RULES, body, **ADMIN)


def rule(house: House, label_id: str, **fields: Any) -> Any:
    got = asked_for_rule(house, label_id, **fields)
    assert got.status == 201, got.body
    return got.json["metering_label_rule"]


def routed(house: House, project: str = OWNER) -> str:
    """A router there, on the host."""
    house.report(HOST)
    way = {"network_id": house.external()["id"]}
    made = house.make("router", external_gateway_info=way, as_project=project)
    return str(made["id"])


def told(house: House, router: str) -> tuple[Meter, ...]:
    (found,) = (each for each in house.view().routers if each.id == router)
    return found.meters


def test_a_meter_lives(house: House) -> None:
    router, label_id = routed(house), label(house, description="outside")
    made = rule(house, label_id, remote_ip_prefix="10.1.0.0/24")
    assert made == {
        "id": made["id"],
        "project_id": OWNER,
        "tenant_id": OWNER,
        "metering_label_id": label_id,
        "direction": "ingress",
        "excluded": False,
        "remote_ip_prefix": "10.1.0.0/24",
        "source_ip_prefix": None,
        "destination_ip_prefix": None,
    }
    rule(house, label_id, direction="egress", remote_ip_prefix="10.2.0.0/24")
    sides = {"source_ip_prefix": "10.0.0.0/8", "destination_ip_prefix": "8.8.8.8/32"}
    rule(house, label_id, direction="egress", excluded=True, **sides)
    wanted = (
        # As Neutron reads it, against its name: the addresses inside.
        MeterRule(Direction.INGRESS, destination="10.1.0.0/24"),
        MeterRule(Direction.EGRESS, source="10.2.0.0/24"),
        MeterRule(Direction.EGRESS, True, "10.0.0.0/8", "8.8.8.8/32"),
    )
    (meter,) = told(house, router)
    assert (meter.label_id, meter.project_id) == (label_id, OWNER)
    assert set(meter.rules) == set(wanted)
    house.listen(f"network.host.{HOST}")
    assert house.ask("DELETE", f"{RULES}/{made['id']}", **ADMIN).status == 204
    assert house.woken == [f"network.host.{HOST}"]
    assert set(told(house, router)[0].rules) == set(wanted[1:])
    assert house.ok("GET", LABELS, name="m")["metering_labels"][0]["id"] == label_id
    assert len(house.ok("GET", RULES, direction="egress")["metering_label_rules"]) == 2
    assert house.ask("DELETE", f"{LABELS}/{label_id}", **ADMIN).status == 204
    assert told(house, router) == ()
    assert house.ok("GET", RULES)["metering_label_rules"] == []


def test_whose_routers_count(house: House) -> None:
    mine, theirs = routed(house), routed(house, OTHER)
    own, shared = label(house, "own"), label(house, "all", shared=True)
    for each in (own, shared):
        rule(house, each, remote_ip_prefix="0.0.0.0/0")
    assert {each.label_id for each in told(house, mine)} == {own, shared}
    assert {each.label_id for each in told(house, theirs)} == {shared}
    assert {each.project_id for each in told(house, theirs)} == {OWNER}
    seen = house.ok("GET", LABELS, project=OTHER)["metering_labels"]
    assert [each["id"] for each in seen] == [shared]
    assert house.ask("GET", f"{LABELS}/{own}", project=OTHER).status == 404
    assert house.ask("GET", f"{LABELS}/{own}").status == 200


def test_only_administrators_make_meters(house: House) -> None:
    label_id = label(house)
    made = rule(house, label_id, remote_ip_prefix="10.0.0.0/8")
    new = {"metering_label_id": label_id, "remote_ip_prefix": "10.0.0.0/8"}
    for method, path, body in (
        ("POST", LABELS, {"metering_label": {"name": "x"}}),
        ("POST", RULES, {"metering_label_rule": new}),
        ("DELETE", f"{RULES}/{made['id']}", None),
        ("DELETE", f"{LABELS}/{label_id}", None),
    ):
        assert house.ask(method, path, body).status == 403, (method, path)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"remote_ip_prefix": "10.0.0.0/33"},
        {"remote_ip_prefix": "10.0.0.0/8; flush ruleset"},
        {"remote_ip_prefix": "10.0.0.0/8", "source_ip_prefix": "10.0.0.0/8"},
        {"source_ip_prefix": "10.0.0.0/8", "destination_ip_prefix": "2001:db8::/32"},
        {"remote_ip_prefix": "10.0.0.0/8", "direction": "any"},
        {"remote_ip_prefix": "10.0.0.0/8", "excluded": "perhaps"},
    ],
)
def test_rules_that_would_mean_nothing(house: House, fields: dict[str, Any]) -> None:
    assert asked_for_rule(house, label(house), **fields).status == 400


def test_no_remote_address_counts_twice(house: House) -> None:
    label_id = label(house)
    rule(house, label_id, remote_ip_prefix="10.0.0.0/24")
    got = asked_for_rule(house, label_id, remote_ip_prefix="10.0.0.0/16")
    assert (got.status, got.error) == (409, "MeteringLabelRuleOverlaps")
    rule(house, label_id, remote_ip_prefix="10.0.0.0/16", direction="egress")
    rule(house, label_id, remote_ip_prefix="10.0.0.0/28", excluded=True)
    rule(house, label(house), remote_ip_prefix="10.0.0.0/16")
    nobody = "00000000-0000-4000-8000-000000000000"
    got = asked_for_rule(house, nobody, remote_ip_prefix="10.0.0.0/16")
    assert (got.status, got.error) == (404, "MeteringLabelNotFound")


def test_there_is_an_end_to_meters(house: House) -> None:
    label_id = label(house)
    for number in range(RULES_MAX):
        prefix = f"10.{number}.0.0/16"
        assert asked_for_rule(house, label_id, remote_ip_prefix=prefix).status == 201
    got = asked_for_rule(house, label_id, remote_ip_prefix="192.0.2.0/24")
    assert (got.status, got.error) == (409, "MeteringLabelRuleLimit")
    for _ in range(labels.LABELS_MAX - 1):
        label(house)
    body = {"metering_label": {"name": "one too many"}}
    assert house.ask("POST", LABELS, body, **ADMIN).status == 409
