"""A real guest and its volumes (see real_volumes)."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest

from test.functional.compute.apart import need_a_host, run_apart

# Two boots under emulation.
SECONDS_MAX = 420.0


def test_a_real_guest_has_volumes() -> None:
    need_a_host()
    if shutil.which("qemu-storage-daemon") is None:
        pytest.skip("not installed: qemu-system-common (qemu-storage-daemon)")
    # Sockets of guests have short names only in a short place.
    directory = Path(mkdtemp(prefix="rs-"))
    try:
        said = run_apart(
            "test.functional.compute.real_volumes", str(directory), seconds=SECONDS_MAX
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(said)
    assert "wrote to the volume" in said
    assert "read the same bytes" in said
    assert "nothing is left behind" in said
