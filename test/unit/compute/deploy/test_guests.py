"""What becomes of servers on hosts that are drained."""

from __future__ import annotations

from typing import Any

import pytest

from compute.deploy.remote import guests
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


def test_what_its_owner_resized_is_not_confirmed_for_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the drained host, or away from it: he may take it back."""
    there = [{"id": "came", "status": "VERIFY_RESIZE"}, {"id": "a", "status": "ACTIVE"}]
    moves = [
        ("came", "other", "resize"),
        ("went", "alpha", "resize"),
        ("ours", "alpha", "migration"),
    ]
    migrations = [
        {"instance_uuid": name, "source_compute": source, "migration_type": kind}
        for name, source, kind in moves
    ]

    def call(_: Any, method: str, path: str, body: Any = None) -> Any:
        if "/servers/detail" in path:
            return 200, {}, {"servers": there}
        if "/os-migrations" in path:
            return 200, {}, {"migrations": migrations}
        name = path.rpartition("/")[2]
        return 200, {}, {"server": {"id": name, "status": "VERIFY_RESIZE"}}

    monkeypatch.setattr(guests._Cloud, "_call", call)
    request = {"address": "127.0.0.1", "port": 1, "tls": False}
    found = {each["id"]: waits_for(each) for each in guests._Cloud(request).on("alpha")}
    assert found == {
        "came": "is resized: its owner confirms that, or takes it back",
        "went": "is resized: its owner confirms that, or takes it back",
        "a": "",
        "ours": "",
    }
