"""What happens to real guests on bad days (see real_bad_days)."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from test.functional.compute.apart import need_a_host, run_apart

# Three boots under emulation: a minute on a quiet machine.
SECONDS_MAX = 480.0


def test_bad_days() -> None:
    need_a_host()
    # Sockets of guests have short names only in a short place.
    directory = Path(mkdtemp(prefix="rs-"))
    try:
        said = run_apart(
            "test.functional.compute.real_bad_days", str(directory), seconds=SECONDS_MAX
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    assert "and its guest got ready" in said
    assert "active though the cloud was killed" in said
    assert "ready though libvirtd was killed" in said
    assert "nothing is left behind" in said
