"""doc/tutorial.md, command by command, with the unmodified client and real guests."""

from __future__ import annotations

from test.functional.compute.apart import LANE

# Two boots and a snapshot under emulation, and some fifty starts of a client that
# takes two seconds each; four times that on a busy machine.
SECONDS_MAX = 480.0


def test_the_tutorial() -> None:
    said = LANE.run("test.functional.compute.real_tutorial", seconds=SECONDS_MAX)
    assert "guest ready: hostname=one" in said
    assert "written before the snapshot" in said
