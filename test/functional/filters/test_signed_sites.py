"""Sites that are visited with a temporary URL, and are open to nobody else."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable
from html import unescape
from urllib.parse import urljoin

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Answer, Client

KEY = "a key of the container"
Visit = Callable[..., Answer]


@pytest.fixture
def site(client: Client, container: str) -> str:
    client.ok(
        *("POST", container),
        X_Container_Meta_Temp_Url_Key=KEY,
        X_Container_Meta_Web_Listings="true",
        X_Container_Meta_Web_Index="index.html",
        X_Container_Meta_Web_Error="error.html",
    )
    for name in ("a&b.txt", "dir/sub/k ü", "dir/k", "other/secret", "404error.html"):
        client.ok("PUT", container, name, body=name)
    client.ok("PUT", container, "home/index.html", body="home")
    return f"/v1/{client.account}/{container}"


@pytest.fixture
def visit(connect: Connect, site: str) -> Visit:
    """``visit(path, prefix)``: GET of what begins with the signed prefix."""

    def asked(path: str, prefix: str | None, more: str = "", on: str = "") -> Answer:
        until = int(time.time()) + 60
        signed = f"{site}/{path}" if prefix is None else f"prefix:{site}/{prefix}"
        message = f"GET\n{until}\n{signed}"
        signature = hmac.digest(KEY.encode(), message.encode(), "sha256").hex()
        query = f"temp_url_sig={signature}&temp_url_expires={until}{more}"
        if prefix is not None:
            query += f"&temp_url_prefix={prefix}"
        return connect(None).raw("GET", f"{on or f'{site}/{path}'}?{query}")

    return asked


def links(page: Answer) -> list[str]:
    assert page.status == 200, page.body
    assert page.headers["content-disposition"] == "inline"
    return [unescape(href) for href in re.findall('href="([^"]*)"', page.text)]


def test_links_are_followed_with_the_same_signature(
    connect: Connect, visit: Visit, site: str
) -> None:
    above, below, file = links(visit("dir/sub/", "dir/"))[:1], *_dir(visit)
    anybody = connect(None)
    deeper = anybody.raw("GET", urljoin(f"{site}/dir/", below))
    assert "k%20%C3%BC?" in links(deeper)[1]
    read = anybody.raw("GET", urljoin(f"{site}/dir/sub/", links(deeper)[1]))
    assert read.body == "dir/sub/k ü".encode()
    assert anybody.raw("GET", urljoin(f"{site}/dir/", file)).body == b"dir/k"
    back = anybody.raw("GET", urljoin(f"{site}/dir/sub/", above[0]))
    assert len(links(back)) == 2


def _dir(visit: Visit) -> list[str]:
    """The links of ``dir/``: nothing leads above what is signed."""
    found = links(visit("dir/", "dir/"))
    assert [href.partition("?")[0] for href in found] == ["./sub/", "./k"]
    return found


def test_a_whole_container(connect: Connect, visit: Visit, site: str) -> None:
    moved = visit("", "", on=site)
    assert moved.status == 301
    found = links(connect(None).raw("GET", moved.headers["location"]))
    names = [href.partition("?")[0] for href in found]
    assert names == ["./dir/", "./home/", "./other/", "./404error.html", "./a%26b.txt"]
    home = visit("home/", "")
    assert (home.status, home.body) == (200, b"home")


def test_what_was_not_signed_is_not_shown(
    client: Client, connect: Connect, visit: Visit, site: str
) -> None:
    assert visit("other/", "dir/").status == 401
    assert visit("", "dir/").status == 401
    # One object was signed: neither the listing of that name nor its index.
    assert visit("dir/", None).status == 404
    assert visit("home/", None).status == 404
    assert visit("", None).status == 401
    # Not a page of the site's that nobody signed, either.
    missing = visit("dir/none", "dir/")
    assert (missing.status, b"404error" in missing.body) == (404, False)
    assert connect(None).raw("GET", f"{site}/dir/").status == 401
    # Without the site there is no listing in any form.
    client.ok(
        *("POST", site.rpartition("/")[2]),
        X_Container_Meta_Web_Listings="",
        X_Container_Meta_Web_Index="",
    )
    for more in ("", "&format=json", "&prefix=&delimiter=/"):
        assert visit("", "", more).status == 401
        assert visit("dir/", "dir/", more).status == 404
