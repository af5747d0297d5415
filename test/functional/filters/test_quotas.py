"""Quotas of containers, which owners set, and of accounts, which resellers set."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import COMMANDER, RESELLER

WRITERS = 10


def test_a_containers_bytes(client: Client, container: str) -> None:
    client.ok("POST", container, X_Container_Meta_Quota_Bytes="10")
    client.ok("PUT", container, "fits", body="x" * 10)
    refused = client.call("PUT", container, "more", body="x" * 11)
    assert (refused.status, "quota" in refused.text) == (413, True)
    assert client.call("HEAD", container, "more").status == 404
    source = f"{container}-source"
    client.ok("PUT", source)
    client.ok("PUT", source, "big", body="x" * 11)
    copied = client.call("PUT", container, "copy", X_Copy_From=f"{source}/big")
    assert copied.status == 413
    assert client.ok("GET", container).lines == ["fits"]


def test_a_containers_count(client: Client, name: str) -> None:
    client.ok("PUT", name, X_Container_Meta_Quota_Count="0")
    assert client.call("PUT", name, "one", body="x").status == 413
    client.ok("POST", name, X_Remove_Container_Meta_Quota_Count="x")
    client.ok("PUT", name, "one", body="x")
    assert client.ok("GET", name).lines == ["one"]


def test_quotas_are_exact_at_once(client: Client, container: str) -> None:
    client.ok("POST", container, X_Container_Meta_Quota_Bytes="10")
    client.ok("PUT", container, "fits", body="x" * 10)
    assert client.call("PUT", container, "more", body="x").status == 413
    client.ok("DELETE", container, "fits")
    client.ok("PUT", container, "more", body="x")


def test_a_quota_bounds_what_comes_in_chunks(client: Client, container: str) -> None:
    client.ok("POST", container, X_Container_Meta_Quota_Bytes="2500000")
    for size in (3_000, 2_000_000):
        pieces = [bytes(size // 2)] * 2
        client.ok("PUT", container, "k", body=iter(pieces))
        client.ok("DELETE", container, "k")
    refused = client.call("PUT", container, "k", body=iter([bytes(1_000_000)] * 3))
    assert (refused.status, refused.text) == (413, "Upload exceeds quota.")
    assert client.call("HEAD", container, "k").status == 404
    client.ok("PUT", container, "rest", body=bytes(2_499_999))
    assert client.call("PUT", container, "k", body=iter([b"xx"])).status == 413
    client.ok("PUT", container, "k", body=iter([b"x"]))


def test_of_many_writers_as_many_win_as_fit(
    connect: Connect, client: Client, container: str
) -> None:
    client.ok("POST", container, X_Container_Meta_Quota_Count="20")
    clients = [connect() for _ in range(WRITERS)]

    def write(number: int) -> list[int]:
        names = [f"{number}-{turn}" for turn in range(5)]
        return [
            clients[number].call("PUT", container, n, body="x").status for n in names
        ]

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = [
            status for some in pool.map(write, range(WRITERS)) for status in some
        ]
    assert sorted(statuses) == [201] * 20 + [413] * (5 * WRITERS - 20)
    assert len(client.ok("GET", container).lines) == 20


def test_long_uploads_through_several_nodes_are_looked_at_again(
    connect: Connect, store: Store, client: Client, container: str
) -> None:
    client.ok("POST", container, X_Container_Meta_Quota_Bytes="1000000")
    nodes = len(store.plans)
    clients = [connect(node=number) for number in range(nodes)]
    ends = [threading.Event() for _ in clients]
    begun = threading.Semaphore(0)

    def upload(number: int) -> int:
        def pieces() -> Iterator[bytes]:
            yield bytes(300_000)
            begun.release()
            assert ends[number].wait(20)
            yield bytes(300_000)

        answer = clients[number].call(
            "PUT", container, str(number), body=pieces(), Content_Length="600000"
        )
        return answer.status

    with ThreadPoolExecutor(nodes) as pool:
        statuses = [pool.submit(upload, number) for number in range(nodes)]
        for _ in clients:
            assert begun.acquire(timeout=20)
        found = []
        for end, status in zip(ends, statuses, strict=True):
            end.set()
            found.append(status.result(20))
    assert found == [201] + [413] * (nodes - 1)
    assert client.ok("GET", container).lines == ["0"]


@pytest.mark.parametrize("value", ["ten", "-1", "1.5"])
def test_quotas_that_are_no_numbers(client: Client, container: str, value: str) -> None:
    answer = client.call("POST", container, X_Container_Meta_Quota_Bytes=value)
    assert answer.status == 400
    headers = client.ok("HEAD", container).headers
    assert "x-container-meta-quota-bytes" not in headers


def test_only_resellers_bound_accounts(connect: Connect, name: str) -> None:
    owner, reseller = connect(COMMANDER), connect(RESELLER)
    assert owner.call("POST", X_Account_Meta_Quota_Bytes="1").status == 403
    account = owner.account
    try:
        reseller.ok("POST", account=account, X_Account_Meta_Quota_Bytes="1")
        owner.ok("PUT", name)
        assert owner.call("PUT", name, "k", body="too much").status == 413
        assert owner.call("POST", X_Remove_Account_Meta_Quota_Bytes="x").status == 403
    finally:
        reseller.ok("POST", account=account, X_Remove_Account_Meta_Quota_Bytes="x")
    assert owner.ok("PUT", name, "k", body="much").status == 201
    assert owner.ok("GET", name, "k").body == b"much"
