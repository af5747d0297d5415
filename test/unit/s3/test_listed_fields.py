"""Pages of fields in XML, against the same written entry by entry."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.timestamps import UNITS_PER_SECOND, to_iso, to_text
from objectstore.proxy.protocol.dates import http_date
from objectstore.s3.bucket.listed_fields import first, last_name, read, to_xml
from objectstore.s3.bucket.listing_entry import (
    shown_checksum,
    shown_etag,
    shown_size,
)
from objectstore.s3.bucket.listing_query import url_encoded
from objectstore.s3.dates import from_http, iso_of_http, iso_of_listing, shown_modified
from objectstore.s3.xml.write import escape
from objectstore.wire.listing_forms import shown
from objectstore.wire.records import ObjectRow, Subdirectory
from test.unit.s3.house import House

OWNER = "<Owner><ID>AUTH_a</ID></Owner>"
SIGNS = "ab/ &<>\"'%+=:;~\u00e9\U0010ffff\ufffe\n\t\r\x01\x1f*-._"
NAMES = st.text(alphabet=SIGNS, min_size=1, max_size=12)
ETAGS = st.sampled_from(
    [
        "0cc175b9c0f1b6a831c399e269772661",
        "m; s3_etag=0cc175b9c0f1b6a831c399e269772661-3",
        'm; s3_etag="a-2"; slo_etag=b; slo_etag=c',
        "m; slo_etag=b",
        "m; other=1",
        "0cc175b9c0f1b6a831c399e269772661; s3_checksum=CRC32",
        "m; s3_etag=a-2; s3_checksum=CRC32:COMPOSITE",
        "m; s3_checksum=SHA256; other=1",
        "m; s3_checksum=UNHEARD",
        "m; s3_checksum=CRC32:OF",
        "<&>",
        "",
    ]
)
TYPES = st.sampled_from(
    ["text/plain", "a;b=c", "a;swift_bytes=17", "a;swift_bytes=", "a;swift_bytes=x;b"]
)
SECOND = 178000000100000
MOMENTS = st.sampled_from([178000000098765, SECOND - 1, SECOND, SECOND + 1])
ROWS = st.builds(
    lambda name, etag, kind, size, modified: ObjectRow(
        name, 178000000012345, 0, size, kind, 1, etag, modified
    ),
    *(NAMES, ETAGS, TYPES, st.integers(0, 2**53), MOMENTS),
)
ENTRIES = st.lists(ROWS | st.builds(Subdirectory, NAMES), max_size=6)


def plain(entries: list[Any], owner: str, *, as_url: bool) -> str:
    """Out of JSON, one element after the other."""
    contents, prefixes = "", ""
    for entry in orjson.loads(shown(entries, "json")):
        name = entry.get("name") or entry["subdir"]
        key = escape(url_encoded(name) if as_url else name)
        if "subdir" in entry:
            prefixes += f"<CommonPrefixes><Prefix>{key}</Prefix></CommonPrefixes>"
            continue
        contents += (
            f"<Contents><Key>{key}</Key><LastModified>"
            f"{iso_of_listing(entry['last_modified'])}</LastModified><ETag>&quot;"
            f"{escape(shown_etag(entry))}&quot;</ETag>{shown_checksum(entry)}"
            f"<Size>{shown_size(entry)}</Size>{owner}<StorageClass>STANDARD</StorageClass></Contents>"
        )
    return contents + prefixes


@given(ENTRIES, st.sampled_from(["", OWNER]), st.booleans())
def test_a_page_is_what_its_entries_are(
    entries: list[Any], owner: str, as_url: bool
) -> None:
    body = shown(entries, "fields")
    page = read(body, as_url=as_url)
    written = b"".join(to_xml(page, owner, as_url=as_url)).decode()
    assert written == plain(entries, owner, as_url=as_url)
    assert page.entries == len(entries)
    if entries:
        assert last_name(body) == entries[-1].name
        count = len(entries) - 1
        before = read(shown(entries[:-1], "fields"), as_url=as_url)
        assert first(page, count).body == before.body
        assert first(page, count).entries == count
        rest = b"".join(to_xml(first(page, count), owner, as_url=as_url)).decode()
        assert rest == plain(entries[:-1], owner, as_url=as_url)


@given(st.integers(0, 4102444800 * 100_000) | MOMENTS)
def test_a_listed_moment_is_that_of_the_head(timestamp: int) -> None:
    told = shown_modified(http_date(timestamp), to_text(timestamp))
    assert iso_of_listing(to_iso(timestamp)) == iso_of_http(told)
    # Nothing is of the future.
    assert from_http(told) <= timestamp / UNITS_PER_SECOND


def test_a_moment_whose_fraction_is_not_told_is_a_second_earlier() -> None:
    up = http_date(SECOND + 1)
    assert shown_modified(up, "") == http_date(SECOND)
    # Of a large object Last-Modified may be a segment's.
    assert shown_modified(up, to_text(SECOND - 12_345_678)) == http_date(SECOND)
    assert shown_modified("", "") == ""


@pytest.mark.parametrize("listed", ["CRC32", "SHA256:COMPOSITE"])
def test_checksums_alone_make_no_page_slow(listed: str) -> None:
    row = ObjectRow("k", 1, 0, 1, "text/plain", 1, f"m; s3_checksum={listed}", 1)
    page = read(shown([row], "fields"), as_url=False)
    assert page.is_ordinary
    algorithm, _, kind = listed.partition(":")
    assert (
        f"<ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm>"
        f"<ChecksumType>{kind or 'FULL_OBJECT'}</ChecksumType>"
    ) in b"".join(to_xml(page, "", as_url=False)).decode()


@pytest.mark.parametrize("query", ["", "encoding-type=url", "list-type=2&max-keys=2"])
def test_an_odd_name_is_one_of_many(query: str) -> None:
    house = House()
    house.bucket()
    names = ["a", "b&c", "d e:f", "g/h", "ü"]
    for name in names:
        assert house.ask("PUT", f"/bucket/{name}", body=b"x").status == 200
    found: list[str] = []
    token = ""
    while True:
        page = house.ask("GET", "/bucket", f"{query}{token}")
        assert page.status == 200, page.body
        found += [node.get("Key") for node in page.xml.all("Contents")]
        if page.xml.get("IsTruncated") == "false":
            break
        token = f"&continuation-token={quote(page.xml.get('NextContinuationToken'))}"
    as_url = query == "encoding-type=url"
    assert found == [url_encoded(name) if as_url else name for name in names]
