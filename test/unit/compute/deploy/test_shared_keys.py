"""Control hosts share keys: who has the newest gives them to the others."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Any

import pytest

from compute.deploy.model import Host
from compute.deploy.remote import keys as remote
from compute.deploy.remote.files import write_file
from compute.deploy.shared_keys import (
    LAST_PLACE,
    PLACES,
    GrownApart,
    Held,
    copies,
)
from test.unit.compute.deploy.inventories import inventory

TOKENS = "identity/token-keys"
PASSWORD = "admin-password"


def hosts() -> tuple[Host, Host]:
    return inventory().hosts[0], inventory().hosts[1]


def copied(first: Held, second: Held) -> list[tuple[str, str, str]]:
    one, other = hosts()
    found = copies({one: first, other: second})
    return [(each.place, each.source.name, each.target.name) for each in found]


def test_of_a_new_cloud_nobody_has_any() -> None:
    assert copied({}, {TOKENS: {}, PASSWORD: {}}) == []


def test_a_new_control_host_gets_all_there_is() -> None:
    first = {TOKENS: {"0": "b", "1": "a"}, PASSWORD: {"": "p"}}
    assert copied({}, first) == [
        (PASSWORD, "beta", "alpha"),
        (TOKENS, "beta", "alpha"),
    ]


def test_who_rotated_last_has_the_newest() -> None:
    before, after = {"0": "b", "1": "a"}, {"0": "c", "1": "a", "2": "b"}
    assert copied({TOKENS: before}, {TOKENS: after}) == [(TOKENS, "beta", "alpha")]
    assert copied({TOKENS: after}, {TOKENS: before}) == [(TOKENS, "alpha", "beta")]
    assert copied({TOKENS: after}, {TOKENS: after}) == []


def test_a_rotation_that_was_cut_short_is_copied_too() -> None:
    before, cut = {"0": "b", "1": "a"}, {"1": "a", "2": "b"}
    assert copied({TOKENS: before}, {TOKENS: cut}) == [(TOKENS, "beta", "alpha")]


def test_who_has_not_got_all_of_a_copy_gives_nobody_any() -> None:
    """Nobody's keys are deleted because a host that comes first lacks them."""
    whole = {"0": "c", "1": "a", "2": "b"}
    for part in ({"2": "b"}, {"1": "a", "2": "b"}, {"0": "b", "1": "a", "2": "b"}):
        assert copied({TOKENS: part}, {TOKENS: whole}) == [(TOKENS, "beta", "alpha")]


def test_who_has_the_last_of_them_has_got_all() -> None:
    assert PLACES[-1] == LAST_PLACE
    every = {place: {"0": "a", "1": "b"} for place in PLACES}
    assert [place for place, _, _ in copied({}, every)] == list(PLACES)


@pytest.mark.parametrize(
    ("place", "one", "other"),
    [
        (TOKENS, {"0": "b", "1": "a"}, {"0": "y", "1": "x"}),
        (TOKENS, {"0": "b", "1": "a"}, {"0": "z", "1": "x", "2": "y"}),
        (PASSWORD, {"": "p"}, {"": "q"}),
    ],
)
def test_keys_of_two_clouds_are_not_mixed(
    place: str, one: dict[str, str], other: dict[str, str]
) -> None:
    with pytest.raises(GrownApart, match="nothing in common"):
        copied({place: one}, {place: other})


def test_a_host_reads_and_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "CLOUD", str(tmp_path / "cloud"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    places = [TOKENS, PASSWORD]
    question = {"user": user, "places": places}
    assert remote.held(question) == {TOKENS: {}, PASSWORD: {}}
    for files in ({"0": "Yg==", "1": "YQ=="}, {"0": "Yw==", "2": "Yg=="}):
        remote.write_keys({"user": user, "place": TOKENS, "files": files})
        assert remote.held(question)[TOKENS] == files
    remote.write_keys({"user": user, "place": PASSWORD, "files": {"": "cA=="}})
    assert remote.held(question)[PASSWORD] == {"": "cA=="}
    kept = tmp_path / "cloud" / TOKENS
    assert kept.stat().st_mode & 0o777 == 0o700
    assert (kept / "2").stat().st_mode & 0o777 == 0o600
    told = remote.digests(user, places)
    assert told[TOKENS].keys() == {"0", "2"}
    assert "Yg==" not in told[TOKENS].values()


@pytest.mark.parametrize(
    "before",
    [{}, {"0": "Yg==", "1": "YQ=="}, {"0": "ZA==", "2": "Yg==", "3": "Yw=="}],
)
def test_a_copy_that_is_cut_short_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, str]
) -> None:
    monkeypatch.setattr(remote, "CLOUD", str(tmp_path))
    user = pwd.getpwuid(os.geteuid()).pw_name
    keys = ["Yg==", "Yw==", "ZA==", "ZQ=="]
    after = {"0": "Zg==", "1": "YQ=="}
    after |= {str(number): key for number, key in enumerate(keys, start=2)}
    if before.keys() == {"0", "1"}:  # one rotation behind
        after = {"0": "Yw==", "1": "YQ==", "2": "Yg=="}
    order = {"user": user, "place": TOKENS, "files": after}

    def cut(writes: int) -> None:
        """Killed before the next write."""
        left = iter(range(writes))

        def write(*arguments: Any) -> None:
            if next(left, None) is None:
                os._exit(1)
            write_file(*arguments)

        monkeypatch.setattr(remote, "write_file", write)

    for writes in range(len(after)):
        place = tmp_path / TOKENS
        shutil.rmtree(place, ignore_errors=True)
        if before:
            remote.write_keys({**order, "files": before})
        cut(writes)
        with pytest.raises(OSError, match="cut short"):
            remote.write_keys(order)
        monkeypatch.setattr(remote, "write_file", write_file)
        found = remote.held({"user": user, "places": [TOKENS]})[TOKENS]
        # All can still be read, and the host that has them all is the one to ask.
        assert set(before.values()) <= set(found.values())
        assert copied({TOKENS: found}, {TOKENS: after}) == [(TOKENS, "beta", "alpha")]


def test_what_was_rotated_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "CLOUD", str(tmp_path))
    user = pwd.getpwuid(os.geteuid()).pw_name
    newer = {"0": "Yw==", "1": "YQ==", "2": "Yg=="}
    remote.write_keys({"user": user, "place": TOKENS, "files": newer})
    older = {"0": "Yg==", "1": "YQ=="}
    with pytest.raises(OSError, match="rotated meanwhile"):
        remote.write_keys({"user": user, "place": TOKENS, "files": older})
    question = {"user": user, "places": [TOKENS]}
    assert remote.held(question)[TOKENS] == newer
    (tmp_path / TOKENS / "1").write_bytes(b"a" * 5000)
    with pytest.raises(OSError, match="too long"):
        remote.held(question)


def test_a_host_without_the_services_user_has_none() -> None:
    assert remote.held({"user": "nobody-such", "places": [TOKENS]}) == {}


def test_what_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cloud").write_text("in the way")
    monkeypatch.setattr(remote, "CLOUD", str(tmp_path / "cloud"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    with pytest.raises(OSError, match="cloud"):
        remote.write_keys({"user": user, "place": PASSWORD, "files": {"": "cA=="}})
