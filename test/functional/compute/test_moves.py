"""Real guests move between two real hosts (see real_moves)."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from test.functional.compute.apart import need_a_host, run_apart

# Two boots at once under emulation, three moves and three volumes.
SECONDS_MAX = 420.0


def test_real_guests_move() -> None:
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
    for name in ("plain", "rooted"):
        assert f"{name} moved live" in said
        assert f"{name} sees its volume's new size" in said
        assert f"{name}: its volume came along" in said
    assert said.count("writes to the volume are there") == 2
    assert "its note is there" in said
    assert "nothing is left behind" in said
