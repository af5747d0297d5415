"""CORS: preflights and what replies tell scripts of other origins."""

from __future__ import annotations

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client

ORIGIN = "https://app.example.com"


@pytest.fixture
def opened(client: Client, name: str) -> str:
    client.ok(
        "PUT",
        name,
        X_Container_Meta_Access_Control_Allow_Origin=f"{ORIGIN} https://two.example",
        X_Container_Meta_Access_Control_Max_Age="60",
        X_Container_Meta_Access_Control_Expose_Headers="X-Custom",
        X_Container_Read=".r:*",
    )
    client.ok("PUT", name, "object", body=b"data", X_Object_Meta_Colour="red")
    return name


def test_preflight(connect: Connect, opened: str) -> None:
    browser = connect(None)

    def asks(origin: str, method: str, *path: str) -> tuple[int, dict[str, str]]:
        answer = browser.send(
            "OPTIONS",
            *path,
            account="AUTH_test",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "X-Auth-Token, X-Object-Meta-A",
            },
        )
        return answer.status, answer.headers

    for path in ((opened,), (opened, "object"), (opened, "not/there")):
        status, headers = asks(ORIGIN, "PUT", *path)
        assert status == 200
        assert headers["access-control-allow-origin"] == ORIGIN
        assert "PUT" in headers["access-control-allow-methods"].split(", ")
        allowed = headers["access-control-allow-headers"].lower().split(", ")
        assert allowed == ["x-auth-token", "x-object-meta-a"]
        assert headers["access-control-max-age"] == "60"
        assert "Origin" in headers["vary"]
    assert asks("https://evil.example", "GET", opened)[0] == 401
    assert asks(ORIGIN, "PATCH", opened)[0] == 401
    assert asks(ORIGIN, "GET", "no-such-container")[0] == 401


def test_any_origin(client: Client, opened: str) -> None:
    client.ok("POST", opened, X_Container_Meta_Access_Control_Allow_Origin="*")
    answer = client.call(
        "OPTIONS",
        opened,
        "object",
        Origin="https://anybody.example",
        Access_Control_Request_Method="GET",
    )
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"


def test_replies_tell_allowed_origins(connect: Connect, opened: str) -> None:
    browser = connect(None)

    def get(origin: str, name: str) -> dict[str, str]:
        return browser.send(
            "GET", opened, name, account="AUTH_test", headers={"Origin": origin}
        ).headers

    headers = get(ORIGIN, "object")
    assert headers["access-control-allow-origin"] == ORIGIN
    exposed = headers["access-control-expose-headers"].split(", ")
    for name in ("etag", "x-trans-id", "x-object-meta-colour", "x-custom"):
        assert name in exposed
    # A refusal too, so that the script sees it.
    assert get(ORIGIN, "missing")["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in get("https://evil.example", "object")


def test_options_without_origin(client: Client, opened: str) -> None:
    for path, method in (((), "GET"), ((opened,), "PUT"), ((opened, "o"), "COPY")):
        answer = client.call("OPTIONS", *path)
        assert answer.status == 200
        assert method in answer.headers["allow"].split(", ")
