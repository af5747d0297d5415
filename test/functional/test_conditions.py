"""Conditional requests, and the race that exactly one writer wins."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate, parsedate_to_datetime

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER

PAST = "Wed, 21 Oct 2015 07:28:00 GMT"
RACERS = 50


@pytest.fixture
def etag(client: Client, container: str) -> str:
    return client.ok("PUT", container, "object", body=b"data").headers["etag"]


def test_reads(client: Client, container: str, etag: str) -> None:
    head = client.ok("HEAD", container, "object").headers
    modified = head["last-modified"]
    before = formatdate(parsedate_to_datetime(modified).timestamp() - 1, usegmt=True)
    future = formatdate(time.time() + 9999, usegmt=True)
    quoted = f'"{etag}"'
    wanted: list[tuple[dict[str, str], int]] = [
        ({"If-Match": etag}, 200),
        ({"If-Match": quoted}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": f'"x", {quoted}'}, 200),
        ({"If-Match": '"x"'}, 412),
        ({"If-Match": f"W/{quoted}"}, 412),
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": quoted}, 304),
        ({"If-None-Match": f"W/{quoted}"}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": PAST}, 200),
        ({"If-Modified-Since": before}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": future}, 304),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Unmodified-Since": PAST}, 412),
        ({"If-Unmodified-Since": before}, 412),
        ({"If-Unmodified-Since": modified}, 200),
        ({"If-Unmodified-Since": "tomorrow"}, 200),
        # The entity tags come before the dates.
        ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200),
        ({"If-Match": etag, "If-Unmodified-Since": PAST}, 200),
        ({"If-Match": '"x"', "If-None-Match": etag}, 412),
        # A condition that fails comes before a range, and the other way round.
        ({"If-Match": '"x"', "Range": "bytes=0-0"}, 412),
        ({"If-Match": etag, "Range": "bytes=0-0"}, 206),
    ]
    for headers, status in wanted:
        for method in ("GET", "HEAD"):
            answer = client.send(method, container, "object", headers=headers)
            if method == "HEAD" and status == 206:
                assert answer.status in (200, 206)
                continue
            assert answer.status == status, (method, headers)
            if status == 304:
                assert answer.body == b""
                assert answer.headers["etag"] == etag
                assert "last-modified" in answer.headers
                assert answer.headers.get("content-length", "0") == "0"
    assert (
        client.send("GET", container, "none", headers={"If-None-Match": "*"}).status
        == 404
    )
    assert (
        client.send("GET", container, "none", headers={"If-Match": "*"}).status == 412
    )


def test_writes(client: Client, container: str, etag: str) -> None:
    def put(name: str, body: bytes = b"new", **headers: str) -> int:
        return client.call("PUT", container, name, body=body, **headers).status

    assert put("object", If_None_Match="*") == 412
    assert client.ok("GET", container, "object").body == b"data"
    assert put("fresh", If_None_Match="*") == 201
    assert put("fresh", If_None_Match="*") == 412
    assert put("fresh", If_None_Match=f'"{etag}"') == 400
    client.ok("DELETE", container, "fresh")
    assert put("fresh", If_None_Match="*") == 201
    assert put("object", If_Match='"x"') == 412
    assert put("object", If_Match=etag) == 201
    assert client.ok("GET", container, "object").body == b"new"
    assert put("nothing", If_Match="*") == 412
    assert client.call("HEAD", container, "nothing").status == 404
    # The same with a body that does not fit into the log.
    large = b"x" * 1_200_000
    assert put("object", large, If_None_Match="*") == 412
    assert put("large", large, If_None_Match="*") == 201
    assert put("large", large, If_None_Match="*") == 412


@pytest.mark.parametrize("size", [10, 1_100_000])
def test_of_many_racers_one_wins(every_store: Store, name: str, size: int) -> None:
    nodes = len(every_store.plans)
    owner = Client(every_store.endpoint(), TESTER)
    owner.ok("PUT", name)

    def race(number: int) -> int:
        client = Client(every_store.endpoint(number % nodes))
        client.token, client.account = owner.token, owner.account
        body = b"%02d" % number * (size // 2)
        answer = client.call("PUT", name, "prize", body=body, If_None_Match="*")
        client.close()
        return answer.status

    with ThreadPoolExecutor(RACERS) as pool:
        statuses = list(pool.map(race, range(RACERS)))
    assert statuses.count(201) == 1, statuses
    assert statuses.count(412) == RACERS - 1, statuses
    winner = statuses.index(201)
    for node in range(nodes):
        reader = Client(every_store.endpoint(node), TESTER)
        assert reader.ok("GET", name, "prize").body == b"%02d" % winner * (size // 2)
        assert reader.ok("GET", name).lines == ["prize"]
        reader.close()
    owner.close()
