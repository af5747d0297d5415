"""The identity room on every database: tables, and the operations that ask most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.identity import tables
from objectstore.kernel import concurrency
from test.unit.compute.identity import test_federation as federation
from test.unit.compute.identity import test_people as people
from test.unit.compute.identity import test_rights_api as rights
from test.unit.compute.identity import test_secrets_api as secrets
from test.unit.compute.identity.federated import Federated, federated_house
from test.unit.compute.identity.house import House, make_house

OPERATIONS = (
    people.test_a_users_life,
    people.test_pages,
    people.test_wrong_passwords_lock_a_user_out,
    people.test_groups,
    rights.test_a_domain_manager_runs_the_domain_and_nothing_else,
    rights.test_inherited_roles,
    rights.test_tags,
    rights.test_deleting_a_domain_takes_everything_in_it,
    rights.test_endpoints_of_projects,
    secrets.test_s3_tokens,
    secrets.test_access_rules,
    secrets.test_handing_a_trust_on,
)
FEDERATED = (
    federation.test_somebody_comes_and_is_somebody,
    federation.test_memberships_end,
    federation.test_deleted_providers_take_their_people,
    federation.test_projects_of_their_own,
)


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> House:
    return make_house(tmp_path, database=migrated)


def test_migrations_make_the_tables(database: Database) -> None:
    upgrade(database, ["identity"])
    ours = set(tables.metadata.tables)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or name in ours,
                "compare_type": True,
            },
        )
        assert compare_metadata(context, tables.metadata) == []


@pytest.mark.parametrize("operation", FEDERATED, ids=lambda item: item.__name__)
def test_federation(
    migrated: Database, tmp_path: Path, operation: Callable[[Federated], None]
) -> None:
    with federated_house(tmp_path, migrated) as federated:
        operation(federated)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda item: item.__name__)
def test_operations(house: House, operation: Callable[[House], None]) -> None:
    operation(house)


def test_one_name_is_given_once(house: House) -> None:
    def create() -> int:
        body = {"user": {"name": "same", "password": "pw"}}
        return house.status("POST", "/v3/users", body, token=token)

    token = house.admin
    tasks = [concurrency.spawn(create) for _ in range(5)]
    found = sorted(concurrency.wait_task(task) for task in tasks)
    assert found == [201, 409, 409, 409, 409]


def test_names_differ_by_case_and_accents(house: House) -> None:
    for name in ("ann", "Ann", "änn", "ann\N{SMILING FACE WITH OPEN MOUTH}"):
        house.make("user", name=name)
    assert len(house.ok("GET", "/v3/users?name__icontains=NN")["users"]) == 4
    assert len(house.ok("GET", "/v3/users?name=ann")["users"]) == 1


def test_whoever_ties_an_endpoint_to_a_project_finds_it_tied(house: House) -> None:
    """However many do at once, for it is the same that they want."""
    _, project_id, _ = house.member()
    token = house.admin
    service_id = house.make("service", type="metering", name="m")
    url = {"url": "http://m", "interface": "public"}
    endpoint_id = house.make("endpoint", service_id=service_id, **url)
    path = f"/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}"

    def tie() -> int:
        return house.status("PUT", path, token=token)

    tasks = [concurrency.spawn(tie) for _ in range(6)]
    assert [concurrency.wait_task(task) for task in tasks] == [204] * 6
