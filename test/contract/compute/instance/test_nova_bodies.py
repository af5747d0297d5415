"""Which bodies each microversion takes, and which it refuses: facts of Nova's schemas.

A row is an order, a change to it (``...`` takes the key away), and the versions, first
and last, in which the changed one is taken; in all others, and in those just outside,
it is refused with 400.  ``NEVER``: in none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from test.unit.compute.instance.house import OWNER, House
from test.unit.compute.instance.states import UNLIMITED

NEWEST = 96
EVER, NEVER = (1, NEWEST), (0, 0)
UUID = "12345678-1234-1234-1234-123456789012"
Row = tuple[str, Mapping[str, Any], tuple[int, int]]

SERVERS: tuple[Row, ...] = (
    ("server", {}, EVER),
    ("server", {"networks": ...}, (1, 36)),
    ("server", {"networks": "auto"}, (37, NEWEST)),
    ("server", {"networks": "none"}, (37, NEWEST)),
    ("server", {"networks": "some"}, NEVER),
    ("server", {"networks": [{"uuid": "x"}]}, NEVER),
    ("server", {"networks": [{"colour": "red"}]}, NEVER),
    ("server", {"name": ""}, NEVER),
    ("server", {"name": "a" * 255}, EVER),
    ("server", {"name": "a" * 256}, NEVER),
    ("server", {"name": 7}, NEVER),
    ("server", {"name": ...}, NEVER),
    ("server", {"flavorRef": ...}, NEVER),
    ("server", {"flavorRef": None}, NEVER),
    ("server", {"colour": "red"}, NEVER),
    ("server", {"description": "x"}, (19, NEWEST)),
    ("server", {"description": None}, (19, NEWEST)),
    ("server", {"description": "a" * 256}, NEVER),
    ("server", {"tags": ["a"]}, (52, NEWEST)),
    ("server", {"tags": ["a,b"]}, NEVER),
    ("server", {"tags": ["a"] * 51}, NEVER),
    ("server", {"tags": ["a" * 61]}, NEVER),
    ("server", {"personality": []}, (1, 56)),
    ("server", {"hostname": "web"}, (90, NEWEST)),
    ("server", {"hostname": "web.example.org"}, (94, NEWEST)),
    ("server", {"hostname": "-web"}, NEVER),
    ("server", {"hostname": "a" * 64}, (94, NEWEST)),
    ("server", {"trusted_image_certificates": None}, (63, NEWEST)),
    ("server", {"trusted_image_certificates": []}, NEVER),
    ("server", {"trusted_image_certificates": "x"}, NEVER),
    ("server", {"user_data": "aGVsbG8="}, EVER),
    ("server", {"user_data": None}, NEVER),
    ("server", {"user_data": "no base64!"}, NEVER),
    ("server", {"user_data": "A" * 65536}, NEVER),
    ("server", {"config_drive": True}, EVER),
    ("server", {"config_drive": "yes"}, EVER),
    ("server", {"config_drive": 7}, NEVER),
    ("server", {"config_drive": None}, NEVER),
    ("server", {"metadata": {"a": "b"}}, EVER),
    ("server", {"metadata": {"a": 1}}, NEVER),
    ("server", {"metadata": {"a": "b" * 256}}, NEVER),
    ("server", {"metadata": {"a" * 256: "b"}}, NEVER),
    ("server", {"metadata": None}, NEVER),
    ("server", {"min_count": 1, "max_count": "1"}, EVER),
    ("server", {"min_count": 0}, NEVER),
    ("server", {"min_count": 2, "max_count": 1}, NEVER),
    ("server", {"min_count": "x"}, NEVER),
    ("server", {"accessIPv4": "1.2.3.4", "accessIPv6": "fe80::1"}, EVER),
    ("server", {"accessIPv4": "1.2.3.400"}, NEVER),
    ("server", {"accessIPv6": "1.2.3.4"}, NEVER),
    ("server", {"OS-DCF:diskConfig": "AUTO"}, EVER),
    ("server", {"OS-DCF:diskConfig": "auto"}, NEVER),
    ("server", {"security_groups": [{"name": "default"}]}, EVER),
    ("server", {"security_groups": [{"name": ""}]}, NEVER),
    ("server", {"security_groups": ["default"]}, NEVER),
    ("server", {"host": "host0"}, (74, NEWEST)),
    ("server", {"return_reservation_id": "maybe"}, NEVER),
    ("server", {"key_name": ""}, NEVER),
)
FLAVORS: tuple[Row, ...] = (
    ("flavor", {}, EVER),
    ("flavor", {"id": 700}, EVER),
    ("flavor", {"id": None}, EVER),
    ("flavor", {"id": " x"}, NEVER),
    ("flavor", {"id": "a/b"}, NEVER),
    ("flavor", {"id": "a" * 256}, NEVER),
    ("flavor", {"ram": "512"}, EVER),
    ("flavor", {"ram": 0}, NEVER),
    ("flavor", {"ram": 2**31}, NEVER),
    ("flavor", {"ram": "2147483648"}, NEVER),
    ("flavor", {"vcpus": "9" * 5000}, NEVER),
    ("flavor", {"rxtx_factor": "0"}, NEVER),
    ("flavor", {"ram": 1.5}, NEVER),
    ("flavor", {"vcpus": 0}, NEVER),
    ("flavor", {"disk": -1}, NEVER),
    ("flavor", {"swap": 0, "OS-FLV-EXT-DATA:ephemeral": "0"}, EVER),
    ("flavor", {"swap": -1}, NEVER),
    ("flavor", {"rxtx_factor": "1.5"}, EVER),
    ("flavor", {"rxtx_factor": 0}, NEVER),
    ("flavor", {"rxtx_factor": -1}, NEVER),
    ("flavor", {"rxtx_factor": 1e300}, NEVER),
    ("flavor", {"os-flavor-access:is_public": "no"}, EVER),
    ("flavor", {"os-flavor-access:is_public": None}, NEVER),
    ("flavor", {"description": "x"}, (55, NEWEST)),
    ("flavor", {"description": "a" * 65536}, NEVER),
    ("flavor", {"extra_specs": {}}, NEVER),
)
KEYPAIRS: tuple[Row, ...] = (
    ("keypair", {}, (1, 91)),
    ("keypair", {"type": "ssh"}, (2, 91)),
    ("keypair", {"type": "dsa"}, NEVER),
    ("keypair", {"user_id": "u1"}, (10, 91)),
    ("keypair", {"name": "a@b.c"}, NEVER),
    ("keypair", {"name": "a/b"}, NEVER),
    ("keypair", {"name": ""}, NEVER),
    ("keypair", {"public_key": "nonsense"}, NEVER),
)
GROUPS: tuple[Row, ...] = (
    ("server_group", {"policies": ["affinity"]}, (1, 63)),
    ("server_group", {"policies": ["soft-affinity"]}, (15, 63)),
    ("server_group", {"policies": []}, NEVER),
    ("server_group", {"policies": ["affinity", "anti-affinity"]}, NEVER),
    ("server_group", {"policy": "affinity"}, (64, NEWEST)),
    ("server_group", {"policy": "anti-affinity", "rules": {}}, (64, NEWEST)),
    (
        "server_group",
        {"policy": "anti-affinity", "rules": {"max_server_per_host": 0}},
        NEVER,
    ),
    (
        "server_group",
        {"policy": "affinity", "rules": {"max_server_per_host": 3}},
        NEVER,
    ),
    ("server_group", {"policy": "affinity", "rules": {"other": 3}}, NEVER),
    (
        "server_group",
        {"policy": "anti-affinity", "rules": {"max_server_per_host": "9" * 19}},
        NEVER,
    ),
)
QUOTAS: tuple[Row, ...] = (
    ("quota_set", {"cores": -1}, EVER),
    ("quota_set", {"cores": "500000000"}, EVER),
    ("quota_set", {"cores": -2}, NEVER),
    ("quota_set", {"cores": 2**31}, NEVER),
    ("quota_set", {"cores": "-2"}, NEVER),
    ("quota_set", {"cores": "2147483648"}, NEVER),
    ("quota_set", {"cores": None}, NEVER),
    ("quota_set", {"floating_ips": 5}, (1, 35)),
    ("quota_set", {"injected_files": 5}, (1, 56)),
    ("quota_set", {"force": "yes"}, EVER),
    ("quota_set", {"force": "perhaps"}, NEVER),
    ("quota_set", {"volumes": 5}, NEVER),
)
CLASSES: tuple[Row, ...] = (
    ("quota_class_set", {"cores": 30}, EVER),
    ("quota_class_set", {"floating_ips": 5}, (1, 49)),
    ("quota_class_set", {"server_groups": 5}, (50, NEWEST)),
    ("quota_class_set", {"injected_files": 5}, (1, 56)),
)
ACTIONS: tuple[Row, ...] = (
    ("lock", {}, EVER),
    ("lock", {"locked_reason": "because"}, (73, NEWEST)),
    ("lock", {"locked_reason": ""}, NEVER),
    ("lock", {"locked_reason": "a" * 256}, NEVER),
    ("os-getVNCConsole", {"type": "novnc"}, (1, 5)),
    ("os-getVNCConsole", {"type": "x"}, NEVER),
    ("reboot", {"type": "gently"}, NEVER),
    ("reboot", {}, NEVER),
    ("rebuild", {"imageRef": "x"}, NEVER),
    ("rebuild", {"imageRef": UUID, "colour": "red"}, NEVER),
    ("resize", {"flavorRef": None}, NEVER),
    ("os-resetState", {"state": "paused"}, NEVER),
    ("createImage", {"name": ""}, NEVER),
    ("createImage", {"name": "a", "metadata": {"a": 1}}, NEVER),
    ("changePassword", {"adminPass": 7}, NEVER),
    ("addFloatingIp", {"address": "nowhere"}, NEVER),
    ("trigger_nothing", {}, NEVER),
)
EVENTS: tuple[Row, ...] = (
    ("events", {"name": "network-changed"}, EVER),
    ("events", {"name": "volume-extended", "tag": UUID}, (51, NEWEST)),
    ("events", {"name": "power-update", "tag": "POWER_ON"}, (76, NEWEST)),
    ("events", {"name": "accelerator-request-bound", "tag": "x"}, (82, NEWEST)),
    ("events", {"name": "volume-reimaged", "tag": UUID}, (93, NEWEST)),
    ("events", {"name": "something"}, NEVER),
    ("events", {"name": "network-changed", "status": "well"}, NEVER),
)
CONSOLES: tuple[Row, ...] = (
    ("remote_console", {"protocol": "vnc", "type": "novnc"}, (6, NEWEST)),
    ("remote_console", {"protocol": "vnc", "type": "x"}, NEVER),
    ("remote_console", {"protocol": "vnc"}, NEVER),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House(tmp_path_factory.mktemp("house"), quota_server_groups=-1, **UNLIMITED)
    found.furnish()
    found.flavor("huge", vcpus=9999)
    yield found
    found.close()


def minors(taken: tuple[int, int]) -> list[tuple[int, bool]]:
    """Versions to try, and whether each takes it."""
    first, last = taken
    if taken == NEVER:
        return [(1, False), (50, False), (NEWEST, False)]
    found = [(first, True), (last, True)]
    if first > 1:
        found.append((first - 1, False))
    if last < NEWEST:
        found.append((last + 1, False))
    return found


def changed(body: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**body, **change}.items() if value is not ...}


def wrong(
    house: House, row: Row, method: str, path: str, base: Mapping[str, Any]
) -> list[Any]:
    """The versions that answer otherwise than Nova."""
    wrapper, change, taken = row
    found = []
    for minor, is_taken in minors(taken):
        inner: Any = changed(base, change)
        if "name" in inner and "name" not in change and isinstance(inner["name"], str):
            wrong.count += 1  # type: ignore[attr-defined]
            inner["name"] += f"-{wrong.count}"  # type: ignore[attr-defined]
        body = {wrapper: [inner] if wrapper == "events" else inner}
        got = house.ask(method, path, body, version=f"2.{minor}", roles="admin,service")
        # What an event speaks of need not be there: its form was taken all the same.
        was_taken = got.status < 300 or (wrapper == "events" and got.status == 404)
        if is_taken != was_taken:
            found.append((f"2.{minor}", got.status, got.body[:200]))
        elif not is_taken:
            assert got.status in (400, 404), (minor, got.status, got.body)
    return found


wrong.count = 0  # type: ignore[attr-defined]


def cases(rows: tuple[Row, ...]) -> Any:
    ids = [f"{wrapper}-{str(change)[:50]}" for wrapper, change, _ in rows]
    return pytest.mark.parametrize("row", rows, ids=ids)


@cases(SERVERS)
def test_servers(house: House, row: Row) -> None:
    order = house.order("n", flavorRef="huge")
    assert wrong(house, row, "POST", "/servers", order) == []


@cases(FLAVORS)
def test_flavors(house: House, row: Row) -> None:
    base = {"name": "f", "ram": 1, "vcpus": 1, "disk": 0}
    if row[1].get("id") == 700:
        body = {row[0]: {**base, **row[1], "name": "seven"}}
        assert house.ask("POST", "/flavors", body, roles="admin").status == 200
        return
    assert wrong(house, row, "POST", "/flavors", base) == []


@cases(KEYPAIRS)
def test_keypairs(house: House, row: Row) -> None:
    assert wrong(house, row, "POST", "/os-keypairs", {"name": "k"}) == []


@cases(GROUPS)
def test_groups(house: House, row: Row) -> None:
    assert wrong(house, row, "POST", "/os-server-groups", {"name": "g"}) == []


@cases(QUOTAS)
def test_quotas(house: House, row: Row) -> None:
    assert wrong(house, row, "PUT", f"/os-quota-sets/{OWNER}", {}) == []


@cases(CLASSES)
def test_classes(house: House, row: Row) -> None:
    assert wrong(house, row, "PUT", "/os-quota-class-sets/default", {}) == []


@pytest.fixture(scope="module")
def server_id(house: House) -> str:
    return house.boot()


@cases(ACTIONS)
def test_actions(house: House, server_id: str, row: Row) -> None:
    path = f"/servers/{server_id}/action"
    assert wrong(house, row, "POST", path, {}) == []
    house.act(server_id, "unlock", roles="admin")


@cases(EVENTS)
def test_events(house: House, server_id: str, row: Row) -> None:
    base = {"server_uuid": server_id}
    assert wrong(house, row, "POST", "/os-server-external-events", base) == []


def test_no_events_are_no_order(house: House) -> None:
    path = "/os-server-external-events"
    for body in ({"events": []}, {}, {"events": {}}):
        assert house.ask("POST", path, body, roles="service,admin").status == 400


@cases(CONSOLES)
def test_consoles(house: House, server_id: str, row: Row) -> None:
    path = f"/servers/{server_id}/remote-consoles"
    assert wrong(house, row, "POST", path, {}) == []
