"""A real guest and its volumes (see real_volumes)."""

from __future__ import annotations

import shutil

import pytest

from test.functional.compute.apart import LANE

# Two boots under emulation.
SECONDS_MAX = 420.0


def test_a_real_guest_has_volumes() -> None:
    if shutil.which("qemu-storage-daemon") is None:
        pytest.skip("not installed: qemu-system-common (qemu-storage-daemon)")
    said = LANE.run("test.functional.compute.real_volumes", seconds=SECONDS_MAX)
    assert "nothing of it is on the disk in clear" in said
    assert "wrote to the volume" in said
    assert "read the same bytes" in said
    assert "both guests saw what each of them wrote" in said
    assert "nothing is left behind" in said
