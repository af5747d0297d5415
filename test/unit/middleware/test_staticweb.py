"""staticweb: indexes, listings, error pages, redirections, escaping."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.access import Identity
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.staticweb import Staticweb
from objectstore.middleware.web_page import Listed, Site, human_size, listing_page
from test.fakes.swift_app import Answer, Client, Got, KnownFacts, SwiftApp

ROOT = "/v1/a/c"


def entry(name: str, content_type: str = "text/plain") -> dict[str, Any]:
    return {
        "name": name,
        "bytes": 2048,
        "content_type": content_type,
        "last_modified": "2026-01-02T03:04:05.678900",
    }


class House:
    def __init__(self, **metadata: str) -> None:
        stored = {
            "X-Container-Meta-Web-" + name.replace("_", "-").title(): value
            for name, value in metadata.items()
        }
        self.facts = KnownFacts(containers={("a", "c"): stored})
        self.server = SwiftApp()
        self.server.default = Answer(404, [], b"none")
        self.listing([])
        self.client = Client(Staticweb(self.server), self.facts)

    def listing(self, entries: list[dict[str, Any]]) -> None:
        body = json.dumps(entries).encode()
        kind = [("Content-Type", "application/json")]
        self.server.on("GET", ROOT, Answer(200, kind, body))

    def file(self, name: str, body: bytes = b"page", **headers: str) -> None:
        kept = [(key.replace("_", "-"), value) for key, value in headers.items()]
        self.server.on("GET", f"{ROOT}/{name}", Answer(200, kept, body))
        self.server.on("HEAD", f"{ROOT}/{name}", Answer(200, kept))

    def get(self, path: str, **headers: str) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client("GET", ROOT + path, named)


def test_containers_that_are_no_sites_pass() -> None:
    house = House(error="e.html")
    assert house.get("").body == b"[]"
    assert house.get("/x").status == 404


def test_redirect_to_the_slash() -> None:
    house = House(index="index.html")
    got = house.get("")
    assert (got.status, got.headers["Location"]) == (301, "/v1/a/c/")
    got = house.client("GET", ROOT, RAW_PATH_INFO="//evil.example/%C3%A9")
    assert got.headers["Location"] == "/evil.example/%C3%A9/"


def test_indexes() -> None:
    house = House(index="index.html")
    house.file("index.html", b"root")
    house.file("dir/index.html", b"inner")
    assert house.get("/").body == b"root"
    assert house.get("/dir/").body == b"inner"
    got = house.get("/dir")
    assert (got.status, got.headers["Location"]) == (301, "/v1/a/c/dir/")
    assert house.get("/nothing").status == 404
    assert house.get("/nothing/").status == 404
    assert house.client("HEAD", ROOT + "/").status == 200


def test_conditions_reach_the_index() -> None:
    house = House(index="index.html")
    house.server.on("GET", ROOT + "/index.html", Answer(304))
    assert house.get("/", If_None_Match="x").status == 304
    assert house.server.last.headers["If-None-Match"] == "x"


def test_objects_are_served_as_they_are() -> None:
    house = House(index="index.html")
    house.file("style.css", b"css", Content_Type="text/css")
    got = house.get("/style.css")
    assert (got.body, got.headers["Content-Type"]) == (b"css", "text/css")


def test_listings() -> None:
    house = House(listings="true")
    house.listing([entry("b.txt"), {"subdir": "dir/"}, entry("<&>", "a/b")])
    got = house.get("/")
    assert got.headers["Content-Type"] == "text/html; charset=UTF-8"
    page = got.body.decode()
    assert "<title>Listing of /v1/a/c/</title>" in page
    assert '<a href="./dir/">dir/</a>' in page
    assert '<a href="./b.txt">b.txt</a>' in page
    assert "2Ki" in page
    assert "2026-01-02 03:04:05" in page
    assert 'class="item type-a type-b"' in page
    assert "<&>" not in page
    assert page.index("dir/") < page.index("b.txt")
    assert 'id="parent"' not in page
    assert house.server.last.query == "format=json&delimiter=%2F&prefix="


def test_inner_listings_with_style_and_label() -> None:
    house = House(listings="yes", listings_css="css/x.css", listings_label="my.site")
    house.listing([entry("dir/"), entry("dir/a"), {"subdir": "dir/sub/"}])
    page = house.get("/dir/").body.decode()
    assert "Listing of my.site/dir/" in page
    assert 'href="../css/x.css"' in page
    assert '<a href="../">../</a>' in page
    assert '<a href="./a">a</a>' in page
    assert house.server.last.query == "format=json&delimiter=%2F&prefix=dir%2F"
    assert house.get("/dir").status == 301


def test_listings_need_their_right() -> None:
    house = House(listings="true")
    house.server.on("GET", ROOT, Rejected(401, "", (("WWW-Authenticate", "x"),)))
    got = house.get("/")
    assert (got.status, got.headers["Www-Authenticate"]) == (401, "x")
    assert house.get("/dir/").status == 401
    assert house.get("/dir").status == 404


def test_error_pages() -> None:
    house = House(index="index.html", error="error.html")
    house.file("404error.html", b"lost", Content_Type="text/html")
    got = house.get("/gone")
    assert (got.status, got.body) == (404, b"lost")
    assert got.headers["Content-Type"] == "text/html"
    house.server.on(
        "GET", ROOT + "/secret", Rejected(401, "", (("WWW-Authenticate", "x"),))
    )
    assert house.get("/secret").status == 401
    house.file("401error.html", b"who")
    got = house.get("/secret")
    assert (got.status, got.body) == (401, b"who")
    assert got.headers["Www-Authenticate"] == "x"


def test_directory_markers() -> None:
    house = House(index="index.html")
    marker = {"Content_Type": "application/directory", "Content_Length": "0"}
    house.file("dir", b"", **marker)
    house.file("dir/index.html")
    assert house.get("/dir").status == 301
    house = House(index="i", directory_type="text/directory")
    house.file("dir", b"", **marker)
    assert house.get("/dir").status == 200


def test_signed_in_clients_see_the_container() -> None:
    house = House(index="index.html")
    context = Context(facts=house.facts, identity=Identity("a:b"))
    assert house.client("GET", ROOT, **{CONTEXT_KEY: context}).body == b"[]"
    headers = {"X-Web-Mode": "true"}
    context = Context(facts=house.facts, identity=Identity("a:b"))
    got = house.client("GET", ROOT, headers, **{CONTEXT_KEY: context})
    assert got.status == 301
    assert House().client("GET", ROOT, headers).status == 404


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", ROOT), ("GET", "/v1/a"), ("GET", "/v2/a/c")]
)
def test_other_requests_pass(method: str, path: str) -> None:
    house = House(index="index.html")
    house.client(method, path)
    assert (house.server.last.method, house.server.last.path) == (method, path)


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0"), (1023, "1023"), (4096, "4Ki"), (2**31, "2Gi")]
)
def test_sizes(size: int, shown: str) -> None:
    assert human_size(size) == shown


names = st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=1)


@given(names, names, names)
def test_no_name_breaks_out_of_the_page(name: str, label: str, sheet: str) -> None:
    site = Site("", "", True, sheet, label)
    marked = [entry(f"<script>{name}"), {"subdir": f'"{name}/'}]
    page = listing_page(site, Listed(ROOT, "", marked))
    assert "<script>" not in page
    assert page.count("<tr ") == 3


def test_links_lead_on_with_their_query_and_never_above_the_top() -> None:
    site = Site("", "", True)
    entries = [entry("dir/sub/x"), {"subdir": "dir/sub/more/"}]
    listed = Listed(ROOT, "dir/sub/", entries)
    page = listing_page(site, listed, "dir/", "?a=1&b=2")
    for href in ("../", "./x", "./more/"):
        assert f'href="{href}?a=1&amp;b=2"' in page
    assert "../" not in listing_page(site, listed, "dir/sub/", "?a=1")
    assert "../" in listing_page(site, Listed(ROOT, "dir/", entries), "", "?a=1")
