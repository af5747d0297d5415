"""The first command, with simulated hosts: files in and out, then a server."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from test.functional.harness.ports import free_ports
from test.functional.harness.store import listens
from test.functional.harness.tools import Ended, run

COMMAND = [sys.executable, "-m", "compute"]
NODE_PORT_OFFSET = 1000


def quickstart(*arguments: str, expected: int = 0) -> Ended:
    return run([*COMMAND, "quickstart", *arguments], expected=expected, seconds=240)


def ports() -> list[str]:
    while True:
        store, cloud = free_ports(2)
        if not listens(store + NODE_PORT_OFFSET):
            return ["--port", str(store), "--cloud-port", str(cloud)]


def test_a_simulated_cloud_twice(tmp_path: Path) -> None:
    where = ["--check", "--hypervisor", "sim", "--data", str(tmp_path / "data")]
    first = quickstart(*where, *ports())
    assert "every byte is the same" in first.errors
    assert "server      first, ACTIVE" in first.errors
    assert "Simulated guest" in first.errors
    # The second run finds everything, under other ports.
    second = quickstart(*where, *ports())
    assert "all" in second.errors
    assert "were there" in second.errors
    assert "server      first" not in second.errors
    assert "Simulated guest" in second.errors
    # Neither came to its end by a mistake of ours.
    log = (tmp_path / "data" / "log" / "cloud.log").read_text("utf-8")
    assert "TypeError" not in log


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    (taken,) = free_ports(1)
    with socket.create_server(("127.0.0.1", taken)):
        ended = quickstart(
            *("--check", "--hypervisor", "sim", "--data", str(tmp_path / "data")),
            *("--cloud-port", str(taken)),
            expected=1,
        )
    assert f"port {taken} is in use" in ended.errors


def test_wrong_arguments() -> None:
    assert "Usage:" in quickstart("--help").text
    assert "hypervisor" in quickstart("--hypervisor", "abacus", expected=2).errors
    assert "No such option" in quickstart("--prot", "1", expected=2).errors
    for command in (["serve"], ["nonsense"]):
        ended = run([*COMMAND, *command], expected=2)
        assert "Usage:" in ended.errors
