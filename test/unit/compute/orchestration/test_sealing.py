"""What stands in the database is sealed, also what was there before there was a key."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from compute.cli import main
from compute.cli.settings_file import read_settings
from compute.core.keys.repository import key_numbers, rotate_keys
from compute.core.keys.resealing import ROTATION, reseal, rotate, seal_clear
from compute.core.keys.sealing import KEYS_KEPT, SECRET_KEYS, vault_of
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.orchestration import tables
from compute.orchestration.engine.upkeep import Upkeep
from compute.orchestration.store import SEALED, Stores
from objectstore.kernel.errors import Corrupt
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.orchestration.house import House, template

SECRET = "tell-nobody-of-it"
HIDDEN = {"password": {"type": "string", "hidden": True}}


def _everything(house: House) -> str:
    """All that stands in the room's tables."""
    with house.database.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in tables.metadata.sorted_tables
            for row in connection.execute(table.select())
        )


def _order(house: House) -> str:
    wanted = template({"one": {"key": {"get_param": "password"}}}, parameters=HIDDEN)
    return house.create("s", wanted, parameters={"password": SECRET})


def _unseal(house: House) -> None:
    """As it was before there was a key."""
    vault = vault_of(house.directory, house.clock)
    with house.database.engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            for name in SEALED.get(table.name, ()):
                rows = sa.select(table.c.id, table.c[name])
                for identifier, value in connection.execute(rows).all():
                    clear = {name: vault.open(value)}
                    update = sa.update(table).where(table.c.id == identifier)
                    connection.execute(update.values(**clear))


def test_nothing_that_was_given_stands_in_clear(house: House) -> None:
    stack_id = _order(house)
    house.settle()
    given = {"name": "word", "default": SECRET}
    body = {"name": "c", "config": f"echo {SECRET}", "inputs": [given]}
    assert house.call("POST", "/software_configs", body).status == 200
    wanted = template({"one": {"key": "another"}}, parameters=HIDDEN)
    body = {"template": wanted, "parameters": {"password": SECRET}}
    assert house.call("PUT", f"/stacks/s/{stack_id}", body).status == 202
    house.settle()
    text = _everything(house)
    assert "sealed:1:" in text
    assert SECRET not in text
    trusts = house.identity.trusts
    assert trusts
    assert not any(trust in text for trust in trusts)
    stack = house.parts.read(lambda c: house.stores.stacks.find(c, stack_id))
    assert stack is not None
    assert stack.parameters == {"password": SECRET}
    assert stack.signal_key not in text


def test_what_was_written_before_there_was_a_key_is_sealed(tmp_path: Path) -> None:
    house = House(tmp_path)
    stack_id = _order(house)
    house.settle()
    before = house.parts.read(lambda c: house.stores.stacks.find(c, stack_id))
    _unseal(house)
    assert SECRET in _everything(house)
    assert house.state("s", stack_id) == "CREATE_COMPLETE"  # it can be read meanwhile
    Upkeep(house.parts).step()
    assert SECRET not in _everything(house)
    assert house.parts.read(lambda c: house.stores.stacks.find(c, stack_id)) == before
    assert seal_clear(house.database, house.stores.sealed()) == 0
    house.database.close()


def test_rotations_lose_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    stack_id = _order(house)
    house.settle()
    keys = tmp_path / SECRET_KEYS
    first = (keys / "1").read_bytes()
    for _ in range(4):
        reseal(house.database, house.stores.sealed())
        rotate_keys(keys, KEYS_KEPT)
        house.clock.advance(60.0)
        assert house.state("s", stack_id) == "CREATE_COMPLETE"
        assert reseal(house.database, house.stores.sealed()) >= 2
    assert first not in [(keys / str(each)).read_bytes() for each in key_numbers(keys)]
    house.database.close()


def test_rotations_wait_for_each_other_and_for_the_key_that_goes(
    house: House, tmp_path: Path
) -> None:
    stack_id = _order(house)
    house.settle()
    keys, waited = tmp_path / SECRET_KEYS, list[float]()

    def wait(seconds: float) -> None:
        """Nobody else rotates meanwhile."""
        waited.append(seconds)
        with open(keys / ROTATION) as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    for primary in (2, 3, 4):
        vault = vault_of(tmp_path, house.clock)
        sealed = Stores(vault).sealed()
        assert rotate(house.database, sealed, vault, keys, wait=wait)[0] == primary
    assert [each > 1.0 for each in waited] == [False, True, True]
    house.clock.advance(60.0)
    assert house.state("s", stack_id) == "CREATE_COMPLETE"


def test_without_its_key_nothing_is_made_up(tmp_path: Path) -> None:
    clock = SteppedClock()
    one, other = (vault_of(tmp_path / each, clock) for each in ("here", "there"))
    sealed = one.seal({"a": 1})
    assert one.open(sealed) == {"a": 1}
    with pytest.raises(Corrupt):
        other.open(sealed)
    assert (tmp_path / "here" / SECRET_KEYS / "1").stat().st_mode & 0o77 == 0


def test_the_operators_command(tmp_path: Path) -> None:
    settings = tmp_path / "cloud.conf"
    settings.write_text(f"[cloud]\nstate = {tmp_path}/state\n")
    command = ["orchestration", "rotate-keys"]
    ended = CliRunner().invoke(main, [*command, str(settings)])
    assert ended.exit_code == 2
    assert "does the cloud keep its state elsewhere?" in ended.output
    vault_of(tmp_path / "state" / "orchestration", SteppedClock())
    database = Database(read_settings(settings).database_url)
    upgrade(database, ["orchestration"])
    database.close()
    ended = CliRunner().invoke(main, [*command, str(settings)])
    assert ended.exit_code == 0, ended.output
    assert "key 2 is primary now, 0 rows use it" in ended.output
