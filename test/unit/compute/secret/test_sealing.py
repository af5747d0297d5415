"""Payloads are sealed in the database, each with the id of its secret."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from compute.cli import main
from compute.cli.settings_file import read_settings
from compute.core.keys.resealing import rotate
from compute.core.keys.sealing import SECRET_KEYS, vault_of
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.secret import tables
from test.fakes.stepped_clock import SteppedClock
from test.unit.compute.secret.house import House, path_of

SECRET = "tell-nobody-of-it"


def _everything(house: House) -> str:
    with house.database.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in tables.metadata.sorted_tables
            for row in connection.execute(table.select())
        )


def test_nothing_kept_stands_in_clear(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house.create(SECRET)
    house.create(SECRET.encode())
    later = path_of(house.create(None))
    house.call("PUT", later, SECRET.encode(), Content_Type="text/plain")
    order = {"algorithm": "rsa", "bit_length": 2048, "passphrase": SECRET}
    house.call("POST", "/orders", {"type": "asymmetric", "meta": order})
    house.call("POST", "/secrets", {"payload": SECRET, "payload_content_type": "x"})
    encoded = base64.b64encode(SECRET.encode()).decode()
    for text in (_everything(house), caplog.text):
        assert SECRET not in text
        assert encoded not in text
    assert house.call("GET", f"{later}/payload").body.decode() == SECRET


def test_a_payload_is_its_own_secrets(house: House) -> None:
    mine, other = path_of(house.create("mine")), path_of(house.create("other"))
    sealed = tables.payloads
    with house.database.engine.begin() as connection:
        where = sealed.c.secret_id == other.rpartition("/")[2]
        row = connection.execute(sealed.select().where(where)).one()
        connection.execute(sa.update(sealed).values(sealed=row.sealed))
    assert house.call("GET", f"{other}/payload").body == b"other"
    assert house.call("GET", f"{mine}/payload").status == 500


def test_rotations_lose_nothing(house: House, tmp_path: Path) -> None:
    path, stores = path_of(house.create(SECRET)), house.parts.stores
    for _ in range(4):
        before = _everything(house)
        _, count = rotate(
            house.database,
            stores.sealed(),
            stores.vault,
            tmp_path / SECRET_KEYS,
            wait=lambda _: None,
        )
        assert count == 1
        assert _everything(house) != before
        assert house.call("GET", f"{path}/payload").body.decode() == SECRET


def test_the_operators_command(tmp_path: Path) -> None:
    settings = tmp_path / "cloud.conf"
    settings.write_text(f"[cloud]\nstate = {tmp_path}/state\n")
    command = ["key-manager", "rotate-keys", str(settings)]
    assert CliRunner().invoke(main, command).exit_code == 2
    vault_of(tmp_path / "state" / "key-manager", SteppedClock())
    database = Database(read_settings(settings).database_url)
    upgrade(database, ["secret"])
    database.close()
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 0, ended.output
    assert "key 2 is primary now, 0 rows use it" in ended.output
