"""What happens to real guests on bad days (see real_bad_days)."""

from __future__ import annotations

from test.functional.compute.apart import LANE

# Four boots under emulation: a minute on a quiet machine.
SECONDS_MAX = 480.0


def test_bad_days() -> None:
    said = LANE.run("test.functional.compute.real_bad_days", seconds=SECONDS_MAX)
    assert "and its guest got ready" in said
    assert "active though the cloud was killed" in said
    assert "ready though libvirtd was killed" in said
    assert "ready again after a power cut" in said
    assert "nothing is left behind" in said
