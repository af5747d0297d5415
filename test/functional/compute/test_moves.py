"""Real guests move between two real hosts (see real_moves)."""

from __future__ import annotations

from test.functional.compute.apart import LANE

# Two boots at once under emulation, three moves and three volumes.
SECONDS_MAX = 420.0


def test_real_guests_move() -> None:
    said = LANE.run("test.functional.compute.real_moves", seconds=SECONDS_MAX)
    for name in ("plain", "rooted"):
        assert f"{name} moved live" in said
        assert f"{name} sees its volume's new size" in said
        assert f"{name}'s volume moved from" in said
        assert f"{name}: its volume came along" in said
    assert said.count("writes to the volume are there") == 2
    assert "its note is there" in said
    assert "nothing is left behind" in said
