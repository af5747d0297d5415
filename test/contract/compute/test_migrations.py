"""Rooms that share a database and start at the same moment."""

from __future__ import annotations

import multiprocessing

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
# They have imported everything when they begin: that takes longer than the upgrade.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([upgrade.__module__])


def upgrade_at(url: str, room: str) -> None:
    """What a process does when it starts."""
    database = Database(url)
    upgrade(database, [room])
    database.close()


def test_rooms_start_together_on_one_database(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    orders = [(url, room) for room in ROOMS * PROCESSES]
    with _FORKS.Pool(len(orders), maxtasksperchild=1) as processes:
        processes.starmap_async(upgrade_at, orders, chunksize=1).get(SECONDS_MAX)
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
