"""What projects that are no more have left of launch templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.ec2 import tables
from compute.ec2.frame.signed import Signer
from compute.ec2.internal import internal_api
from compute.ec2.kept_things import KeptThings
from compute.ec2.templates import store
from compute.ec2.templates.model import Template, Version
from objectstore.client.in_process import InProcessCaller
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token

ONE, OTHER, THIRD = "aa" * 16, "bb" * 16, "cc" * 16
SERVICE = fake_token("5e" * 16, "admin,service", "ringstack")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = hasty_database(tmp_path)
    upgrade(found, ["ec2"])
    yield found
    found.close()


def keep(database: Database, project_id: str, name: str) -> None:
    template_id = f"lt-{project_id[:2]}-{name}"
    template = Template(template_id, project_id, name, 1, 1, 1, {"a": "b"}, "", "", 0.0)
    version = Version(template_id, 1, "", {}, "", "", 0.0)
    database.run(lambda each: store.insert_template(each, template))
    database.run(lambda each: store.insert_version(each, version))


def count(database: Database, table: sa.Table) -> int:
    select = sa.select(sa.func.count()).select_from(table)
    return int(database.read(lambda each: each.execute(select).scalar_one()))


def test_nothing_of_a_project_is_left(database: Database) -> None:
    for name in ("one", "two"):
        keep(database, ONE, name)
    keep(database, OTHER, "one")
    kept = KeptThings(database, SteppedClock(), Identifiers(Random(2)))
    for project in (ONE, THIRD):
        somebody = Signer("t", "u", project, frozenset(("member", "reader")))
        kept.add(somebody, "acl", {"entries": []}, {})
    api = internal_api(database, {}, FakeTokens(), Identifiers(Random(1)))
    caller = InProcessCaller(api, script_name="/ec2", host="cloud")

    def ask(method: str, path: str, token: str = SERVICE) -> tuple[int, Any]:
        headers = {"X-Auth-Token": token}
        place = f"/internal/projects{path}"
        with caller.request(method, place, headers) as answer:
            return answer.status, answer.json()

    found = {"projects": [{"id": ONE}, {"id": OTHER}, {"id": THIRD}]}
    assert ask("GET", "") == (200, found)
    assert ask("GET", f"?limit=1&marker={ONE}")[1] == {"projects": [{"id": OTHER}]}
    for token in (fake_token(ONE), fake_token(ONE, "admin")):
        assert ask("GET", "", token)[0] == 403
        assert ask("DELETE", f"/{ONE}", token)[0] == 403
    assert ask("GET", "", "nobodys")[0] == 401
    assert ask("DELETE", f"/{ONE}")[0] == 204
    assert ask("GET", "")[1] == {"projects": [{"id": OTHER}, {"id": THIRD}]}
    assert ask("DELETE", f"/{THIRD}")[0] == 204
    assert count(database, tables.kept_things) == 0
    assert count(database, tables.templates) == count(database, tables.versions) == 1
