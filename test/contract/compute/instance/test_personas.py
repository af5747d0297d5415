"""Who may call what: each route and each action, asked for by everybody.

Members and managers of a project do as they like with what is its own, its readers
look; to others it is not there.  Hosts, and what may be done to any server, are for
administrators; readers of the system may look at everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.contract.compute.instance.reference.routes import NEWEST, Row, rows
from test.contract.compute.instance.things import ORDERS, QUERIES, SPARE, Things
from test.unit.compute.instance.house import OTHER, OWNER, Got, House
from test.unit.compute.instance.states import UNLIMITED
from test.unit.compute.network.test_scopes import ScopedTokens

_FILE = Path(__file__).parent / "reference" / "personas.txt"
UNSERVED = {("GET", "/"), ("GET", "/versions/{version}")}
# The project's own figures: another project is named, not looked for.
NAMES_A_PROJECT = ("/os-quota-sets/", "/os-simple-tenant-usage/")
# A volume is swapped for another by administrators.
SWAP = ("PUT", "/servers/{server}/os-volume_attachments/{attached}")
YES = "2xx"


# Project (or scope), roles, name of the user.
PERSONAS = {
    "admin": (OWNER, "admin", "boss"),
    "manager": (OWNER, "manager,member,reader", "u1"),
    "member": (OWNER, "member", "u1"),
    "reader": (OWNER, "reader", "u1"),
    "no role": (OWNER, "nothing", "u1"),
    "stranger": (OTHER, "member", "u2"),
    "service": ("5" * 32, "service", "agent"),
    "system's admin": ("system", "admin", "root"),
    "system's reader": ("system", "reader", "auditor"),
    "domain's admin": ("domain", "admin", "squire"),
}
# Asked of the service that has them, with its rules for who has no role, or no project.
PROXIED = (
    *("/images", "/os-networks", "/os-tenant-networks", "/os-floating-ip"),
    *("/os-security-group", "/os-volumes", "/os-snapshots"),
)
OWNED = {
    *("server", "moving", "servergroup", "image", "volume", "snapshot"),
    *("group", "rule", "floating", "network"),
}


def _who() -> dict[str, tuple[str, str]]:
    lines = [line.split() for line in _FILE.read_text().splitlines()]
    return {
        line[0]: (line[1], line[2])
        for line in lines
        if len(line) == 3 and line[0] != "#"
    }


WHO = _who()
WORKING = [
    row
    for row in rows()
    if row.answer == "ok" and (row.method, row.path) not in UNSERVED
]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    limits: dict[str, Any] = dict(UNLIMITED)
    house = House(
        tmp_path_factory.mktemp("personas"), hosts=2, tokens=ScopedTokens(), **limits
    )
    house.furnish()
    yield Things(house)
    house.close()


def who_may(row: Row) -> str:
    if (row.method, row.path) == SWAP:
        return "admin"
    return WHO[row.path][row.method != "GET"]


class Asking:
    """One route, with one thing for all who may not have it."""

    def __init__(self, things: Things, row: Row) -> None:
        self._things = things
        self._row = row
        self._minor = min(row.until, NEWEST)
        self._make()

    def _make(self) -> None:
        row, things = self._row, self._things
        spare = (row.method, row.path) in SPARE
        self._names = {
            name: things.thing(name, self._minor)
            for name in row.names
            if not (name == "server" and spare)
        }
        if spare:
            self._names["server"] = things.spare_server()

    def as_(self, who: str) -> Got:
        row, things = self._row, self._things
        project, roles, user = PERSONAS[who]
        order: Any = ORDERS.get((row.method, row.path))
        if row.method in ("POST", "PUT") and order is None:
            order = {}
        body = order(things, self._minor) if callable(order) else order
        path = row.path.format(**self._names) + QUERIES.get(row.path, "")
        with things.answering(row.path.endswith("/diagnostics")):
            got = things.house.ask(
                row.method,
                path,
                body,
                version=f"2.{self._minor}",
                project=project,
                roles=roles,
                user=user,
            )
        things.house.work()
        if got.status < 300 and row.method != "GET":
            self._make()
        return got


def expected(row: Row) -> dict[str, Any]:
    """What comes of it."""
    domain: dict[str, Any] = {"domain's admin": 403}
    is_owned = not OWNED.isdisjoint(row.names)
    found: dict[str, Any]
    match who_may(row):
        case "any":
            found = dict.fromkeys(("no role", "stranger", "system's reader"), YES)
        case "granted":
            found = {"member": 404, "stranger": 404, "admin": YES}
        case "user":
            found = {"stranger": 404 if row.names else YES, "no role": YES}
        case "service":
            found = {"member": 403, "manager": 403, "service": YES, "admin": YES}
        case "reader":
            is_named = row.path.startswith(NAMES_A_PROJECT)
            found = {
                "no role": 403,
                "stranger": 404 if is_owned else 403 if is_named else YES,
                "system's reader": YES,
                **dict.fromkeys(("reader", "member", "manager"), YES),
            }
        case "member":
            found = {
                **dict.fromkeys(("no role", "reader", "system's reader"), 403),
                **({"stranger": 404} if is_owned else {}),
                **dict.fromkeys(("member", "manager"), YES),
            }
        case may:
            found = {
                **dict.fromkeys(("no role", "reader", "member", "manager"), 403),
                "stranger": 404 if is_owned else 403,
                "system's reader": YES if may == "system" else 403,
                **dict.fromkeys(("system's admin", "admin"), YES),
            }
    if row.path.startswith(PROXIED) and not row.path.startswith("/os-volumes_boot"):
        found = {
            who: what
            for who, what in found.items()
            if who in ("reader", "member", "manager", "stranger")
        }
    return domain | found


def test_the_table_is_of_all_routes() -> None:
    assert set(WHO) == {row.path for row in WORKING}


@pytest.mark.parametrize("row", WORKING, ids=lambda row: f"{row.method} {row.path}")
def test_a_route(things: Things, row: Row) -> None:
    asking = Asking(things, row)
    wanted = expected(row)
    found: dict[str, Any] = {}
    for who in wanted:
        got = asking.as_(who)
        found[who] = YES if 200 <= got.status < 300 else got.status
    assert found == wanted


# Action, its arguments, who may: as the table of routes says.
ACTIONS: tuple[tuple[str, Any, str], ...] = (
    *((name, None, "member") for name in ("os-start", "os-stop", "pause", "unpause")),
    *((name, None, "member") for name in ("suspend", "resume", "lock", "unlock")),
    *((name, None, "member") for name in ("shelve", "unshelve", "unrescue")),
    *((name, None, "member") for name in ("confirmResize", "revertResize")),
    *((name, None, "member") for name in ("restore", "forceDelete", "rescue")),
    ("reboot", {"type": "SOFT"}, "member"),
    ("resize", {"flavorRef": "small"}, "member"),
    ("rebuild", {"imageRef": "12345678-1234-1234-1234-123456789012"}, "member"),
    ("createImage", {"name": "i"}, "member"),
    ("createBackup", {"name": "b", "backup_type": "d", "rotation": 1}, "member"),
    ("changePassword", {"adminPass": "x"}, "member"),
    ("os-getConsoleOutput", {}, "member"),
    ("addSecurityGroup", {"name": "default"}, "member"),
    ("removeSecurityGroup", {"name": "default"}, "member"),
    ("trigger_crash_dump", None, "member"),
    ("shelveOffload", None, "admin"),
    ("injectNetworkInfo", None, "admin"),
    ("os-resetState", {"state": "active"}, "admin"),
    ("migrate", None, "admin"),
    ("os-migrateLive", {"host": None, "block_migration": "auto"}, "admin"),
    ("evacuate", {}, "admin"),
)


@pytest.mark.parametrize(("action", "arguments", "may"), ACTIONS)
def test_an_action(things: Things, action: str, arguments: Any, may: str) -> None:
    """Whether its server's state allows it is another matter (409)."""
    wanted = {
        "domain's admin": 403,
        **dict.fromkeys(("no role", "reader", "system's reader"), 403),
        "stranger": 404,
    }
    if may == "admin":
        wanted |= {"member": 403, "manager": 403}
    found = {}
    for who in wanted:
        project, roles, user = PERSONAS[who]
        got = things.house.act(
            things.server_id,
            action,
            arguments,
            project=project,
            roles=roles,
            user=user,
        )
        found[who] = got.status
    assert found == wanted


@pytest.mark.parametrize("row", WORKING, ids=lambda row: f"{row.method} {row.path}")
def test_nothing_without_a_token(things: Things, row: Row) -> None:
    path = "/v2.1" + row.path.format(**dict.fromkeys(row.names, "1"))
    headers = {"OpenStack-API-Version": f"compute 2.{min(row.until, NEWEST)}"}
    answer = things.house.caller.request(row.method, path, headers, b"{}")
    assert answer.status == 401
    answer.read()
