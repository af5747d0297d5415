"""The first page: what the project uses, what is new, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.menu import VOLUME_TYPES
from compute.dashboard.frame.panels import Tile, Tiles
from compute.dashboard.frame.routes import page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Bars,
    Empty,
    Page,
    Row,
    Said,
    Step,
    Steps,
    Table,
    When,
    status,
)
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.overview.tiles import COUNTED_MAX, tiles_of, wrong
from compute.dashboard.pages.overview.usage import bars_of
from compute.dashboard.pages.servers.states import BUSY_STATUSES
from compute.dashboard.pages.words import link_to, new_action
from compute.dashboard.rooms import Answers

NEWEST = 6


def show(visit: Visit) -> Page:
    """The page."""
    session = visit.session
    if session.domain_id:
        return _of_domain(visit)
    if not session.project_id:
        said = Said(
            "You have no role in any project yet. Ask an administrator of the cloud"
            " for one.",
            action=Action("My account", "/account", is_form=True),
        )
        return Page("Overview", "overview", [said])
    found = visit.rooms.together(**_questions(visit))
    first = _first_steps(found, session.services)
    sections: list[Any] = [*wrong(found), *first]
    if not first:
        sections.append(Tiles("tiles", tiles_of(found), "At a glance"))
    sections.append(Bars("quota", bars_of(found), "What the project uses"))
    if not first:
        sections.append(_newest(found))
    visit.problems += found.problems
    return Page(
        "Overview",
        "overview",
        sections,
        actions=_actions(session.services),
        lead=f"Project {session.project_name}",
    )


def _of_domain(visit: Visit) -> Page:
    rooms = visit.rooms
    found = rooms.together(
        people=lambda: rooms.get("identity", "users"),
        projects=lambda: rooms.get("identity", "projects"),
    )
    people = found.get("people", {}).get("users", ())
    projects = found.get("projects", {}).get("projects", ())
    tiles = [
        Tile("People", formats.number(len(people)), "/people", _disabled(people)),
        Tile(
            "Projects", formats.number(len(projects)), "/projects", _disabled(projects)
        ),
    ]
    lead = f"Domain {visit.session.domain_name}: who is in it, and in which projects"
    visit.problems += found.problems
    return Page("Overview", "overview", [Tiles("tiles", tiles)], lead=lead)


def _disabled(things: Sequence[Mapping[str, Any]]) -> list[Badge]:
    count = sum(not each["enabled"] for each in things)
    return [Badge(f"{formats.number(count)} disabled", "idle")] if count else []


def _questions(visit: Visit) -> dict[str, Callable[[], Any]]:
    rooms, session = visit.rooms, visit.session
    project = session.project_id
    asked: dict[str, Callable[[], Any]] = {}
    if "compute" in session.services:
        asked["limits"] = lambda: rooms.get("compute", "limits")
        asked["keys"] = lambda: rooms.get("compute", "os-keypairs", limit=1)
        asked["servers"] = lambda: rooms.get(
            "compute",
            "servers",
            "detail",
            limit=NEWEST,
            sort_key="created_at",
            sort_dir="desc",
        )
        asked["failed"] = lambda: rooms.get(
            "compute", "servers", status="ERROR", limit=COUNTED_MAX
        )
        asked["running"] = lambda: rooms.get(
            "compute", "servers", status="ACTIVE", limit=COUNTED_MAX
        )
    if session.services.intersection(VOLUME_TYPES):
        asked["volumes"] = lambda: rooms.get("volume", "limits")
        asked["failed_volumes"] = lambda: rooms.get(
            "volume", "volumes", status="error", limit=COUNTED_MAX
        )
    if "network" in session.services:
        asked["networks"] = lambda: rooms.get(
            "network", "quotas", project, "details.json"
        )
    if "object-store" in session.services:
        asked["objects"] = lambda: store_usage(visit)
    if "load-balancer" in session.services:
        asked["balancers"] = lambda: rooms.get(
            "load-balancer", "loadbalancers", limit=COUNTED_MAX
        )
    if "orchestration" in session.services:
        asked["stacks"] = lambda: rooms.get(
            "orchestration", "stacks", limit=COUNTED_MAX
        )
    if "alarming" in session.services:
        asked["alarms"] = lambda: rooms.get("alarming", "alarms", limit=COUNTED_MAX)
    return asked


def store_usage(visit: Visit) -> tuple[int, int]:
    """Bytes and objects of the project's account."""
    path = f"/AUTH_{visit.session.project_id}"
    with visit.rooms.stream("object-store", "HEAD", path) as answer:
        answer.read()
        found = answer.headers
    return (
        int(found.get("x-account-bytes-used", 0)),
        int(found.get("x-account-object-count", 0)),
    )


def _first_steps(found: Answers, services: frozenset[str]) -> list[Steps]:
    """For a project that has no server yet; nobody knows it while compute is away."""
    servers = found.get("servers", {}).get("servers")
    if "compute" not in services or servers is None or servers:
        return []
    has_key = bool(found.get("keys", {}).get("keypairs", ()))
    steps = [
        Step(
            "Make a key pair",
            "With its secret half you log in to servers by SSH.",
            Action("Make a key pair", "/keys/new", is_form=True),
            has_key,
        ),
        Step(
            "Launch a server",
            "From an image, as large as a flavor says; a network is made for it.",
            Action(
                "Launch a server",
                "/servers/new",
                is_form=True,
                look="primary" if has_key else "",
            ),
        ),
    ]
    if "network" in services:
        steps.append(
            Step(
                "Let others reach it",
                "A floating address leads to it from outside, and a security group says"
                " who is let in.",
                Action("Floating addresses", "/addresses", is_form=True),
            )
        )
    if "object-store" in services:
        count, _ = found.get("objects", (0, 0))
        steps.append(
            Step(
                "Store files",
                "In containers, from the browser or by the Swift and S3 clients.",
                Action("Make a container", "/objects/new", is_form=True),
                bool(count),
            )
        )
    return [Steps("first", steps, "First steps")]


def _newest(found: Answers) -> Table:
    servers = found.get("servers", {}).get("servers")
    rows = [
        Row(
            [
                link_to(each, f"/servers/{each['id']}"),
                status(each["status"]),
                When(each["created"]),
            ],
            is_busy=each["status"] in BUSY_STATUSES,
        )
        for each in servers or ()
    ]
    return Table(
        "newest",
        ["Server", "State", "Made"],
        rows,
        Empty(
            "No servers yet. One needs an image, a flavor and a network: the form"
            " asks for them.",
            Action("Launch a server", "/servers/new", is_form=True, look="primary"),
        ),
        "Newest servers",
        problem="" if servers is not None else "Nobody can say just now.",
    )


def _actions(services: frozenset[str]) -> list[Action]:
    if "compute" not in services:
        return []
    return [new_action("Launch a server", "/servers/new")]


ROUTES = [page("", show)]
