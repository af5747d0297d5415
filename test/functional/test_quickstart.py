"""The first command: from nothing to a store with real files in it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import swiftclient

from objectstore.cli import roundtrip
from test.functional.harness.http import Client
from test.functional.harness.ports import free_port_range
from test.functional.harness.store import Store, listens, wait_for
from test.functional.harness.tools import Ended, run
from test.functional.harness.users import TESTER

COMMAND = [sys.executable, "-m", "objectstore.cli.quickstart"]
# The quickstart's node port stands this far above its public one.
NODE_PORT_OFFSET = 1000
# It goes through thousands of requests: half a minute, or minutes beside other tests.
CHECK_SECONDS_MAX = 400.0


def free_port() -> int:
    while True:
        port = free_port_range(1)
        if not listens(port + NODE_PORT_OFFSET):
            return port


def quickstart(*arguments: str, expected: int = 0) -> Ended:
    return run([*COMMAND, *arguments], expected=expected, seconds=CHECK_SECONDS_MAX)


def test_check_serve_and_check_again(tmp_path: Path) -> None:
    data = tmp_path / "store"
    first = quickstart("--check", "--port", str(free_port()), "--data", str(data))
    uploaded = re.search(r"uploaded +([\d,]+) files", first.errors)
    assert uploaded is not None, first
    assert int(uploaded[1].replace(",", "")) > 500
    assert "every byte is the same" in first.errors

    # The second run finds everything, also under another port, and serves.
    port = free_port()
    said = serve_and_replace_one(data, port)
    assert f"nothing: all {uploaded[1]} files were there" in said
    assert "every byte is the same" in said
    assert f"http://127.0.0.1:{port}/auth/v1.0" in said
    assert not listens(port)

    # The third sends what was replaced meanwhile; the workers share the devices.
    ports = ["--port", str(free_port()), "--workers", "2"]
    third = quickstart("--check", *ports, "--data", str(data))
    assert "uploaded    1 files" in third.errors
    assert "every byte is the same" in third.errors


def serve_and_replace_one(data: Path, port: int) -> str:
    """Run until Ctrl-C, replacing one of the files; what the command said."""
    process = subprocess.Popen(
        [*COMMAND, "--data", str(data), "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "store is up" in said
        while "serving until Ctrl-C" not in said:
            line = process.stderr.readline()
            assert line, f"ended after:\n{said}"
            said += line
        client = Client(f"http://127.0.0.1:{port}", TESTER)
        client.ok("PUT", "python-library", "abc.py", body=b"something else")
        client.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert process.returncode == 0
    return said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "80"),
        ("--port", "many"),
        ("--workers", "0"),
        ("--workers", "5"),
        ("--unknown",),
        ("surplus",),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = quickstart("--data", str(tmp_path / "x"), *arguments, expected=2)
    assert ended.output == b""
    [line] = ended.errors.splitlines()
    assert line.startswith("quickstart: ")
    assert not (tmp_path / "x").exists()


def test_a_port_in_use_is_said(tmp_path: Path, alone: Store) -> None:
    port = str(alone.plans[0].public_port)
    ended = quickstart(
        "--check", "--data", str(tmp_path / "x"), "--port", port, expected=1
    )
    assert f"quickstart: port {port} is in use by something else" in ended.errors


def test_data_in_use_is_said_and_left_alone(tmp_path: Path) -> None:
    store = Store.alone(tmp_path / "x")
    settings = store.place.settings_directory
    before = {path: path.read_bytes() for path in settings.iterdir()}
    store.start()
    try:
        ports = ["--port", str(free_port())]
        data = store.place.directory
        ended = quickstart("--check", "--data", str(data), *ports, expected=1)
    finally:
        store.stop()
    [line] = ended.errors.splitlines()
    assert line == f"quickstart: {data}: a server that runs uses it; stop that first"
    assert {path: path.read_bytes() for path in settings.iterdir()} == before


def test_what_the_store_answered_is_said(tmp_path: Path) -> None:
    store = Store.alone(tmp_path / "x")
    settings = store.place.settings_file("store")
    text = settings.read_text("utf-8")
    never = text.replace("[server]\n", "[server]\nbody_reserve = 1000000 GiB\n")
    settings.write_text(never, "utf-8")
    store.start()
    try:
        account = roundtrip.Account(store.endpoint(), TESTER.login, TESTER.key)
        with pytest.raises(swiftclient.ClientException, match="507"):
            roundtrip.upload(account, roundtrip.library_tree()[:1], lambda _size: None)
    finally:
        store.stop()


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("not a directory", "ascii")
    ended = quickstart("--check", "--data", str(taken / "below"), expected=1)
    [line] = ended.errors.splitlines()
    assert line.startswith("quickstart: ")
    assert line.endswith("Not a directory")


def test_killed_hard_it_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path / "x"), "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: listens(port), "the store")
    finally:
        process.kill()
        process.wait(30)
    wait_for(lambda: not listens(port), "the store to end")
