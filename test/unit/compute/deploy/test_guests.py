"""What becomes of servers on hosts that are drained."""

from __future__ import annotations

import pytest

from compute.deploy.remote.guests import MOVES, waits_for


@pytest.mark.parametrize(
    ("status", "task", "words"),
    [
        ("ACTIVE", None, ""),
        ("ACTIVE", "migrating", "is migrating"),
        ("PAUSED", None, ""),
        ("SHUTOFF", None, ""),
        ("VERIFY_RESIZE", None, ""),
        ("SUSPENDED", None, "is SUSPENDED, and cannot"),
        ("RESCUE", None, "cannot be moved so"),
        ("ERROR", None, "cannot be moved so"),
        ("BUILD", "spawning", "is spawning"),
    ],
)
def test_it_moves_waits_or_is_told(status: str, task: str | None, words: str) -> None:
    said = waits_for({"status": status, "OS-EXT-STS:task_state": task})
    assert words in said
    assert bool(words) == bool(said)


def test_who_runs_is_moved_running() -> None:
    assert MOVES["ACTIVE"][0] == "os-migrateLive"
    assert MOVES["SHUTOFF"][0] == "migrate"
