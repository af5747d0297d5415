"""Addresses and forms that no page of ours would send: nothing breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from compute.dashboard.room import all_routes
from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.visitor import Visitor

ODD = (
    "..",
    "detail",
    "\u0000",
    "é\u202e",
    "a" * 300,
    "00000000-0000-0000-0000-000000000000",
)
QUERIES = ("marker", "name", "prefix", "status", "back", "next", "page", "user", "id")
ODD_TEXTS = ("", "\u0000", "-1", "../..", "x" * 2000, "999999999999999", "é<b>")
# Once each would end the session of the others.
LEAVE = ("sign-out", "switch/to")


@pytest.fixture(scope="module")
def chief(shown: Shown) -> Visitor:
    """An administrator: no room refuses before it has looked."""
    shown.person("chief", "admin")
    found = Visitor(shown.url)
    assert found.sign_in("chief", PASSWORD).status == 303
    return found


def addresses(path: str) -> Iterator[str]:
    """That route's, with odd names and odd questions."""
    names = set(re.findall(r"{[^}]*}", path))
    for odd in ODD if names else ("",):
        found = "/" + path
        for name in names:
            found = found.replace(name, quote(odd, safe=""))
        yield found
        for text in ODD_TEXTS if odd in ("", ODD[-1]) else ():
            yield f"{found}?{urlencode(dict.fromkeys(QUERIES, text))}"


def test_odd_addresses(chief: Visitor) -> None:
    wrong = []
    for route in all_routes():
        for path in addresses(route.path):
            seen = chief.get(path)
            if seen.status >= 500:
                wrong.append((seen.status, path[:150]))
    assert not wrong, "\n".join(map(str, wrong))


def test_odd_forms(chief: Visitor) -> None:
    wrong = []
    csrf = chief.csrf
    for route in all_routes():
        if route.act is None or route.path in LEAVE:
            continue
        for path in addresses(route.path):
            if "?" in path:
                continue
            page = chief.get(path).text if route.load else ""
            names = set(re.findall(r'name="([a-z_0-9-]+)"', page)) - {"csrf"}
            for text in ODD_TEXTS if names else ("",):
                values = {**dict.fromkeys(names, text), "csrf": csrf}
                seen = chief.send("POST", path, values, Origin=chief.origin)
                if seen.status >= 500:
                    wrong.append((seen.status, path[:100], text[:20]))
    assert not wrong, "\n".join(map(str, wrong))


def test_what_is_emptied_is_empty(chief: Visitor, shown: Shown) -> None:
    sdk = shown.cloud.sdk()
    user = sdk.identity.create_user(name="erna", email="erna@example.org")
    path = f"/people/{user.id}/edit"
    assert "erna@example.org" in chief.get(path).text
    values = {"name": "erna", "email": "", "password": "", "enabled": "yes"}
    assert chief.post(path, values).status == 303
    assert "erna@example.org" not in chief.get(path).text
