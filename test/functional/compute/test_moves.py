"""A real guest moves between two real hosts (see real_moves)."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from test.functional.compute.apart import need_a_host, run_apart

# Two boots under emulation, two moves and a volume.
SECONDS_MAX = 420.0


def test_a_real_guest_moves() -> None:
    need_a_host()
    # Sockets of guests have short names only in a short place.
    directory = Path(mkdtemp(prefix="rs-"))
    try:
        said = run_apart(
            "test.functional.compute.real_moves", str(directory), seconds=SECONDS_MAX
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(said)
    assert "moved live" in said
    assert "sees its volume's new size" in said
    assert "writes to the volume are there" in said
    assert "its note is there" in said
    assert "its volume came along" in said
    assert "nothing is left behind" in said


def test_a_real_guest_that_boots_from_a_volume_moves() -> None:
    need_a_host()
    directory = Path(mkdtemp(prefix="rs-"))
    try:
        module = "test.functional.compute.real_moves"
        said = run_apart(module, str(directory), "rooted", seconds=SECONDS_MAX)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(said)
    assert "moved live" in said
    assert "writes to the volume are there" in said
    assert "nothing is left behind" in said
