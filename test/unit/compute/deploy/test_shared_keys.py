"""Control hosts share keys: who has the newest gives them to the others."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from compute.deploy.model import Host
from compute.deploy.remote import keys as remote
from compute.deploy.shared_keys import GrownApart, Held, copies
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
