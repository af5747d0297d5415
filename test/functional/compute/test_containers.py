"""Servers that are containers (see real_containers)."""

from __future__ import annotations

from test.functional.compute.apart import LANE

# Half a minute on a quiet machine.
SECONDS_MAX = 300.0


def test_containers() -> None:
    said = LANE.run("test.functional.compute.real_containers", seconds=SECONDS_MAX)
    assert "its root is nobody here" in said
    assert "refused what no container can" in said
    assert "a volume, first a device, then files" in said
    assert "rescued, its files beside" in said
    assert "guarded by its security group" in said
    assert "its snapshot boots" in said
    assert "paused, stopped, started, rebooted" in said
    assert "ready though the cloud was killed" in said
    assert "nothing is left behind" in said


def test_containers_that_move() -> None:
    said = LANE.run("test.functional.compute.real_container_moves", seconds=SECONDS_MAX)
    assert "it found no way out" in said
    assert "moved cold, with what it had written" in said
    assert "resized, and back, and resized" in said
    assert "shelved and unshelved" in said
    assert "rebuilt" in said
    assert "evacuated" in said
