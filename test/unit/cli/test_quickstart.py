"""What the store's ``quickstart`` looks at before it starts anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from objectstore.cli.layout import LaidOut
from objectstore.cli.quickstart import refuse_full, refuse_taken

MORE_THAN_ANY_DISK = 1 << 62


def test_a_disk_that_is_too_full_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        refuse_full(tmp_path / "not" / "there", MORE_THAN_ANY_DISK)
    assert ended.value.code == 1
    assert f"quickstart: {tmp_path}: " in capsys.readouterr().err
    refuse_full(tmp_path / "not" / "there", wanted=0)


def test_what_is_there_can_be_read_though_the_disk_is_full(tmp_path: Path) -> None:
    place = LaidOut(tmp_path)
    place.settings_directory.mkdir()
    (place.settings_directory / "object.ring.gz").touch()
    refuse_full(tmp_path, MORE_THAN_ANY_DISK)


def test_each_port_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit):
            refuse_taken((1, port), "--port")
    said = capsys.readouterr().err
    assert f"port {port} is in use" in said
    assert "choose another --port" in said
