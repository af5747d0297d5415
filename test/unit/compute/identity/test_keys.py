"""Key repositories, sealed tokens, hashed passwords."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from compute.cli import main
from compute.core.keys.repository import (
    KeyRepository,
    create_keys,
    key_numbers,
    rotate_keys,
)
from compute.identity.passwords import Passwords
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.sealing import Sealer
from objectstore.kernel.errors import Corrupt
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.identity.house import make_house

FACTS = TokenFacts(
    "0123456789abcdef0123456789abcdef",
    ("password", "token"),
    1_700_000_000.25,
    1_700_003_600.25,
    ("own", "first"),
    "project",
    "default",
    "f" * 32,
)


def test_rotation_keeps_tokens_readable_for_a_while(tmp_path: Path) -> None:
    assert create_keys(tmp_path)
    assert not create_keys(tmp_path)
    assert (tmp_path / "1").stat().st_mode & 0o777 == 0o600
    clock = SteppedClock()
    sealer = Sealer(KeyRepository(tmp_path, clock))
    # Another host that has not seen the rotation yet.
    lagging = Sealer(KeyRepository(tmp_path, SteppedClock()))
    token = sealer.seal(FACTS)
    assert sealer.open(token) == FACTS
    assert len(token) < 255
    rotate_keys(tmp_path, 3)
    assert key_numbers(tmp_path) == [2, 1, 0]
    clock.advance(6)
    assert sealer.open(token) == FACTS
    assert lagging.open(sealer.seal(FACTS)) == FACTS
    rotate_keys(tmp_path, 3)
    assert key_numbers(tmp_path) == [3, 2, 0]
    clock.advance(6)
    assert sealer.open(token) is None


def test_a_rotation_cut_short_is_finished(tmp_path: Path) -> None:
    create_keys(tmp_path)
    (tmp_path / "0").rename(tmp_path / "2")
    assert rotate_keys(tmp_path, 3) == 2
    assert key_numbers(tmp_path) == [2, 1, 0]


def test_keys_that_are_away_for_a_moment(tmp_path: Path) -> None:
    directory, aside = tmp_path / "keys", tmp_path / "aside"
    create_keys(directory)
    clock = SteppedClock()
    sealer = Sealer(KeyRepository(directory, clock))
    token = sealer.seal(FACTS)
    directory.rename(aside)
    clock.advance(6)
    assert sealer.open(token) == FACTS
    # As between the two steps of a rotation, with a name that leads nowhere yet.
    (aside / "1").rename(aside / "9")
    (aside / "1").symlink_to("nowhere")
    aside.rename(directory)
    clock.advance(6)
    assert sealer.open(token) == FACTS
    (directory / "1").unlink()
    rotate_keys(directory, 3)
    clock.advance(6)
    assert Sealer(KeyRepository(directory, clock)).open(sealer.seal(FACTS)) == FACTS


def test_rotations_wait_for_each_other(tmp_path: Path) -> None:
    create_keys(tmp_path)
    count = 4
    with ThreadPoolExecutor(count) as pool:
        made = list(pool.map(lambda _: rotate_keys(tmp_path, 9), range(count)))
    assert sorted(made) == [2, 3, 4, 5]
    assert key_numbers(tmp_path) == [5, 4, 3, 2, 1, 0]


def test_keys_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(Corrupt):
        KeyRepository(tmp_path, SteppedClock())
    (tmp_path / "1").write_text("nonsense")
    with pytest.raises(Corrupt):
        KeyRepository(tmp_path, SteppedClock())


@pytest.mark.parametrize("text", ["", "x", "gAAAA", "é" * 9, "x" * 5000])
def test_texts_that_are_no_tokens(tmp_path: Path, text: str) -> None:
    create_keys(tmp_path)
    assert Sealer(KeyRepository(tmp_path, SteppedClock())).open(text) is None


def test_passwords() -> None:
    clock = SteppedClock()
    passwords = Passwords(clock, log2_cost=4, at_once=2, memory_seconds=60.0)
    stored = passwords.hash("secret")
    assert stored.startswith("$scrypt$ln=4,r=8,p=1$")
    assert passwords.hash("secret") != stored
    for _ in range(2):
        assert passwords.fits("secret", stored)
        assert not passwords.fits("Secret", stored)
        assert not passwords.fits("secret", "")
    # A hash made at another cost is still checked at its own.
    dearer = Passwords(clock, log2_cost=5, at_once=2, memory_seconds=0.0)
    assert dearer.fits("secret", stored)


def test_rotating_the_keys_of_a_cloud(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "identity").mkdir(parents=True)
    house = make_house(state / "identity")
    user_id, project_id, token = house.member()
    path = f"/v3/users/{user_id}/credentials/OS-EC2"
    key = house.ok("POST", path, {"tenant_id": project_id}, token=token)["credential"]
    settings = tmp_path / "cloud.conf"
    database = state / "identity" / "cloud.sqlite"
    settings.write_text(f"[cloud]\nstate = {state}\ndatabase = sqlite:///{database}\n")
    for command in ("rotate-token-keys", "rotate-credential-keys"):
        for _ in range(2):
            ended = CliRunner().invoke(main, ["identity", command, str(settings)])
            assert ended.exit_code == 0, ended.output
    again = make_house(state / "identity")
    assert not again.is_good(token)
    shown = again.ok("GET", f"{path}/{key['access']}")["credential"]
    assert shown["secret"] == key["secret"]
    ended = CliRunner().invoke(main, ["identity", "rotate-token-keys", "/nothing"])
    assert ended.exit_code == 2
