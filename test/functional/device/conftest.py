"""File systems that can be filled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE_BYTES = 16 * 1024 * 1024


@pytest.fixture(params=["tmpfs", "ext4"])
def small_device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB of its own, where mounting is permitted."""
    path = tmp_path / "small"
    path.mkdir()
    source, options = "ringstack", f"size={SIZE_BYTES}"
    if request.param == "ext4":
        source, options = str(tmp_path / "image"), "loop"
        Path(source).write_bytes(bytes(SIZE_BYTES))
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "1024", source)
    _run("mount", "-t", request.param, "-o", options, source, str(path))
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip(f"there is no {command[0]}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{command[0]}: {error.stderr.decode().strip()}")
