"""A node that was away is level with the others seconds after its return."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from random import Random

import pytest

from test.functional.harness.eyes import Eyes, eyes_on
from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER

ACCOUNT = TESTER.storage_account
BOX = "healing"
OBJECTS = 300
LARGE = Random(3).randbytes(3_000_000)
# The aim is some seconds; a loaded machine may take its time.
HEALING_SECONDS_MAX = 25.0


@pytest.fixture
def eyes(fresh_cluster: Store) -> Iterator[Eyes]:
    with eyes_on(fresh_cluster) as found:
        yield found


@pytest.fixture
def writer(fresh_cluster: Store) -> Iterator[Client]:
    client = Client(fresh_cluster.endpoint(0), TESTER)
    yield client
    client.close()


def names(first: int, stop: int) -> list[str]:
    return [f"object {number:04}" for number in range(first, stop)]


def wait_until_level(eyes: Eyes, listed: list[str], what: str) -> float:
    """The seconds it took until every device holds and lists the same."""
    begun = time.monotonic()
    wait_for(eyes.are_level, "equal objects", HEALING_SECONDS_MAX)
    for device in eyes.containers:
        wait_for(
            lambda device=device: eyes.listing(device, ACCOUNT, BOX) == listed,
            f"the listing of {device}",
            HEALING_SECONDS_MAX,
        )
    seconds = time.monotonic() - begun
    print(f"{what}: level after {seconds:.1f} s")
    return seconds


def change_everything(writer: Client) -> list[str]:
    """Changes of every kind; the names that are listed afterwards."""
    for name in names(0, 100):
        writer.ok("DELETE", BOX, name)
    for name in names(100, 150):
        writer.ok("PUT", BOX, name, body=b"newer " + name.encode())
    for name in names(150, 180):
        writer.ok("POST", BOX, name, X_Object_Meta_Color="red")
    for name in names(OBJECTS, OBJECTS + 100):
        writer.ok("PUT", BOX, name, body=name.encode())
    writer.ok("PUT", BOX, "large", body=LARGE)
    return sorted(["large", *names(100, OBJECTS + 100)])


def fill(writer: Client) -> None:
    writer.ok("PUT", BOX)
    for name in names(0, OBJECTS):
        writer.ok("PUT", BOX, name, body=name.encode())


def check(eyes: Eyes, store: Store, listed: list[str]) -> None:
    """The device that was away knows the newest, and its node serves it."""
    assert all(
        (state := eyes.state("d3", ACCOUNT, BOX, name)) and not state.exists
        for name in names(0, 100)
    )
    client = Client(store.endpoint(2), TESTER)
    try:
        assert client.ok("GET", BOX).body.decode().split("\n")[:-1] == listed
        assert client.ok("GET", BOX, "large").body == LARGE
        name = names(120, 121)[0]
        assert client.ok("GET", BOX, name).body == b"newer " + name.encode()
        assert client.call("GET", BOX, names(5, 6)[0]).status == 404
        head = client.ok("HEAD", BOX, names(160, 161)[0])
        assert head.headers["x-object-meta-color"] == "red"
    finally:
        client.close()


def test_a_killed_node_heals(fresh_cluster: Store, eyes: Eyes, writer: Client) -> None:
    fill(writer)
    fresh_cluster.kill_node(2)
    listed = change_everything(writer)
    fresh_cluster.start_node(2)
    wait_until_level(eyes, listed, "killed")
    check(eyes, fresh_cluster, listed)


def test_a_stopped_node_heals(fresh_cluster: Store, eyes: Eyes, writer: Client) -> None:
    """It does not start anew, so nobody but the others knows that it missed things."""
    fill(writer)
    pids = fresh_cluster.workers(2)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        listed = change_everything(writer)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    wait_until_level(eyes, listed, "stopped")
    check(eyes, fresh_cluster, listed)


def test_a_wiped_device_is_filled(
    fresh_cluster: Store, eyes: Eyes, writer: Client
) -> None:
    fill(writer)
    listed = change_everything(writer)
    fresh_cluster.kill_node(2)
    (device,) = fresh_cluster.device_directories()[2:]
    shutil.rmtree(device)
    device.mkdir()
    fresh_cluster.start_node(2)
    wait_until_level(eyes, listed, "wiped")
    check(eyes, fresh_cluster, listed)
