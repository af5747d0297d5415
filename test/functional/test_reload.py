"""SIGHUP: the settings are read again, unless they hold mistakes."""

from __future__ import annotations

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER, User

NEWCOMER = User("new", "comer", "secret", ".admin")
LARGE_BYTES = 32 * 1024 * 1024
# Enough for each of two workers to have some.
READERS = 8
LOOKED_SECONDS = 3.0
WRITERS = 4


def test_reload(tmp_path: Path) -> None:
    store = Store.alone(tmp_path)
    plan = store.plans[0]
    settings = store.place.settings_file(plan.name)
    log = store.place.log(plan.name)
    store.start()
    try:
        client = Client(store.endpoint(), TESTER)
        client.ok("PUT", "box")

        (before,) = store.workers()
        text = settings.read_text("utf-8")
        text = text.replace(TESTER.line, f"{TESTER.line}\n{NEWCOMER.line}")
        wrong = f"{text}\n[app:proxy-server]\nfacts_second = 1\n"
        settings.write_text(wrong, "utf-8")
        os.kill(store.pid(), signal.SIGHUP)
        wait_for(lambda: "the workers stay as they are" in log.read_text(), "a word")
        assert "facts_second: no such option; did you mean" in log.read_text()
        assert store.workers() == [before]
        client.ok("GET", "box")

        settings.write_text(text, "utf-8")
        (ring,) = tmp_path.rglob("object.ring.gz")
        ring.rename(ring.with_name("away"))
        os.kill(store.pid(), signal.SIGHUP)
        stay = "the workers stay as they are"
        wait_for(lambda: log.read_text().count(stay) == 2, "a word")
        assert "object.ring.gz: no ring" in log.read_text()
        ring.with_name("away").rename(ring)
        client.ok("GET", "box")
        assert store.workers() == [before]

        good = f"{text}\n[app:proxy-server]\nallow_account_management = false\n"
        settings.write_text(good, "utf-8")
        with ThreadPoolExecutor(1) as pool:
            is_over = Event()
            knocking = pool.submit(knock, store, is_over)
            os.kill(store.pid(), signal.SIGHUP)
            try:
                gone = "the old worker to end"
                wait_for(lambda: before not in store.workers(), gone)
                wait_for(store.answers, "its answer")
            finally:
                is_over.set()
            assert knocking.result() > 1
        newcomer = Client(store.endpoint(), NEWCOMER)
        newcomer.ok("PUT", "box")
        # The server's own sections are read again too, not only the filters'.
        assert newcomer.call("DELETE").status == 405
        newcomer.close()
        client.close()
    finally:
        store.stop()
    assert "Traceback" not in log.read_text()


def test_devices_are_served_while_clients_read_on(tmp_path: Path) -> None:
    """Each worker owns two of four devices: without those of one there are names that
    have no majority."""
    store = Store.alone(tmp_path, workers=2)
    store.start()
    with ExitStack() as stack:
        stack.callback(store.stop)
        client = Client(store.endpoint(), TESTER)
        stack.callback(client.close)
        client.ok("PUT", "box")
        client.ok("PUT", "box", "large", body=b"x" * LARGE_BYTES)
        before = store.workers()
        readers = [slow_reader(store, client) for _ in range(READERS)]
        for each in readers:
            stack.callback(each.close)
        os.kill(store.pid(), signal.SIGHUP)
        began, written = time.monotonic(), 0
        while time.monotonic() < began + LOOKED_SECONDS:
            name = f"o{written}"
            client.ok("PUT", "box", name, body=b"1", If_None_Match="*")
            client.ok("GET", "box", name)
            written += 1
        assert written > LOOKED_SECONDS  # it was not slow either
        assert set(before) & set(store.workers())  # who serves the readers is there
        for each in readers:
            each.close()
        wait_for(lambda: not set(before) & set(store.workers()), "new workers")


def test_a_reload_refuses_nothing_and_loses_sight_of_nothing(tmp_path: Path) -> None:
    """Two of four devices are away, then the others: names of which two of three
    replicas are among them wait to be written under conditions, and what is written
    meanwhile is read when the second pair goes."""
    store = Store.alone(tmp_path, workers=2)
    store.start()
    with ExitStack() as stack:
        stack.callback(store.stop)
        client = Client(store.endpoint(), TESTER)
        client.ok("PUT", "box")
        client.close()
        before = store.workers()
        with ThreadPoolExecutor(WRITERS) as pool:
            is_over = Event()
            lives = [pool.submit(life, store, n, is_over) for n in range(WRITERS)]
            os.kill(store.pid(), signal.SIGHUP)
            try:
                wait_for(lambda: not set(before) & set(store.workers()), "new workers")
                wait_for(store.answers, "their answer")
            finally:
                is_over.set()
            assert sum(each.result() for each in lives) > WRITERS


def test_a_worker_that_is_down_holds_up_no_successor(tmp_path: Path) -> None:
    """The only one left is replaced: nobody else takes clients while it starts."""
    store = Store.alone(tmp_path, workers=2)
    store.start()
    with ExitStack() as stack:
        stack.callback(store.stop)
        left, ended = store.workers()
        (listening,) = tmp_path.rglob("worker-1.sock")
        listening.unlink()
        listening.mkdir()  # its successors cannot listen
        os.kill(ended, signal.SIGKILL)
        log = store.place.log(store.plans[0].name)
        wait_for(lambda: "worker 1 ended with 1" in log.read_text(), "its successor")
        os.kill(store.pid(), signal.SIGHUP)
        wait_for(lambda: left not in store.workers(), "the worker to end")
        wait_for(lambda: store.is_up(0), "its successor")
        assert "clients are served without" not in log.read_text()


def knock(store: Store, is_over: Event) -> int:
    """A connection for each request, one after the other: nobody is refused, though
    there is one worker only."""
    where, count = urlsplit(store.endpoint()), 0
    while not is_over.is_set():
        asking = HTTPConnection(where.hostname or "", where.port, timeout=30)
        with closing(asking):
            asking.request("GET", "/healthcheck")
            assert asking.getresponse().status == 200
        count += 1
    return count


def life(store: Store, number: int, is_over: Event) -> int:
    """Create, change, read and delete names of its own; how many."""
    client, turn, kept = Client(store.endpoint(), TESTER), 0, None
    with closing(client):
        while not is_over.is_set():
            name = f"{number}-{turn}"
            made = client.ok("PUT", "box", name, body=b"1", If_None_Match="*")
            etag = made.headers["etag"]
            client.ok("PUT", "box", name, body=b"2", If_Match=etag)
            if kept is not None:
                assert client.ok("GET", "box", kept).body == b"2"
                assert client.call("DELETE", "box", kept).status == 204
                assert client.call("GET", "box", kept).status == 404
            kept = name
            turn += 1
    return turn


def slow_reader(store: Store, client: Client) -> socket.socket:
    """Has begun to read the large object, and reads no more."""
    where = urlsplit(store.endpoint())
    found = socket.create_connection((where.hostname, where.port))
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    path = f"/v1/{TESTER.storage_account}/box/large"
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {client.token}\r\n\r\n"
    found.sendall(head.encode())
    assert found.recv(100).startswith(b"HTTP/1.1 200")
    return found
