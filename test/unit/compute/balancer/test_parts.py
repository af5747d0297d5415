"""Figures of haproxy, the wire to hosts, operating statuses, migrations."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.balancer.agent.statistics import parse
from compute.balancer.counters import Counted, Traffic, counted
from compute.balancer.operating import member_status
from compute.balancer.tables import metadata
from compute.balancer.view import (
    Report,
    Served,
    decode_reports,
    decode_view,
    encode_reports,
    encode_view,
)
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from objectstore.kernel.errors import Corrupt


def test_figures() -> None:
    text = (
        "# pxname,svname,scur,stot,bin,bout,ereq,status\n"
        "l,FRONTEND,1,9,100,200,3,OPEN\n"
        "p:l,m,0,5,,,,UP 1/2\n"
        "p:k,m,0,5,,,,DOWN\n"
        "\n"
    )
    found = parse(text)
    assert found.traffic == {"l": Traffic(1, 100, 200, 3, 9)}
    assert found.servers == {"m": ["UP 1/2", "DOWN"]}
    assert parse("").traffic == {} and parse("nonsense\n\n,,\n").servers == {}


def test_words() -> None:
    assert member_status(["UP", "DOWN 1/3"]) == "ERROR"
    assert member_status(["no check"]) == "NO_MONITOR"
    assert member_status([]) == member_status(["?"]) == "OFFLINE"


def test_counting_twice_counts_once() -> None:
    had = counted(Counted(), "a", Traffic(1, 5, 5, 0, 2))
    assert counted(had, "a", Traffic(1, 5, 5, 0, 2)) == had
    now = counted(had, "b", Traffic(3, 1, 1, 1, 1))
    assert now.total == Traffic(3, 6, 6, 1, 3)


def test_the_wire() -> None:
    served = [Served("b", 3, "10.0.0.1", "frontend x\n")]
    assert decode_view(encode_view(served)) == served
    report = Report("b", 3, "", "p", {"m": ["UP"]}, {"l": Traffic(1, 2, 3, 4, 5)})
    assert decode_reports(encode_reports("x", [report])) == ("x", [report])
    for bad in (
        b"",
        b"[]",
        b'{"version": 0}',
        b'{"version": 1}',
        b'{"version":1,"x":1}',
    ):
        with pytest.raises(Corrupt):
            decode_view(bad)
        with pytest.raises(Corrupt):
            decode_reports(bad)


def test_migrated_tables_are_those_of_the_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/cloud.sqlite")
    upgrade(database, ["balancer"])
    upgrade(database, ["balancer"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    database.close()
    assert differences == []
