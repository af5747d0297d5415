"""What the database leaves out of a list matches no filter either."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compute.core.sql.database import Connection
from compute.instance.api.server_patterns import (
    Pattern,
    of_address,
    of_name,
    of_tags,
)
from compute.instance.records import Server
from compute.instance.stores.server_filter import ServerFilter
from compute.instance.stores.servers import ServerStore
from compute.instance.tables import SERVERS
from test.unit.compute.instance.house import House

# Text that means something to patterns, to LIKE, to JSON or to nobody.
NAMES = st.text(st.sampled_from('aAbé./%_"\\+ '), max_size=6)
WORDS = st.text(st.sampled_from('aAé._%"\\'), min_size=1, max_size=3)
PIECES = st.lists(st.sampled_from(["a", "b", "é", ".", ".*", "%", "_", "/", '"', "\\"]))
ADDRESSES = st.sampled_from(
    ["10.0.0.5", "10.0.0.50", "10.1.0.5", "110.0.0.5", "fd00::5", "fd00::50"]
)
USUAL = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=200,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://")
    SERVERS.create(engine)
    yield engine
    engine.dispose()


def vif(*addresses: str) -> dict[str, object]:
    rows = [
        {"version": 6 if ":" in one else 4, "address": one, "floating": []}
        for one in addresses
    ]
    return {"network_name": "net", "addresses": rows, "mac": "fa:16:3e:00:00:05"}


def server(name: str, tags: list[str], addresses: list[str]) -> Server:
    return Server(
        id="s",
        project_id="p",
        user_id="u",
        name=name,
        hostname="h",
        created_at=0.0,
        updated_at=0.0,
        reservation_id="r",
        flavor={},
        flavor_id="f",
        vcpus=1,
        memory_mib=1,
        disk_gib=0,
        tags=tags,
        vifs=[vif(*addresses)],
    )


def check(engine: sa.Engine, pattern: Pattern, one: Server) -> None:
    store, wanted = ServerStore(), ServerFilter(hints=pattern.hints)
    with engine.connect() as connection:
        store.add(connection, one)
        handed_out = store.matching(connection, wanted)
        connection.rollback()
    assert handed_out or not pattern.matches(one)


@USUAL
@given(st.sampled_from(["", "^"]), PIECES, st.sampled_from(["", "$"]), NAMES)
def test_names(
    engine: sa.Engine, start: str, pieces: list[str], end: str, name: str
) -> None:
    check(engine, of_name(start + "".join(pieces) + end), server(name, [], []))


@USUAL
@given(
    st.sampled_from(["tags", "tags-any", "not-tags", "not-tags-any"]),
    st.lists(WORDS, min_size=1, max_size=3),
    st.lists(WORDS, max_size=3),
)
def test_tags(engine: sa.Engine, kind: str, wanted: list[str], has: list[str]) -> None:
    check(engine, of_tags(kind, ",".join(wanted)), server("n", has, []))


@USUAL
@given(ADDRESSES, st.sampled_from(["{}", "^{}$", "^{}", "{}.*"]), ADDRESSES)
def test_addresses(engine: sa.Engine, wanted: str, form: str, has: str) -> None:
    pattern = of_address(form.format(wanted), 6 if ":" in wanted else 4)
    check(engine, pattern, server("n", [], [has, "10.9.9.9"]))


def test_few_rows_are_handed_out(engine: sa.Engine) -> None:
    """Whatever is plain text is said in SQL."""
    one = server("web-1", ["red", "blue"], ["10.0.0.5"])
    patterns = [
        of_name("db"),
        of_name("^web-2$"),
        of_tags("tags", "red,green"),
        of_tags("tags-any", "green,gold"),
        of_address("10.0.1", 4),
    ]
    with engine.connect() as connection:
        ServerStore().add(connection, one)
        for pattern in patterns:
            wanted = ServerFilter(hints=pattern.hints)
            assert ServerStore().matching(connection, wanted) == []
        connection.rollback()


def test_what_no_database_takes_is_not_said() -> None:
    """A NUL or half a pair would be refused as a parameter."""
    for text in ("\0", "\ud800", "a\0b"):
        assert of_name(text).hints == ()


def test_pages_of_what_sql_cannot_tell(house: House) -> None:
    """Every third of 330 servers, found over several transactions a page."""
    server_id = house.boot()
    servers = house.wiring.stores.servers

    def fill(connection: Connection) -> None:
        one = servers.get(connection, server_id)
        assert one is not None
        for number in range(330):
            tags = ["kept"] if number % 3 == 0 else ["red"]
            name, moment = f"s{number:03}", one.created_at - 1 - number
            key = str(uuid.UUID(int=number))
            other = dataclasses.replace(
                one, id=key, name=name, tags=tags, created_at=moment
            )
            servers.add(connection, other)

    house.database.run(fill)
    names: list[str] = []
    path = "/servers?not-tags=red&name=%5Es&limit=60"
    while path:
        page = house.ok("GET", path)
        names += [each["name"] for each in page["servers"]]
        links = page.get("servers_links", [{"href": "?"}])
        query = links[0]["href"].partition("?")[2]
        path = f"/servers?{query}" if query else ""
    assert names == [f"s{number:03}" for number in range(0, 330, 3)]
