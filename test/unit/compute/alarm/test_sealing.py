"""What actions lead to is sealed in the database, also what was there before."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from compute.alarm import tables
from compute.alarm.store import SEALED
from compute.alarm.upkeep import Upkeep
from compute.cli import main
from compute.cli.settings_file import read_settings
from compute.core.keys.repository import rotate_keys
from compute.core.keys.resealing import reseal, rotate
from compute.core.keys.sealing import KEYS_KEPT, SECRET_KEYS, vault_of
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.alarm.house import House

SECRET = "tell-nobody-of-it"
AGREED = {"webhook_networks_allowed": ("127.0.0.0/8",), "webhook_to_ourselves": True}
URL = f"trust+http://127.0.0.1:1/{SECRET}"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, **AGREED)


def _everything(house: House) -> str:
    with house.database.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in tables.metadata.sorted_tables
            for row in connection.execute(table.select())
        )


def test_nothing_that_leads_anywhere_stands_in_clear(house: House) -> None:
    alarm = house.create(alarm_actions=[URL], ok_actions=[f"http://127.0.0.1/{SECRET}"])
    house.evaluate(99.0)
    assert house.owed() == ["act"]
    text = _everything(house)
    (trust_id,) = house.identity.trusts
    assert SECRET not in text
    assert trust_id not in text
    assert house.show(alarm)["alarm_actions"] == [URL]
    assert SECRET in house.history(alarm)[0]["detail"]
    house.call("DELETE", f"/alarms/{alarm['alarm_id']}")
    assert sorted(house.owed()) == ["act", "end trust"]
    assert trust_id not in _everything(house)
    house.deliver()
    assert house.identity.trusts == {}
    house.close()


def test_what_was_written_before_there_was_a_key_is_sealed(house: House) -> None:
    alarm = house.create(alarm_actions=[URL])
    before = house.show(alarm)
    vault = house.parts.stores.vault
    with house.database.engine.begin() as connection:
        row = connection.execute(tables.alarms.select()).one()._asdict()
        clear = {name: vault.open(row[name]) for name in SEALED}
        connection.execute(sa.update(tables.alarms).values(**clear))
        detail = connection.execute(sa.select(tables.changes.c.detail)).scalar_one()
        connection.execute(sa.update(tables.changes).values(detail=vault.open(detail)))
    assert SECRET in _everything(house)
    assert house.show(alarm) == before  # it can be read meanwhile
    Upkeep(house.parts).step()
    assert SECRET not in _everything(house)
    assert house.show(alarm) == before
    assert SECRET in house.history(alarm)[0]["detail"]
    house.close()


def test_rotations_lose_nothing(house: House, tmp_path: Path) -> None:
    alarm = house.create(alarm_actions=[URL])
    before, keys = house.show(alarm), tmp_path / SECRET_KEYS
    stores = house.parts.stores
    for _ in range(4):
        _, count = rotate(
            house.database, stores.sealed(), stores.vault, keys, wait=lambda _: None
        )
        assert count == 2
        assert house.show(alarm) == before
    house.close()


def test_an_action_that_waits_outlives_rotations(house: House, tmp_path: Path) -> None:
    alarm = house.create(alarm_actions=[URL])
    house.evaluate(99.0)
    stores = house.parts.stores
    keys = tmp_path / SECRET_KEYS
    for _ in range(4):
        rotate(house.database, stores.sealed(), stores.vault, keys, wait=lambda _: None)
    assert SECRET not in _everything(house)
    house.deliver()  # nobody is there, so it is tried again
    assert house.owed() == ["act"]
    assert house.history(alarm)[-1]["type"] != "action failure"
    house.close()


def test_an_action_that_no_key_opens_is_given_up(house: House, tmp_path: Path) -> None:
    alarm = house.create(alarm_actions=[URL])
    house.evaluate(99.0)
    stores = house.parts.stores
    for _ in range(3):
        rotate_keys(tmp_path / SECRET_KEYS, KEYS_KEPT)
        stores.vault.reload()
        # All but what is owed.
        reseal(house.database, stores.sealed()[:2])
    house.deliver()
    assert house.owed() == []
    assert house.history(alarm)[-1]["type"] == "action failure"
    house.close()


def test_the_operators_command(tmp_path: Path) -> None:
    settings = tmp_path / "cloud.conf"
    settings.write_text(f"[cloud]\nstate = {tmp_path}/state\n")
    command = ["alarming", "rotate-keys", str(settings)]
    assert CliRunner().invoke(main, command).exit_code == 2
    vault_of(tmp_path / "state" / "alarming", SteppedClock())
    database = Database(read_settings(settings).database_url)
    upgrade(database, ["alarm"])
    database.close()
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 0, ended.output
    assert "key 2 is primary now, 0 rows use it" in ended.output
