"""Containers as web sites, visited without a token."""

from __future__ import annotations

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client


@pytest.fixture
def site(client: Client, container: str) -> str:
    client.ok(
        *("POST", container),
        X_Container_Read=".r:*,.rlistings",
        X_Container_Meta_Web_Index="index.html",
        X_Container_Meta_Web_Error="error.html",
        X_Container_Meta_Web_Listings="true",
        X_Container_Meta_Web_Listings_Css="style.css",
    )
    pages = {
        "index.html": "home",
        "dir/index.html": "dir home",
        "open/<x>&.txt": "a file",
        "404error.html": "nothing here",
    }
    for name, content in pages.items():
        client.ok("PUT", container, name, body=content, Content_Type="text/html")
    return container


def test_pages(client: Client, connect: Connect, site: str) -> None:
    anybody, base = connect(None), f"/v1/{client.account}/{site}"
    assert anybody.raw("GET", f"{base}/").body == b"home"
    deeper = anybody.raw("GET", f"{base}/dir/")
    assert (deeper.status, deeper.body) == (200, b"dir home")
    assert deeper.headers["content-type"].startswith("text/html")
    moved = anybody.raw("GET", f"{base}/dir")
    assert (moved.status, moved.headers["location"][-5:]) == (301, "/dir/")


def test_a_listing_shows_names_as_text(
    client: Client, connect: Connect, site: str
) -> None:
    answer = connect(None).raw("GET", f"/v1/{client.account}/{site}/open/")
    assert answer.status == 200
    assert "&lt;x&gt;&amp;.txt" in answer.text
    assert "<x>" not in answer.text
    assert "style.css" in answer.text


def test_the_owners_page_for_what_is_missing(
    client: Client, connect: Connect, site: str
) -> None:
    answer = connect(None).raw("GET", f"/v1/{client.account}/{site}/no/such")
    assert (answer.status, answer.body) == (404, b"nothing here")


def test_with_a_token_a_container_is_a_container(client: Client, site: str) -> None:
    assert "index.html" in client.ok("GET", site).lines
    page = client.ok("GET", site, "", X_Web_Mode="true")
    assert page.body == b"home"


def test_a_closed_site_stays_closed(
    client: Client, connect: Connect, site: str
) -> None:
    client.ok("POST", site, X_Remove_Container_Read="x")
    answer = connect(None).raw("GET", f"/v1/{client.account}/{site}/")
    assert answer.status == 401
    assert b"home" not in answer.body
