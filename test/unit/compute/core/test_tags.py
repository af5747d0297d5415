"""Labels of things, in SQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from compute.core.sql.rows import VALUES_IN_ONE_STATEMENT
from compute.core.sql.tags import Tags

METADATA = sa.MetaData()
THINGS = sa.Table("things", METADATA, sa.Column("id", sa.String, primary_key=True))
LABELS = sa.Table(
    "labels",
    METADATA,
    sa.Column("thing", sa.String, primary_key=True),
    sa.Column("tag", sa.String, primary_key=True),
)
TAGS = Tags(LABELS, "thing")


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        for thing, labels in {"0": "", "1": "a", "2": "ab", "3": "bc"}.items():
            connection.execute(THINGS.insert().values(id=thing))
            TAGS.set(connection, thing, labels)
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("name", "texts", "left"),
    [
        ("tags", ["a"], "12"),
        ("tags", ["a,b"], "2"),
        ("tags", ["b", "c"], "3"),
        ("tags-any", ["a,c"], "123"),
        ("not-tags", ["a,b"], "013"),
        ("not-tags-any", ["a,c"], "0"),
        ("tags", [""], "0123"),
        ("tags-any", [","], ""),
    ],
)
def test_filters(
    connection: sa.Connection, name: str, texts: list[str], left: str
) -> None:
    chosen = THINGS.select().where(TAGS.clause(name, THINGS.c.id, texts))
    found = connection.execute(chosen.order_by(THINGS.c.id)).scalars()
    assert "".join(found) == left


def test_all_that_are_asked_for_are_told(connection: sa.Connection) -> None:
    assert TAGS.of(connection, ["3", "0", "x"]) == {"0": [], "3": ["b", "c"], "x": []}
    many = [str(number) for number in range(2 * VALUES_IN_ONE_STATEMENT)]
    assert [thing for thing, tags in TAGS.of(connection, many).items() if tags] == (
        ["1", "2", "3"]
    )


def test_labels_replace_those_before(connection: sa.Connection) -> None:
    TAGS.set(connection, "3", ["d", "c", "d"])
    assert TAGS.of(connection, ["3"]) == {"3": ["c", "d"]}
