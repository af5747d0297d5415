"""Who may do what: the personas of scoped tokens, on every collection.

Members and managers of a project do as they like with what is its own, its readers
look; others see nothing of it. Readers of the system see all and change nothing,
administrators do everything, and a token of a domain opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from test.unit.compute.network.house import OTHER, OWNER, House
from test.unit.compute.network.test_scopes import ScopedTokens

NEW: dict[str, dict[str, Any]] = {
    "network": {},
    "subnet": {"cidr": "10.44.0.0/24", "ip_version": 4},
    "port": {},
    "router": {},
    "floatingip": {},
    "security_group": {"name": "g"},
    "security_group_rule": {"direction": "ingress", "protocol": "tcp"},
    "subnetpool": {"name": "p", "prefixes": ["10.60.0.0/16"]},
    "address_scope": {"name": "s", "ip_version": 4},
    "address_group": {"name": "a"},
    "trunk": {},
    "rbac_policy": {
        "object_type": "network",
        "action": "access_as_shared",
        "target_tenant": OTHER,
    },
}
CHANGES = {"rbac_policy": {"target_tenant": "c" * 32}}

# Who, and what comes of: look, change, take away.
PERSONAS = {
    "owner's admin": (OWNER, "admin", (200, 200, 204)),
    "owner's manager": (OWNER, "manager,member,reader", (200, 200, 204)),
    "owner's member": (OWNER, "member", (200, 200, 204)),
    "owner's reader": (OWNER, "reader", (200, 403, 403)),
    "owner without a role": (OWNER, "nothing", (200, 403, 403)),
    "other's admin": (OTHER, "admin", (200, 200, 204)),
    "other's member": (OTHER, "member", (404, 404, 404)),
    "other's reader": (OTHER, "reader", (404, 404, 404)),
    "system's admin": ("system", "admin", (200, 200, 204)),
    "system's member": ("system", "member", (200, 403, 403)),
    "system's reader": ("system", "reader", (200, 403, 403)),
    "domain's admin": ("domain", "admin", (403, 403, 403)),
    "domain's member": ("domain", "member", (403, 403, 403)),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House(
        tmp_path_factory.mktemp("house"),
        tokens=ScopedTokens(),
        quota_security_group=-1,
        quota_router=-1,
        quota_rbac_policy=-1,
    )
    yield found
    found.close()


def values_of(house: House, kind: str) -> dict[str, Any]:
    """What a new one says, with what it stands on."""
    found = dict(NEW[kind])
    if kind in ("subnet", "port", "rbac_policy"):
        network = house.make("network")["id"]
        found["object_id" if kind == "rbac_policy" else "network_id"] = network
    elif kind == "trunk":
        network = house.make("network")["id"]
        found["port_id"] = house.make("port", network_id=network)["id"]
    elif kind == "floatingip":
        found["floating_network_id"] = house.external()["id"]
    elif kind == "security_group_rule":
        found["security_group_id"] = house.make("security_group", name="g")["id"]
    return found


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("kind", NEW)
def test_what_is_there(house: House, kind: str, persona: str) -> None:
    project, roles, expected = PERSONAS[persona]
    made = house.make(kind, **values_of(house, kind))["id"]
    who = {"project": project, "roles": roles}
    path = f"/v2.0/{plural_path(kind)}/{made}"
    change = {kind: CHANGES.get(kind, {"description": "x"})}
    if kind == "address_scope":
        change = {kind: {"name": "x"}}
    got = (
        house.ask("GET", path, **who).status,
        house.ask("PUT", path, change, **who).status,
        house.ask("DELETE", path, **who).status,
    )
    assert got == expected


def test_a_page_does_not_begin_at_what_is_not_seen(house: House) -> None:
    """Or it would tell that it is there."""
    theirs = house.make("network")["id"]
    other = {"project": OTHER, "roles": "member"}
    for marker, status in ((theirs, 400), ("0" * 36, 400)):
        got = house.ask("GET", f"/v2.0/networks?marker={marker}", **other)
        assert got.status == status
    assert house.ask("GET", f"/v2.0/networks?marker={theirs}").status == 200


def plural_path(kind: str) -> str:
    return {
        "rbac_policy": "rbac-policies",
        "security_group": "security-groups",
        "security_group_rule": "security-group-rules",
        "address_scope": "address-scopes",
        "address_group": "address-groups",
    }.get(kind, f"{kind}s")


@pytest.mark.parametrize(
    ("project", "roles", "status"),
    [
        (OWNER, "member", 201),
        (OWNER, "manager,member,reader", 201),
        (OWNER, "reader", 403),
        (OWNER, "nothing", 403),
        ("system", "reader", 403),
        # What nobody owns nobody would ever see: it is made in a project's name.
        ("system", "admin", 400),
        ("domain", "admin", 403),
    ],
)
@pytest.mark.parametrize("kind", NEW)
def test_who_makes_things(
    house: House, kind: str, project: str, roles: str, status: int
) -> None:
    path = f"/v2.0/{plural_path(kind)}"
    values = values_of(house, kind)
    got = house.ask("POST", path, {kind: values}, project=project, roles=roles)
    assert got.status == status, got.body
    if status == 400:
        values["project_id"] = OWNER
        got = house.ask("POST", path, {kind: values}, project=project, roles=roles)
        assert got.status == 201, got.body
        assert got.json[kind]["project_id"] == OWNER
    elif status == 201:
        # For others only administrators make things.
        values = {**values_of(house, kind), "project_id": OTHER}
        got = house.ask("POST", path, {kind: values}, project=project, roles=roles)
        assert got.status in (403, 404), got.body
    if got.status == 201:
        house.ask("DELETE", f"{path}/{got.json[kind]['id']}", roles="admin")
