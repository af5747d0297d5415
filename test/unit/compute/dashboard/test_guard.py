"""Sessions, forms of others, addresses: what keeps a browser safe."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.dashboard.frame import guard
from compute.dashboard.frame.cookies import read_cookies, set_cookie
from compute.dashboard.frame.headers import download_headers, page_headers
from compute.dashboard.frame.sealing import Sealer
from compute.dashboard.frame.session import (
    Session,
    read_session,
    session_of,
    write_session,
)
from compute.dashboard.frame.session_key import session_key
from compute.dashboard.frame.throttle import Throttle
from test.fakes.stepped_clock import SteppedClock

SEALER = Sealer(b"k" * 32)
# Browsers drop longer ones without a word; the name and "=" count too.
COOKIE_BYTES_MAX = 4096 - 32
SESSION = Session(
    "token", "csrf", 100.0, "u", "Ann <b>", "default", "Default", "p", "\u202eshop",
    roles=frozenset({"member"}), services=frozenset({"compute", "image"}),
)  # fmt: skip


def test_a_session_comes_back_until_its_token_ends() -> None:
    sealed = write_session(SEALER, SESSION)
    assert read_session(SEALER, sealed, 99.9) == SESSION
    assert read_session(SEALER, sealed, 100.0) is None


def test_nothing_of_a_session_can_be_read_or_changed() -> None:
    sealed = write_session(SEALER, SESSION)
    assert "token" not in sealed and "Ann" not in sealed
    for place in range(0, len(sealed), 7):
        other = "A" if sealed[place] != "A" else "B"
        changed = sealed[:place] + other + sealed[place + 1 :]
        assert read_session(SEALER, changed, 0) is None
    assert read_session(Sealer(b"x" * 32), sealed, 0) is None
    assert SEALER.open("notice", sealed) is None
    assert write_session(SEALER, SESSION) != sealed


@given(some.text(max_size=200))
def test_any_text_is_no_session(text: str) -> None:
    assert read_session(SEALER, text, 0) is None


def test_a_session_with_the_longest_names_fits_a_cookie() -> None:
    names = dict.fromkeys(
        ("user_name", "user_domain", "project_name", "project_domain"),
        "\U0001f600" * 64,
    )
    services = frozenset(f"service-type-{number}" for number in range(16))
    full = dataclasses.replace(
        SESSION, token="t" * 255, services=services, roles=services, **names
    )
    assert len(write_session(SEALER, full)) < 3900


def test_a_session_with_many_roles_fits_a_cookie() -> None:
    body = {
        "token": {
            "expires_at": "2030-01-01T00:00:00Z",
            "user": {"id": "u" * 64, "name": "\U0001f600" * 255,
                     "domain": {"id": "d" * 64, "name": "\U0001f600" * 255}},
            "project": {"id": "p" * 64, "name": "\U0001f600" * 255,
                        "domain": {"name": "\U0001f600" * 255}},
            "roles": [{"name": "admin"}]
            + [{"name": f"{number}" + "r" * 200} for number in range(50)],
            "catalog": [
                {"type": f"{number}" + "s" * 100, "endpoints": [
                    {"interface": "public", "url": "http://x", "region": "r" * 255}]}
                for number in range(50)
            ],
        }
    }  # fmt: skip
    session = session_of("t" * 255, body)
    assert session.is_admin and len(session.roles) > 1
    assert len(write_session(SEALER, session)) < COOKIE_BYTES_MAX


def test_a_session_of_another_release_is_none() -> None:
    """Its key is the same, its fields are not."""
    for document in ({"expires_at": 9e9}, {}, {**dataclasses.asdict(SESSION), "x": 1}):
        sealed = SEALER.seal("session", {**document, "roles": [], "services": []})
        assert read_session(SEALER, sealed, 0) is None


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "below" / "key"
    key = session_key(path)
    assert len(key) == 32 and session_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]


@pytest.mark.parametrize(
    ("origin", "referer", "is_ours"),
    [
        ("http://cloud:5000", "", True),
        ("https://public.example", "", False),
        ("http://[", "", False),
        ("", "http://cloud:5000/dashboard/x", True),
        ("http://cloud:5001", "http://cloud:5000/", False),
        ("http://cloud", "", False),
        ("http://cloud:5000.evil", "", False),
        ("null", "", False),
        ("", "", False),
        ("", "http://evil/?http://cloud:5000", False),
    ],
)
def test_where_forms_come_from(origin: str, referer: str, is_ours: bool) -> None:
    assert guard.is_same_origin(origin, referer, "cloud:5000") is is_ours
    assert not guard.is_same_origin(origin, referer, "")


def test_tokens_of_forms() -> None:
    assert guard.is_token("abc", "abc")
    for given_ in ("", "ab", "abcd", "\u0000", "abé"):
        assert not guard.is_token(given_, "abc")
    assert not guard.is_token("", "")


@pytest.mark.parametrize(
    "path",
    [
        "//evil", "/\\evil", "http://evil", "javascript:alert(1)", "evil", "", "/a b",
        "/a\r\nSet-Cookie: x", "/a/../../identity", "/\t/evil", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_ways_that_lead_elsewhere_are_not_gone(path: str) -> None:
    assert guard.local_path(path, "/") == "/"


def test_ways_within() -> None:
    for path in ("/", "/servers?status=ERROR&a=b", "/objects/a%2Fb?prefix=x/y"):
        assert guard.local_path(path, "") == path


def test_cookies() -> None:
    assert read_cookies('a=1; b="2"; a=1; =4; c') == {"a": "1", "b": "2", "": "4"}
    # Another port's page has set one too: neither is believed.
    assert read_cookies("a=theirs; b=2; a=ours") == {"a": "", "b": "2"}
    name, value = set_cookie("a", "b", path="/dashboard", is_secure=True, seconds=60)
    assert name == "Set-Cookie"
    assert value == ("a=b; Path=/dashboard; Max-Age=60; HttpOnly; SameSite=Lax; Secure")
    plain = set_cookie("a", "b", path="/", is_secure=False, seconds=60)[1]
    assert "Secure" not in plain


def test_headers_of_pages() -> None:
    policy = dict(page_headers())["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "frame-src" not in policy
    socket = dict(page_headers("ws://host:6080/console/websockify?token=secret"))
    told = socket["Content-Security-Policy"]
    assert "connect-src 'self' ws://host:6080/console/websockify;" in told
    assert "secret" not in told and "frame-src" not in told
    framed = dict(page_headers("http://host:6080/console/x.html?token=secret"))
    assert (
        "frame-src http://host:6080/console/x.html"
        in (framed["Content-Security-Policy"])
    )
    assert "secret" not in framed["Content-Security-Policy"]
    for bad in ("javascript:alert(1)", "data:text/html,x", "ws://host/x"):
        assert "frame-src" not in dict(page_headers(bad))["Content-Security-Policy"]
    assert "sandbox" in dict(download_headers("attachment"))["Content-Security-Policy"]


def test_failures_of_one_address_are_counted_for_a_minute() -> None:
    clock = SteppedClock()
    throttle = Throttle(2, clock)
    for _ in range(2):
        assert throttle.wait_seconds("a") == 0
        throttle.tried("a")
    assert 0 < throttle.wait_seconds("a") <= 61
    assert throttle.wait_seconds("b") == 0
    clock.advance(61)
    assert throttle.wait_seconds("a") == 0
    for number in range(20_000):
        throttle.tried(str(number))
    assert len(throttle._failures) == 10_000
    throttle.tried("b")
    throttle.tried("b")
    assert throttle.wait_seconds("b") > 0
    throttle.forgive("b")
    assert throttle.wait_seconds("b") == 0
    unlimited = Throttle(0, clock)
    for _ in range(100):
        unlimited.tried("a")
    assert unlimited.wait_seconds("a") == 0


def test_nothing_in_a_template_runs_or_is_styled_inline() -> None:
    directory = Path(guard.__file__).parents[1] / "templates"
    for path in directory.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|\|\s*safe", text), path
