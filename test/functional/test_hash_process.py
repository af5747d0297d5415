"""Bodies that a process beside the worker hashes, and that process being killed."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from objectstore.kernel.hash_process import BUSY_BUFFERS, PROGRAM
from test.functional.harness.http import Client
from test.functional.harness.store import Store, children, wait_for
from test.functional.harness.users import TESTER
from test.functional.test_objects import pattern

SIZE = 64 * 1024
CLIENTS = 4 * BUSY_BUFFERS
ROUNDS = 20

needs_two_processors = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="there is none on one processor"
)


def hashing(store: Store) -> list[int]:
    """The processes that hash."""
    found = []
    for worker in store.workers():
        for process in children(worker):
            with open(f"/proc/{process}/cmdline", "rb") as file:
                if os.fsencode(PROGRAM) in file.read().split(b"\0"):
                    found.append(process)
    return found


@pytest.fixture
def clients(fresh_store: Store) -> Iterator[list[Client]]:
    made = [Client(fresh_store.endpoint(), TESTER) for _ in range(CLIENTS)]
    made[0].ok("PUT", "busy")
    yield made
    for client in made:
        client.close()


def put_all(clients: list[Client], rounds: int) -> None:
    """Each client puts bodies of its own; every answer must be right."""

    def put(number: int) -> None:
        for turn in range(rounds):
            data = pattern(SIZE + turn, number * ROUNDS + turn)
            tag = hashlib.md5(data, usedforsecurity=False).hexdigest()
            name = f"{number} {turn}"
            wrong = clients[number].call(
                "PUT", "busy", f"wrong {name}", body=data, ETag=tag[::-1]
            )
            assert wrong.status == 422
            right = clients[number].call("PUT", "busy", name, body=data, ETag=tag)
            assert (right.status, right.headers["etag"]) == (201, tag)
            assert clients[number].ok("GET", "busy", name).body == data

    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(put, number) for number in range(CLIENTS)]:
            done.result()


@needs_two_processors
def test_busy_clients_while_it_is_killed(
    fresh_store: Store, clients: list[Client]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(put_all, clients, ROUNDS)
        wait_for(lambda: putting.done() or hashing(fresh_store), "a process to hash")
        for process in hashing(fresh_store):
            os.kill(process, signal.SIGKILL)
        putting.result()
    entries = clients[0].ok("GET", "busy", query="format=json").names
    expected = {f"{n} {turn}" for n in range(CLIENTS) for turn in range(ROUNDS)}
    assert set(entries) == expected, "nothing with a wrong ETag is there"


@needs_two_processors
def test_it_ends_with_its_worker(fresh_store: Store, clients: list[Client]) -> None:
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(put_all, clients, ROUNDS)
        wait_for(lambda: putting.done() or hashing(fresh_store), "a process to hash")
        putting.result()
    (process,) = hashing(fresh_store)
    fresh_store.kill_node(0)
    wait_for(lambda: not os.path.exists(f"/proc/{process}/exe"), "it to end")
