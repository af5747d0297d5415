"""Stopped or killed in the middle of writing: what was acknowledged is there."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Callable

from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER
from test.functional.test_objects import INLINE, pattern

WRITERS = 4
BEFORE = 120


class Writer:
    """Writes, replaces and deletes its own names until the store goes away.

    ``kept`` and ``gone`` are what was acknowledged; of ``doubtful`` names the
    last request got no answer.
    """

    def __init__(self, endpoint: str, container: str, number: int) -> None:
        self.kept: dict[str, bytes] = {}
        self.gone: set[str] = set()
        self.doubtful: set[str] = set()
        self.count = 0
        self._client = Client(endpoint, TESTER)
        self._container = container
        self._number = number
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            while True:
                self._one(self.count)
                self.count += 1
        except (OSError, http.client.HTTPException):
            pass  # the store has gone away

    def _one(self, count: int) -> None:
        name = f"{self._number}/{count % 50:03}"
        self.doubtful.add(name)
        if count % 7 == 6 and name in self.kept:
            answer = self._client.call("DELETE", self._container, name)
            assert answer.status in (204, 503), answer
            if answer.status == 204:
                del self.kept[name]
                self.gone.add(name)
                self.doubtful.discard(name)
            return
        size = INLINE + count if count % 11 == 10 else count * 10
        body = pattern(size, seed=self._number * 1000 + count)
        answer = self._client.call("PUT", self._container, name, body=body)
        assert answer.status in (201, 503), answer
        if answer.status == 201:
            self.kept[name] = body
            self.gone.discard(name)
            self.doubtful.discard(name)


def interrupted(store: Store, end: Callable[[], None]) -> list[Writer]:
    """Writers at work on every node until ``end`` ends the store."""
    client = Client(store.endpoint(), TESTER)
    client.ok("PUT", "container", X_Container_Meta_Kept="yes")
    client.close()
    nodes = len(store.plans)
    writers = [
        Writer(store.endpoint(number % nodes), "container", number)
        for number in range(WRITERS)
    ]
    wait_for(lambda: sum(w.count for w in writers) >= BEFORE, "enough writes")
    end()
    for writer in writers:
        writer.thread.join(60)
        assert not writer.thread.is_alive()
    return writers


def check(store: Store, writers: list[Writer]) -> None:
    for node in range(len(store.plans)):
        client = Client(store.endpoint(node), TESTER)
        head = client.ok("HEAD", "container").headers
        assert head["x-container-meta-kept"] == "yes"
        for writer in writers:
            for name, body in writer.kept.items():
                if name not in writer.doubtful:
                    assert client.ok("GET", "container", name).body == body, name
            for name in writer.gone - writer.doubtful:
                assert client.call("GET", "container", name).status == 404, name

        def is_settled(client: Client = client) -> bool:
            """The listing says what the objects say, doubtful ones too."""
            answer = client.ok("GET", "container", query="format=json")
            listed = {entry["name"]: entry["hash"] for entry in answer.json}
            names = {n for w in writers for n in (*w.kept, *w.gone, *w.doubtful)}
            names.update(listed)
            found = {}
            for name in names:
                got = client.call("GET", "container", name)
                if got.status == 200:
                    found[name] = got.headers["etag"]
            return found == listed

        wait_for(is_settled, "listing and objects to agree")
        client.close()


def test_stop_and_kill(own_store: Store) -> None:
    def kill() -> None:
        for node in range(len(own_store.plans)):
            own_store.kill_node(node)

    for end in (own_store.stop, kill):
        writers = interrupted(own_store, end)
        own_store.start()
        check(own_store, writers)


def test_a_worker_that_dies_is_replaced(fresh_store: Store) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", "container")
    for number in range(20):
        client.ok("PUT", "container", f"o{number}", body=b"%d" % number)
        if number % 5 == 4:
            [worker] = fresh_store.workers()
            os.kill(worker, signal.SIGKILL)
            wait_for(
                lambda worker=worker: fresh_store.workers() not in ([], [worker]),
                "another worker",
            )
            wait_for(fresh_store.answers, "it to answer")
    for number in range(20):
        assert client.ok("GET", "container", f"o{number}").body == b"%d" % number
    assert len(client.ok("GET", "container").lines) == 20
    client.close()
