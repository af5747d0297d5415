"""Rooms that share a database and start at the same moment."""

from __future__ import annotations

import subprocess
import sys

import sqlalchemy as sa

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade

ROOMS = (
    "identity",
    "image",
    "network",
    "volume",
    "instance",
    "balancer",
    "orchestration",
    "alarm",
    "metric",
    "ec2",
    "secret",
)
# Each room in two processes, as on two machines.
PROCESSES = 2
SECONDS_MAX = 90.0
UPGRADE = """
import sys
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
database = Database(sys.argv[1])
upgrade(database, sys.argv[2:])
database.close()
"""


def test_rooms_start_together_on_one_database(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, url, room],
            stderr=subprocess.PIPE,
            text=True,
        )
        for room in ROOMS * PROCESSES
    ]
    ended = [process.communicate(timeout=SECONDS_MAX)[1] for process in started]
    for process, said in zip(started, ended, strict=True):
        assert process.returncode == 0, said[-2000:]
    with database.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
    wanted = {"images", "network_agents", "instance_servers", "identity_users"}
    assert wanted <= set(tables), sorted(tables)
    upgrade(database, ROOMS)


def test_a_room_alone_has_no_tables_of_others(database: Database) -> None:
    upgrade(database, ["image"])
    with database.engine.connect() as connection:
        assert "images" in sa.inspect(connection).get_table_names()
    upgrade(database, ["network", "image"])
