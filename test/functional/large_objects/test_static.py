"""Static large objects over sockets: swiftclient's segments, ranges, deletion."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.tools import swift
from test.functional.harness.users import TESTER

MIB = 1024 * 1024
WHOLE = b"".join(number.to_bytes(4, "big") for number in range(5 * MIB // 4))[:-3]


def test_swift_uploads_and_downloads_segments(
    store: Store, client: Client, name: str, tmp_path: Path
) -> None:
    (tmp_path / "big").write_bytes(WHOLE)
    endpoint = store.endpoint()
    arguments = ["upload", "--segment-size", str(MIB), "--use-slo", name, "big"]
    swift(endpoint, TESTER, *arguments, directory=tmp_path)
    head = client.ok("HEAD", name, "big")
    assert head.headers["x-static-large-object"] == "True"
    assert head.headers["content-length"] == str(len(WHOLE))
    listed = client.ok("GET", name, query="format=json").json[0]
    assert listed["bytes"] == len(WHOLE)
    assert listed["slo_etag"] == head.headers["etag"]
    swift(endpoint, TESTER, "download", name, "big", "-o", "back", directory=tmp_path)
    assert (tmp_path / "back").read_bytes() == WHOLE
    segments = f"{name}_segments"
    assert len(client.ok("GET", segments).lines) == 5
    swift(endpoint, TESTER, "delete", name, "big")
    assert client.call("HEAD", name, "big").status == 404
    assert client.ok("GET", segments).lines == []


def put_large(client: Client, container: str, sizes: list[int]) -> bytes:
    entries, whole, at = [], b"", 0
    for number, size in enumerate(sizes):
        part = WHOLE[at : at + size]
        at += size
        client.ok("PUT", container, f"part{number}", body=part)
        etag = hashlib.md5(part).hexdigest()
        path = f"/{container}/part{number}"
        entries.append({"path": path, "etag": etag, "size_bytes": size})
        whole += part
    answer = client.ok(
        "PUT",
        container,
        "large",
        query="multipart-manifest=put",
        body=json.dumps(entries),
        X_Object_Meta_Color="grün",
    )
    assert answer.status == 201
    return whole


def test_ranges(client: Client, container: str) -> None:
    whole = put_large(client, container, [MIB, 10, 300_000])
    assert client.ok("GET", container, "large").body == whole
    for first, last in ((0, 99), (MIB - 5, MIB + 20), (MIB + 5, MIB + 200_000)):
        wish = f"bytes={first}-{last}"
        answer = client.call("GET", container, "large", Range=wish)
        assert answer.status == 206
        assert answer.body == whole[first : last + 1]
    wish = f"bytes=0-9,{MIB - 5}-{MIB + 4}"
    answer = client.call("GET", container, "large", Range=wish)
    assert answer.status == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert whole[MIB - 5 : MIB + 5] in answer.body
    etag = client.ok("HEAD", container, "large").headers["etag"]
    assert client.call("GET", container, "large", If_None_Match=etag).status == 304


def test_copies_are_plain_or_manifests(client: Client, container: str) -> None:
    whole = put_large(client, container, [100, 50])
    client.ok("COPY", container, "large", Destination=f"{container}/plain")
    head = client.ok("HEAD", container, "plain")
    assert "x-static-large-object" not in head.headers
    assert head.headers["etag"] == hashlib.md5(whole).hexdigest()
    assert head.headers["x-object-meta-color"] == "grün"
    query = "multipart-manifest=get"
    to = f"{container}/again"
    client.ok("COPY", container, "large", query=query, Destination=to)
    head = client.ok("HEAD", container, "again")
    assert head.headers["x-static-large-object"] == "True"
    assert client.ok("GET", container, "again").body == whole
    listed = {
        entry["name"]: entry
        for entry in client.ok("GET", container, query="format=json").json
    }
    assert "slo_etag" in listed["again"]
    assert "slo_etag" not in listed["plain"]


def test_a_changed_segment_breaks_the_reading(client: Client, container: str) -> None:
    put_large(client, container, [100, 50])
    client.ok("PUT", container, "part0", body=b"x" * 100)
    assert client.call("GET", container, "large").status == 409


def test_info(client: Client) -> None:
    told = client.raw("GET", "/info").json
    assert told["slo"] == {
        "max_manifest_segments": 1000,
        "max_manifest_size": 8 * MIB,
        "min_segment_size": 1,
        "yield_frequency": 10,
        "allow_async_delete": False,
    }
    assert told["object_versioning"] == {}
