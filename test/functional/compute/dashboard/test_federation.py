"""Signing in by an identity provider, in a browser."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from test.fakes.oidc_provider import OidcProvider
from test.functional.compute.dashboard.conftest import Shown
from test.functional.compute.dashboard.surfer import Surfer
from test.functional.compute.dashboard.visitor import Visitor
from test.functional.compute.federated import LABEL

PASSWORD = "the provider's password"
WITH = "/sign-in/with/example/openid"
BACK = "/sign-in/back/example/openid"
WAY, SESSION = "ringstack-way", "ringstack-session"


def test_in_a_browser(shown: Shown, provider: OidcProvider, surfer: Surfer) -> None:
    surfer.go("/servers")
    assert not surfer.faults()
    surfer.click(f"Sign in with {LABEL}")
    assert surfer.path.startswith(provider.url)
    surfer.fill(username="ann", password=PASSWORD)
    surfer.send()
    assert surfer.path == "/servers"
    assert "ann" in surfer.text and "site" in surfer.text
    surfer.go("/sign-in")
    assert surfer.path == "/"


@pytest.fixture
def visitor(shown: Shown) -> Visitor:
    return Visitor(shown.url)


def leave(visitor: Visitor, path: str = WITH) -> dict[str, str]:
    """What the provider is asked."""
    seen = visitor.get(path)
    assert seen.status == 303
    query = parse_qs(urlsplit(seen.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def back(visitor: Visitor, code: str, state: str, path: str = BACK) -> Any:
    return visitor.get(f"{path}?code={code}&state={state}")


def test_only_who_set_out_comes_back(visitor: Visitor, provider: OidcProvider) -> None:
    query = leave(visitor)
    assert query["redirect_uri"] == visitor.base + BACK
    kept = dict(visitor.cookies)
    code = provider.code_for("ann", query)
    stranger = Visitor(visitor.base)
    for who, state in ((stranger, query["state"]), (visitor, "x" * 43)):
        seen = back(who, code, state)
        assert seen.headers["location"].endswith("/sign-in")
        assert SESSION not in who.cookies
    # It was taken away: one try for each way.
    assert WAY not in visitor.cookies
    visitor.cookies.update(kept)
    elsewhere = "/sign-in/back/other/openid"
    assert SESSION not in back(visitor, code, query["state"], elsewhere).text
    assert SESSION not in visitor.cookies
    visitor.cookies.update(kept)
    seen = back(visitor, code, query["state"])
    assert seen.status == 303 and SESSION in visitor.cookies
    cookie = next(each for each in seen.cookies if each.startswith(SESSION))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    # The code is used up.
    again = Visitor(visitor.base, dict(kept))
    back(again, code, query["state"])
    assert SESSION not in again.cookies


def test_nobody_is_sent_elsewhere(visitor: Visitor, provider: OidcProvider) -> None:
    for path in ("https://elsewhere.example.org/", "//elsewhere.example.org"):
        query = leave(visitor, f"{WITH}?next={path}")
        code = provider.code_for("ann", query)
        seen = back(visitor, code, query["state"])
        assert urlsplit(seen.headers["location"]).path == "/dashboard/"
        assert "elsewhere" not in seen.headers["location"]
        visitor.cookies.clear()
    seen = visitor.get("/sign-in/with/nobody/openid")
    assert seen.headers["location"] == "/dashboard/sign-in"
    assert WAY not in visitor.cookies


def test_who_says_no(visitor: Visitor, provider: OidcProvider) -> None:
    query = leave(visitor)
    seen = visitor.get(f"{BACK}?error=access_denied&state={query['state']}")
    assert seen.headers["location"] == "/dashboard/sign-in"
    assert "did not let you in" in visitor.get("/sign-in").text
    page = visitor.get("/sign-in?next=/volumes").text
    assert re.search(
        r'href="/dashboard/sign-in/with/example/openid\?next=%2Fvolumes"', page
    )
    assert "Sign in with Example &amp; Sons" in page
