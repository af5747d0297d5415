"""Every page that a link leads to: no error, no faults, on desk and phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.furnished import MARKUP, furnish
from test.functional.compute.dashboard.surfer import DESK, PHONE, Surfer
from test.functional.compute.dashboard.visitor import Seen, Visitor

PREFIX = "/dashboard"
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")
# A few of each kind will do.
SAME_KIND_MAX = 3
PAGES_LEAST = 60


@pytest.fixture(scope="session")
def bob(shown: Shown) -> Any:
    """An administrator whose project is full."""
    sdk = shown.person("bob", "admin")
    furnish(shown, sdk)
    return sdk


def walk(visitor: Visitor) -> Iterator[tuple[str, Seen]]:
    """Pages by their links, from the first one on."""
    waiting, counts = ["/"], {}
    seen = set()
    while waiting:
        path = waiting.pop(0)
        kind = _IDS.sub("ID", path.partition("?")[0])
        if path in seen or counts.get(kind, 0) >= SAME_KIND_MAX:
            continue
        seen.add(path)
        counts[kind] = counts.get(kind, 0) + 1
        found = visitor.get(path)
        yield path, found
        if found.headers.get("content-type", "").startswith("text/html"):
            waiting += links_of(found.text)


def links_of(html: str) -> list[str]:
    """Those that stay in the dashboard; there are no others."""
    found = [unescape(each) for each in re.findall(r'<a[^>]* href="([^"]+)"', html)]
    for each in found:
        assert each.startswith((PREFIX + "/", "#")), each
    return [each.removeprefix(PREFIX) for each in found if each.startswith(PREFIX)]


def test_every_link_leads_somewhere(bob: Any, shown: Shown) -> None:
    visitor = Visitor(shown.url)
    assert visitor.sign_in("bob", PASSWORD).status == 303
    count = 0
    for path, found in walk(visitor):
        count += 1
        assert found.status == 200, (path, found.status, found.text[-2000:])
        is_page = found.headers["content-type"].startswith("text/html")
        assert not (is_page and MARKUP in found.text), path
        assert found.headers["x-content-type-options"] == "nosniff", path
        assert found.headers["x-frame-options"] == "DENY", path
        assert found.headers["cache-control"] == "no-store", path
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        calls = re.search(r"desc=(\d+)", found.headers["server-timing"])
        assert calls and int(calls[1]) <= (13 if path == "/" else 8), path
    assert count > PAGES_LEAST


def test_every_page_looks_as_it_should(bob: Any, shown: Shown, surfer: Surfer) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("bob", PASSWORD)
    kinds = {
        _IDS.sub("ID", path.partition("?")[0]): path
        for path, found in walk(visitor)
        if found.headers["content-type"].startswith("text/html")
        and "/delete" not in path
    }
    surfer.sign_in("bob", PASSWORD)
    wrong = []
    for path in kinds.values():
        surfer.go(path)
        for size, scheme in ((DESK, "light"), (PHONE, "dark"), (PHONE, "light")):
            surfer.look(size, scheme)
            wrong += [(path, size, scheme, each) for each in surfer.faults()]
    assert not wrong


def test_keyboards_reach_everything(bob: Any, surfer: Surfer) -> None:
    surfer.sign_in("bob", PASSWORD)
    surfer.go("/servers")
    for key in ("Tab", "Enter"):
        for kind in ("rawKeyDown", "keyUp"):
            code = {"Tab": 9, "Enter": 13}[key]
            text = {"text": "\r"} if key == "Enter" and kind == "rawKeyDown" else {}
            surfer.call(
                "Input.dispatchKeyEvent", type="keyDown" if text else kind, key=key,
                code=key, windowsVirtualKeyCode=code, **text,
            )  # fmt: skip
        if key == "Tab":
            assert surfer.evaluate("document.activeElement.className") == "skip"
    assert surfer.until("document.activeElement.id === 'main'", 5)
    surfer.evaluate("document.querySelector('details.person').open = true")
    surfer.evaluate(
        "document.dispatchEvent(new KeyboardEvent('keydown',{key:'Escape'}))"
    )
    assert not surfer.evaluate("document.querySelector('details.person').open")


def test_rows_are_filtered_and_the_phone_has_a_menu(bob: Any, surfer: Surfer) -> None:
    surfer.sign_in("bob", PASSWORD)
    surfer.look(PHONE)
    surfer.go("/servers")
    assert surfer.evaluate("!document.querySelector('nav.side').checkVisibility()")
    surfer.evaluate("document.querySelector('details.burger').open = true")
    surfer.click("Volumes", within=".drawer")
    assert surfer.path == "/volumes"
    shown_cells = "getComputedStyle(document.querySelector('td')).display"
    assert surfer.evaluate(shown_cells) in ("block", "grid")


def test_an_empty_project_says_what_to_do(shown: Shown, surfer: Surfer) -> None:
    shown.person("carl")
    surfer.sign_in("carl", PASSWORD)
    for path in ("/", "/servers", "/volumes", "/backups", "/objects", "/stacks",
                 "/balancers", "/routers", "/addresses", "/keys"):  # fmt: skip
        surfer.go(path)
        assert surfer.evaluate("document.querySelectorAll('.empty, .steps').length") > 0
        assert not surfer.faults()
    assert "People" not in surfer.text
