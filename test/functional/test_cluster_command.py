"""``objectstore cluster``: up, status, down, together and apart."""

from __future__ import annotations

import sys
from pathlib import Path

from test.functional.harness.http import Client
from test.functional.harness.ports import free_port_range
from test.functional.harness.store import APART_PORTS
from test.functional.harness.tools import Ended, run
from test.functional.harness.users import TESTER

COMMAND = [sys.executable, "-m", "objectstore.cli", "cluster"]


def cluster(*arguments: str, expected: int = 0) -> Ended:
    # Not captured through a pipe that the servers would keep open.
    return run([*COMMAND, *arguments], expected=expected)


def test_up_status_down(tmp_path: Path) -> None:
    where = ["--data", str(tmp_path / "cluster")]
    port = free_port_range(APART_PORTS)
    ports = ["--port", str(port)]
    assert cluster("status", *where, *ports, expected=1).text.count("not running") == 3
    try:
        up = cluster("up", *where, *ports)
        assert f"node1: http://127.0.0.1:{port}/auth/v1.0" in up.text
        assert cluster("status", *where, *ports).text.count("answers") == 3
        assert cluster("up", *where, *ports).text.count("is running") == 3
        client = Client(f"http://127.0.0.1:{port}", TESTER)
        client.ok("PUT", "container")
        client.ok("PUT", "container", "object", body=b"data")
        client.close()
    finally:
        down = cluster("down", *where)
    assert down.text.count("stopped") == 3
    assert cluster("down", *where).text.count("is not running") == 3
    assert cluster("status", *where, *ports, expected=1).text.count("not running") == 3
    # Up again under other ports: the data is found.
    port = free_port_range(APART_PORTS)
    try:
        cluster("up", *where, "--port", str(port))
        for node in range(3):
            client = Client(f"http://127.0.0.1:{port + node}", TESTER)
            assert client.ok("GET", "container", "object").body == b"data"
            client.close()
        refused = cluster("up", "--apart", *where, expected=2)
        assert len(refused.errors.splitlines()) == 1
    finally:
        cluster("down", *where)


def test_apart(tmp_path: Path) -> None:
    where = ["--data", str(tmp_path / "apart")]
    port = free_port_range(APART_PORTS)
    ports = ["--port", str(port)]
    try:
        up = cluster("up", "--apart", *where, *ports)
        assert f"proxy: http://127.0.0.1:{port}/auth/v1.0" in up.text
        # What the directory was laid out for is known from then on.
        assert cluster("status", *where, *ports).text.count("answers") == 10
        client = Client(f"http://127.0.0.1:{port}", TESTER)
        client.ok("PUT", "container")
        client.ok("PUT", "container", "object", body=b"data")
        assert client.ok("GET", "container").lines == ["object"]
        client.close()
    finally:
        assert cluster("down", *where).text.count("stopped") == 10


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("not a directory", "ascii")
    refused = cluster("up", "--data", str(taken / "below"), expected=1)
    [line] = refused.errors.splitlines()
    assert line.endswith("Not a directory")
