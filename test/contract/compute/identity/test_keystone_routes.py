"""Every route of Keystone's API is accounted for: it works, or it is left out on
purpose and answers so; and there are no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.contract.compute.route_table import (
    ABSENT,
    Row,
    differences,
    read_table,
    routes_of,
)
from test.unit.compute.identity.house import House, make_house

ROWS = read_table(Path(__file__).parent / "reference" / "routes.txt")
NOBODY = "9" * 32
# Its answer needs a second token, in the header.
SUBJECT = "/v3/auth/tokens"
# The old password says who asks for a new one.
PASSWORD = "/v3/users/{}/password"
# A provider's token, or code, says who asks.
FEDERATED = "/v3/OS-FEDERATION/identity_providers/{}/protocols/{}/auth"
PAGES = "/v3/RS-FEDERATION"
OPEN = {
    ("GET", "/"),
    ("GET", "/v3"),
    ("POST", SUBJECT),
    ("POST", PASSWORD),
    ("GET", FEDERATED),
    ("POST", FEDERATED),
    ("GET", f"{PAGES}/choices"),
    ("POST", f"{PAGES}/{{}}/{{}}/begin"),
    ("POST", f"{PAGES}/{{}}/{{}}/complete"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield make_house(tmp_path_factory.mktemp("house"))


def test_the_room_serves_what_the_table_says(house: House) -> None:
    assert differences(ROWS, house.application) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer == ABSENT], ids=str)
def test_what_is_left_out_says_so(house: House, row: Row) -> None:
    path = row.path.replace("{}", NOBODY)
    got = house.say(row.method, path, {}, token=house.admin)
    assert got.status in (404, 405), got.body
    assert got.body["error"]["code"] == got.status


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_collection], ids=str)
def test_collections_can_be_read(house: House, row: Row) -> None:
    if row.answer == ABSENT:
        return
    subject = house.admin if row.path == SUBJECT else ""
    for method in ("GET", "HEAD"):
        got = house.say(method, row.path, token=house.admin, subject=subject)
        assert got.status in (200, 300), got.body


def test_nothing_is_open_to_strangers(house: House) -> None:
    """But for the versions, and what passwords open."""
    for (method, path), route in routes_of(house.application).items():
        got = house.say(method, path.replace("{}", NOBODY), {})
        assert route.public is ((method, path) in OPEN)
        if not route.public:
            assert got.status == 401, (method, path)
