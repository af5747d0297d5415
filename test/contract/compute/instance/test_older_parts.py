"""What the oldest versions could, and what it does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compute.instance.api.audit_log import month_before
from test.unit.compute.instance.house import House

OLD = "2.1"


def addresses(house: House, server_id: str) -> list[str]:
    found = house.ok("GET", f"/servers/{server_id}/ips")["addresses"]
    return [each["addr"] for each in found["private"]]


def test_one_address_more_and_one_less(house: House) -> None:
    server_id = house.boot()
    (first,) = addresses(house, server_id)
    network = {"networkId": house.network_id}
    assert house.act(server_id, "addFixedIp", network).status == 404  # 2.96
    assert house.act(server_id, "addFixedIp", network, version=OLD).status == 202
    both = addresses(house, server_id)
    assert len(both) == 2 and first in both
    for version, status in (("2.44", 404), ("2.43", 202), ("2.43", 400)):
        got = house.act(server_id, "removeFixedIp", {"address": first}, version=version)
        assert got.status == status, got.body
    assert first not in addresses(house, server_id)
    elsewhere = house.act(server_id, "addFixedIp", {"networkId": "1"}, version=OLD)
    assert elsewhere.status == 404


@pytest.mark.parametrize(("version", "status"), [("2.55", 202), ("2.56", 400)])
def test_what_migrate_is_told_is_ignored_until_it_may_be(
    house: House, version: str, status: int
) -> None:
    server_id = house.boot()
    told = {"host": "nowhere", "colour": "red"}
    got = house.act(server_id, "migrate", told, roles="admin", version=version)
    assert got.status == status, got.body


def test_older_hosts(house: House) -> None:
    server_id = house.boot()
    name = house.show(server_id)["OS-EXT-SRV-ATTR:host"]
    listed = house.ok("GET", "/os-hosts", roles="admin", version=OLD)["hosts"]
    assert {each["host_name"] for each in listed} == set(house.kits)
    shown = house.ok("GET", f"/os-hosts/{name}", roles="admin", version=OLD)["host"]
    by_project = {each["resource"]["project"]: each["resource"] for each in shown}
    assert by_project["(used_max)"]["memory_mb"] == 512
    assert by_project["(used_now)"]["cpu"] == 1
    assert len(by_project) == 4
    off = {"status": "Disable "}
    path = f"/os-hosts/{name}"
    told = house.ok("PUT", path, off, roles="admin", version=OLD)
    assert told == {"host": name, "status": "disabled"}
    listed = house.ok("GET", "/os-hosts", roles="admin", version=OLD)["hosts"]
    assert name not in {each["host_name"] for each in listed}
    for body, status in (({"maintenance_mode": "enable"}, 501), ({}, 400)):
        got = house.ask("PUT", path, body, roles="admin", version=OLD)
        assert got.status == status
    assert house.ask("GET", "/os-hosts", version=OLD).status == 403
    nobody = house.ask("GET", "/os-hosts/nobody", roles="admin", version=OLD)
    assert nobody.status == 404


def test_the_month_that_has_ended() -> None:
    begin, end = month_before(datetime(2026, 1, 15, 12, tzinfo=UTC))
    assert (begin, end) == (
        datetime(2025, 12, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_security_groups_need_a_port(house: House) -> None:
    server_id = house.boot(networks="none")
    group = {"name": "default"}
    for action in ("addSecurityGroup", "removeSecurityGroup"):
        assert house.act(server_id, action, group).status == 404
