"""Object versions over sockets: what each version is, writers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client

WRITERS = 8
WRITES = 5


@pytest.fixture
def versioned(client: Client, name: str) -> str:
    client.ok("PUT", name, X_Versions_Enabled="true")
    return name


def test_versions_stay(client: Client, versioned: str) -> None:
    large = b"x" * 600_000
    ids = [
        client.ok("PUT", versioned, "größe", body=body).headers["x-object-version-id"]
        for body in (b"1", large, b"3")
    ]
    answer = client.ok("GET", versioned, "größe", query=f"version-id={ids[1]}")
    assert answer.body == large
    marker = client.ok("DELETE", versioned, "größe").headers["x-object-version-id"]
    assert client.call("GET", versioned, "größe").status == 404
    listed = client.ok("GET", versioned, query="versions").json
    assert [entry["version_id"] for entry in listed] == [marker, *reversed(ids)]
    assert [entry["is_latest"] for entry in listed] == [True, False, False, False]
    assert client.ok("GET", versioned).lines == []
    head = client.ok("HEAD", versioned)
    assert head.headers["x-container-bytes-used"] == str(len(large) + 2)
    assert client.call("DELETE", versioned).status == 409
    for entry in listed:
        query = f"version-id={entry['version_id']}"
        client.ok("DELETE", versioned, "größe", query=query)
    client.ok("DELETE", versioned)


def test_a_listing_of_versions_has_two_ends(client: Client, versioned: str) -> None:
    names = ["a", "b", "b/1", "b1", "c"]
    for name in names * 2:
        client.ok("PUT", versioned, name, body=b"x")
    for marker, end in [("", "b"), ("a", "b1"), ("b", "b/1"), ("b", ""), ("", "z")]:
        query = f"versions&marker={marker}&end_marker={end}"
        for more in ("", "&reverse=false"):
            page = client.ok("GET", versioned, query=query + more).json
            between = [n for n in names if marker < n and (not end or n < end)]
            assert [e["name"] for e in page] == [n for n in between for _ in "12"]
            assert [e["is_latest"] for e in page] == [True, False] * len(between)
        query = f"versions&reverse=true&marker={end}&end_marker={marker}"
        page = client.ok("GET", versioned, query=query).json
        assert [e["name"] for e in page] == [n for n in between[::-1] for _ in "12"]
        assert [e["is_latest"] for e in page] == [False, True] * len(between)


def test_copies_of_versions(client: Client, versioned: str) -> None:
    container = f"{versioned}-to"
    client.ok("PUT", container)
    first = client.ok("PUT", versioned, "o", body=b"first").headers
    client.ok("PUT", versioned, "o", body=b"second")
    query = f"version-id={first['x-object-version-id']}"
    client.ok("COPY", versioned, "o", query=query, Destination=f"{container}/o")
    assert client.ok("GET", container, "o").body == b"first"
    client.ok("COPY", versioned, "o", query=query, Destination=f"{versioned}/o")
    assert client.ok("GET", versioned, "o").body == b"first"
    assert len(client.ok("GET", versioned, query="versions").json) == 3


def test_no_writer_loses_a_version(connect: Connect, client: Client, name: str) -> None:
    client.ok("PUT", name, X_Versions_Enabled="true")

    def write(writer: int) -> set[str]:
        own = connect()
        return {
            own.ok("PUT", name, "o", body=f"{writer}.{turn}").headers[
                "x-object-version-id"
            ]
            for turn in range(WRITES)
        }

    with ThreadPoolExecutor(WRITERS) as pool:
        written: set[str] = set().union(*pool.map(write, range(WRITERS)))
    listed = client.ok("GET", name, query="versions").json
    assert {entry["version_id"] for entry in listed} == written
    assert len(written) == WRITERS * WRITES
    (latest,) = [entry for entry in listed if entry["is_latest"]]
    assert latest is listed[0]
    current = client.ok("GET", name, "o")
    assert current.headers["x-object-version-id"] == max(written)
