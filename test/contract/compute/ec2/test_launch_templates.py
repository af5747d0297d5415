"""Launch templates on every database: their tables, a life, orders at once."""

from __future__ import annotations

import random

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.tables import metadata
from compute.ec2.templates import keeper
from compute.ec2.templates.keeper import Templates, Wanted
from objectstore.kernel import concurrency
from test.fakes.stepped_clock import SteppedClock

ANN = Signer("t", "ann", "p1", frozenset(("member", "reader")))
BOB = Signer("t", "bob", "p2", frozenset(("member", "reader")))
READER = Signer("t", "cyd", "p1", frozenset(("reader",)))
WEB = Wanted(name="web")


@pytest.fixture
def templates(migrated: Database) -> Templates:
    return Templates(migrated, SteppedClock(), Identifiers(random.Random(1)))


def refused(error: pytest.ExceptionInfo[Ec2Error]) -> str:
    return error.value.code


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["ec2"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_life(templates: Templates) -> None:
    said = {"ImageId": "ami-1", "Monitoring": {"Enabled": "true"}, "KeyName": "é" * 99}
    made = templates.create(ANN, "web", "first", said, {"a": "b"}, "token")
    assert templates.create(ANN, "web", "", {}, {}, "token").id == made.id
    _, second = templates.add_version(ANN, WEB, "1", "", {"KeyName": "k"}, "t2")
    assert second.data == {**said, "KeyName": "k"} and second.number == 2
    assert templates.add_version(ANN, WEB, "", "", {}, "t2")[1] == second
    assert templates.set_default(ANN, WEB, "$Latest").default_version == 2
    _, came = templates.delete_versions(ANN, WEB, ["1", "2", "7"])
    assert [error and error.code for error in came.values()] == [
        None,
        "unexpectedError",
        "launchTemplateVersionDoesNotExist",
    ]
    assert templates.add_version(ANN, WEB, "", "", {}, "")[1].number == 3
    templates.delete_versions(ANN, WEB, ["3"])
    now = templates.named(ANN, WEB)
    assert now.latest_version == 2 and now.tags == {"a": "b"}
    latest = templates.versions(ANN, now, ["$Latest", "$Default", "2"])
    assert [each.number for each in latest] == [2]
    # A number that was somebody's is nobody else's.
    assert templates.add_version(ANN, WEB, "", "", {}, "")[1].number == 4
    templates.delete(ANN, WEB)
    assert templates.all(ANN) == []


def test_each_project_has_its_own(templates: Templates) -> None:
    made = templates.create(ANN, "web", "", {}, {}, "same")
    assert templates.create(BOB, "web", "", {}, {}, "same").id != made.id
    templates.delete(BOB, WEB)
    with pytest.raises(Ec2Error) as error:
        templates.versions(BOB, made)
    assert refused(error) == "InvalidLaunchTemplateId.NotFound"
    templates.tag(BOB, made.id, lambda has: {"x": "y"})
    assert templates.named(READER, WEB).tags == {}
    for signer, verb in ((READER, templates.delete), (BOB, templates.delete)):
        with pytest.raises(Ec2Error) as error:
            verb(signer, WEB)
    assert [each.id for each in templates.all(ANN)] == [made.id]


def test_names_and_limits(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "TEMPLATES_MAX", 2)
    monkeypatch.setattr(keeper, "VERSIONS_MAX", 1)
    codes = []
    for name in ("web", "web", "ab", "a b c", "second", "third"):
        try:
            templates.create(ANN, name, "", {}, {}, "")
            codes.append("")
        except Ec2Error as error:
            codes.append(error.code)
    malformed = "InvalidLaunchTemplateName.MalformedException"
    assert codes == [
        "",
        "InvalidLaunchTemplateName.AlreadyExistsException",
        malformed,
        malformed,
        "",
        "LaunchTemplateLimitExceeded",
    ]
    with pytest.raises(Ec2Error) as error:
        templates.add_version(ANN, WEB, "", "", {}, "")
    assert refused(error) == "VersionLimitExceeded"
    for version, code in (
        ("2", "InvalidLaunchTemplateId.VersionNotFound"),
        ("$Other", "InvalidLaunchTemplateId.VersionMalformed"),
    ):
        with pytest.raises(Ec2Error) as error:
            templates.set_default(ANN, WEB, version)
        assert refused(error) == code


def test_versions_that_are_added_at_once_have_their_own_numbers(
    templates: Templates,
) -> None:
    templates.create(ANN, "web", "", {}, {}, "")
    tasks = [
        concurrency.spawn(templates.add_version, ANN, WEB, "", "", {}, "")
        for _ in range(5)
    ]
    for task in tasks:
        concurrency.wait_task(task)
    found = templates.versions(ANN, templates.named(ANN, WEB))
    assert [each.number for each in found] == [6, 5, 4, 3, 2, 1]
