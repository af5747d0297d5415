"""Keys on a host: there while haproxy reads them, for root alone, and gone after."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.balancer.agent import key_files
from compute.balancer.agent.key_files import KeyFiles
from objectstore.kernel.errors import Unavailable

FILES = {"a.pem": "secret"}


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path)


def test_they_are_there_inside_and_nowhere_afterwards(keys: KeyFiles) -> None:
    home = keys.directory("b")
    if not any(home.is_relative_to(place) for place in key_files.PLACES):
        pytest.skip("no file system in memory")
    try:
        with keys.written("b", FILES):
            file = home / "a.pem"
            assert file.read_text() == "secret"
            assert file.stat().st_mode & 0o777 == 0o600
            assert home.stat().st_mode & 0o777 == 0o700
            raise ValueError
    except ValueError:
        assert not home.parent.exists()
    except Unavailable:
        pytest.skip("no file system in memory that this user may write to")


def test_what_a_killed_agent_left_goes(keys: KeyFiles, tmp_path: Path) -> None:
    home = keys.directory("b")
    try:
        home.mkdir(parents=True)
    except OSError:
        pytest.skip("no file system in memory that this user may write to")
    KeyFiles(tmp_path).sweep()
    assert not home.parent.exists()


@pytest.mark.parametrize("is_link", [True, False])
def test_what_somebody_else_has_made_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_link: bool
) -> None:
    monkeypatch.setattr(key_files, "_in_memory", lambda: tmp_path)
    home = KeyFiles(tmp_path).directory("b")
    theirs = tmp_path / "theirs" if is_link else home.parent
    theirs.mkdir(mode=0o700)
    if is_link:
        home.parent.symlink_to(theirs)
    else:
        theirs.chmod(0o755)
    with pytest.raises(Unavailable), KeyFiles(tmp_path).written("b", FILES):
        pass
    assert not (theirs / "b").exists()


def test_without_keys_nothing_is_written(keys: KeyFiles) -> None:
    with keys.written("b", {}):
        assert not keys.directory("b").exists()
