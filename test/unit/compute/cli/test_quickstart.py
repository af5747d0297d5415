"""What ``quickstart`` says of ports before it starts anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from compute.cli.quickstart import main
from objectstore.cli.quickstart import NODE_PORT_OFFSET
from test.functional.harness.ports import free_port_range


def said(directory: Path, *ports: int) -> str:
    """What it says instead of starting."""
    store, cloud = map(str, ports)
    arguments = ["--check", "--hypervisor", "sim", "--data", str(directory / "data")]
    got = CliRunner().invoke(main, [*arguments, "--port", store, "--cloud-port", cloud])
    assert got.exit_code == 1
    assert not (directory / "data").exists()
    return got.output


@pytest.mark.parametrize("offset", [0, NODE_PORT_OFFSET])
def test_the_cloud_does_not_listen_where_its_store_does(
    tmp_path: Path, offset: int, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(tmp_path, 20000, 20000 + offset) + capsys.readouterr().err
    assert "takes 20000 and 21000: choose another --cloud-port" in out


@pytest.mark.parametrize("which", ["store", "nodes", "cloud"])
def test_a_port_that_is_taken_is_named(
    tmp_path: Path, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        store, cloud = {
            "store": (port, 1025),
            "nodes": (port - NODE_PORT_OFFSET, 1025),
            "cloud": (1025, port),
        }[which]
        out = said(tmp_path, store, cloud) + capsys.readouterr().err
    assert f"port {port} is in use by something else" in out
    assert "choose another --port or --cloud-port" in out


def test_a_directory_that_cannot_be_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("not a directory", "ascii")
    wanted = ["--data", str(tmp_path / "data" / "below"), "--hypervisor", "sim"]
    store = free_port_range(2)
    ports = ["--port", str(store), "--cloud-port", str(store + 1)]
    got = CliRunner().invoke(main, ["--check", *wanted, *ports])
    assert got.exit_code == 1
    out = " ".join((got.output + capsys.readouterr().err).split())
    assert out.startswith("quickstart: ")
    assert out.endswith("Not a directory")
