"""doc/tutorial.md, command by command, with the unmodified client and real guests."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from test.functional.compute.apart import need_a_host, run_apart

# Two boots and a snapshot under emulation, and some fifty starts of a client that
# takes two seconds each; four times that on a busy machine.
SECONDS_MAX = 900.0


def test_the_tutorial() -> None:
    need_a_host()
    # Sockets of guests have short names only in a short place.
    directory = Path(mkdtemp(prefix="rs-"))
    try:
        said = run_apart(
            "test.functional.compute.real_tutorial",
            str(directory),
            seconds=SECONDS_MAX,
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    assert "guest ready: hostname=one" in said
    assert "written before the snapshot" in said
