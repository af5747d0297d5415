"""What a database of before becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command

from compute.core.sql.database import Database
from compute.core.sql.migrations import alembic_config, upgrade
from compute.core.sql.sqlite import WRITES
from compute.volume.parts import queue_of
from compute.volume.stores.services import ServiceStore
from compute.volume.stores.whole import Stores
from compute.volume.tables import JOBS


def test_jobs_of_the_one_host_are_its_own(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/volume.sqlite")
    config = alembic_config()
    with database.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "volume_0005")
            for host, seen in (("renamed", 1.0), ("alpha", 2.0)):
                connection.execute(
                    sa.text(
                        "INSERT INTO volume_services"
                        " (host, disabled, disabled_reason, last_seen)"
                        " VALUES (:host, 0, '', :seen)"
                    ),
                    {"host": host, "seen": seen},
                )
            job = {
                "id": "j",
                "kind": "create_volume",
                "queue": "@volume-host",
                "subject_id": "v",
                "state": "pending",
                "arguments": {},
                "progress": {},
                "created_at": 1.0,
                "updated_at": 1.0,
            }
            connection.execute(JOBS.insert().values(**job))
            before = sa.Table("volume_volumes", sa.MetaData(), autoload_with=connection)
            for key, host in (("old", "renamed"), ("new", "alpha"), ("failed", "")):
                connection.execute(before.insert().values(_volume(before, key, host)))
    upgrade(database, ["volume"])
    rows = database.read(lambda it: it.execute(sa.select(JOBS.c.queue)).all())
    assert [row.queue for row in rows] == [queue_of("alpha")]
    volumes = database.read(Stores().volumes.all)
    placed = {each.id: each.host for each in volumes}
    assert placed == {"old": "alpha", "new": "alpha", "failed": ""}
    found = database.read(lambda it: ServiceStore().named(it, "alpha@files#files"))
    assert found is not None
    assert found.told.url == ""
    database.close()


def _volume(before: sa.Table, key: str, host: str) -> dict[str, Any]:
    """One whose columns say nothing but that."""
    of_kind = {str: "", int: 0, float: 0.0, bool: False, object: "{}"}
    values = {each.name: of_kind[each.type.python_type] for each in before.columns}
    return {**values, "id": key, "host": host}
