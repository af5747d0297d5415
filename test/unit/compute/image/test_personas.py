"""Who may do what: every persona on every route, for images of each visibility.

Images that a caller cannot see are not there (404); what he sees and may not do is
403. Owners' members and administrators change; whoever sees an image may take it along
when he is a member of his project, readers look only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from test.contract.compute.route_table import routes_of
from test.unit.compute.image.house import OCTETS, OTHER, OWNER, PATCH, House
from test.unit.compute.network.test_scopes import ScopedTokens

MEMBER, INVITED = "c" * 32, "d" * 32
VISIBILITIES = ("public", "community", "shared", "private")
PERSONAS = {
    "owner's admin": (OWNER, "admin"),
    "owner's manager": (OWNER, "manager,member,reader"),
    "owner's member": (OWNER, "member"),
    "owner's reader": (OWNER, "reader"),
    "owner without a role": (OWNER, "nothing"),
    "member's admin": (MEMBER, "admin"),
    "member's member": (MEMBER, "member"),
    "member's reader": (MEMBER, "reader"),
    "invited one's member": (INVITED, "member"),
    "other's admin": (OTHER, "admin"),
    "other's member": (OTHER, "member"),
    "other's reader": (OTHER, "reader"),
    "other service": (OTHER, "service"),
    "system's admin": ("system", "admin"),
    "system's reader": ("system", "reader"),
    "domain's admin": ("domain", "admin"),
}
ADMINS = {name for name in PERSONAS if name.endswith("admin")} - {"domain's admin"}
OWNERS = ADMINS | {"owner's manager", "owner's member"}
SHARERS = {"member's member", "member's reader", "invited one's member"}
ROLELESS = {"owner without a role", "other service", "domain's admin"}
READERS = set(PERSONAS) - ROLELESS
USERS = READERS - {name for name in READERS if name.endswith("reader")}
NONE: set[str] = set()

# Who sees an image: the rest learns nothing of it.
SEEN = {
    "public": READERS,
    "community": READERS,
    "shared": OWNERS | {"owner's reader"} | SHARERS,
    "private": OWNERS | {"owner's reader"},
}


@dataclass(frozen=True)
class Operation:
    """What is asked, of an image in which state, and who may of those that see it."""

    asked: str
    status: int
    may: set[str]
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    state: str = "active"

    def __str__(self) -> str:
        return self.asked


ONE = "/v2/images/{image}"
RENAME = [{"op": "replace", "path": "/name", "value": "x"}]
OF_IMAGES = [
    Operation(f"GET {ONE}", 200, READERS),
    Operation(f"GET {ONE}/file", 200, USERS),
    Operation(f"PATCH {ONE}", 200, OWNERS, RENAME, PATCH),
    Operation(f"DELETE {ONE}", 204, OWNERS),
    Operation(f"PUT {ONE}/tags/t", 204, OWNERS),
    Operation(f"DELETE {ONE}/tags/given", 204, OWNERS),
    Operation(f"POST {ONE}/actions/deactivate", 204, OWNERS),
    Operation(f"POST {ONE}/actions/reactivate", 204, OWNERS),
    Operation(f"PUT {ONE}/file", 204, OWNERS, b"b", OCTETS, "queued"),
    Operation(f"PUT {ONE}/stage", 204, OWNERS, b"b", OCTETS, "queued"),
    Operation(
        f"POST {ONE}/import",
        202,
        OWNERS,
        {"method": {"name": "glance-direct"}},
        state="staged",
    ),
    Operation(
        f"POST {ONE}/import",
        202,
        ADMINS,
        {"method": {"name": "copy-image"}, "stores": ["file"]},
    ),
    Operation(f"GET {ONE}/tasks", 200, OWNERS | {"owner's reader"}),
    Operation("DELETE /v2/stores/file/{image}", 204, OWNERS, state="in both"),
]
# Only shared images have members.
OF_MEMBERS = [
    Operation(f"GET {ONE}/members", 200, READERS),
    Operation(f"POST {ONE}/members", 200, OWNERS, {"member": "e" * 32}),
    Operation(f"GET {ONE}/members/{MEMBER}", 200, READERS - {"invited one's member"}),
    Operation(
        f"PUT {ONE}/members/{MEMBER}",
        200,
        ADMINS | {"member's member"},
        {"status": "accepted"},
    ),
    Operation(f"DELETE {ONE}/members/{MEMBER}", 204, OWNERS),
]
PROJECTS_ROLES = {name for name in USERS if not name.startswith("system")}
ANYBODY = set(PERSONAS) - {"domain's admin"}
ELSEWHERE = [
    Operation("GET /v2/images", 200, READERS),
    Operation("POST /v2/images", 201, PROJECTS_ROLES, {"name": "n"}),
    Operation("POST /v2/images", 201, ADMINS, {"owner": "f" * 32}),
    Operation(
        "POST /v2/images",
        201,
        ADMINS - {"system's admin"},
        {"visibility": "public"},
    ),
    Operation("GET /v2/info/import", 200, ANYBODY),
    Operation("GET /v2/info/stores", 200, ANYBODY),
    Operation("GET /v2/info/stores/detail", 200, ADMINS),
    Operation("GET /v2/info/usage", 200, ANYBODY),
    Operation("GET /v2/schemas/image", 200, ANYBODY),
    Operation("GET /v2/tasks", 200, ADMINS),
    Operation("GET /v2/tasks/{task}", 200, ADMINS),
    Operation("GET /internal/holds", 200, {"other service"}),
]
# What the house's services alone may do is proved beside them: test_holds, test_client.
# They have tables of their own: what is internal in the clients' tests.
ELSEWHERE_TESTED = ("/internal/", "/metadefs/")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House(
        tmp_path_factory.mktemp("house"),
        tokens=ScopedTokens(),
        stores=("ring", "file"),
        project_images_max=0,
    )
    yield found
    found.close()


def make_image(house: House, visibility: str, state: str) -> str:
    """An image of OWNER's in that state."""
    image_id = house.create(
        visibility=visibility, tags=["given"], roles="admin", name="theirs"
    )
    if visibility == "shared":
        for member in (MEMBER, INVITED):
            path = f"/v2/images/{image_id}/members"
            house.ok("POST", path, {"member": member})
        path = f"/v2/images/{image_id}/members/{MEMBER}"
        house.ok("PUT", path, {"status": "accepted"}, project=MEMBER)
    if state == "staged":
        path = f"/v2/images/{image_id}/stage"
        house.ok("PUT", path, b"b", headers=OCTETS)
    elif state != "queued":
        assert house.upload(image_id, b"b", roles="admin").status == 204
    if state == "in both":
        wanted = {"method": {"name": "copy-image"}, "stores": ["file"]}
        house.ok("POST", f"/v2/images/{image_id}/import", wanted, roles="admin")
        assert house.run_imports(image_id)["status"] == "success"
    return image_id


def status_of(house: House, operation: Operation, persona: str, **things: str) -> int:
    """What one persona is told."""
    method, _, path = operation.asked.partition(" ")
    project, roles = PERSONAS[persona]
    return house.ask(
        method,
        path.format(**things),
        operation.body,
        project=project,
        roles=roles,
        headers=operation.headers,
    ).status


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("operation", OF_IMAGES, ids=str)
def test_images(house: House, operation: Operation, visibility: str) -> None:
    seen = SEEN[visibility]
    image_id = ""
    wrong = []
    for persona in PERSONAS:
        may = persona in seen & operation.may
        if may or not image_id:
            # What may be done to it may have been done.
            image_id = make_image(house, visibility, operation.state)
        expected = operation.status if may else 403 if persona in seen else 404
        if persona == "domain's admin":
            expected = 403
        got = status_of(house, operation, persona, image=image_id)
        if may:
            image_id = ""
        if got != expected:
            wrong.append((persona, expected, got))
    assert wrong == []


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("operation", OF_MEMBERS, ids=str)
def test_members(house: House, operation: Operation, visibility: str) -> None:
    wrong = []
    for persona in PERSONAS:
        image_id = make_image(house, visibility, "active")
        expected = 404
        if persona == "domain's admin":
            expected = 403
        elif persona in SEEN[visibility]:
            expected = 403
            if visibility == "shared" and persona in operation.may:
                expected = operation.status
            elif persona == "invited one's member" and MEMBER in operation.asked:
                # Members do not learn of each other.
                expected = 403 if operation.asked.startswith("DELETE") else 404
            elif persona == "member's reader" and operation.asked.startswith("PUT"):
                expected = 403
        if visibility != "shared" and persona in SEEN[visibility]:
            expected = 403
        got = status_of(house, operation, persona, image=image_id)
        if got != expected:
            wrong.append((persona, expected, got))
    assert wrong == []


@pytest.mark.parametrize("operation", ELSEWHERE, ids=str)
def test_what_is_no_image(house: House, operation: Operation) -> None:
    image_id = make_image(house, "private", "in both")
    task = house.ok("GET", f"/v2/images/{image_id}/tasks").json["tasks"][0]["id"]
    wrong = []
    for persona in PERSONAS:
        expected = operation.status if persona in operation.may else 403
        got = status_of(house, operation, persona, task=task)
        if got != expected:
            wrong.append((persona, expected, got))
    assert wrong == []


def test_lists_tell_nothing_of_others(house: House) -> None:
    made = {name: make_image(house, name, "active") for name in VISIBILITIES}
    for persona, (project, roles) in PERSONAS.items():
        if persona in ROLELESS:
            continue
        got = house.ok(
            "GET",
            "/v2/images?visibility=all&member_status=all&limit=1000&name=theirs",
            project=project,
            roles=roles,
        )
        listed = {image["id"] for image in got.json["images"]}
        for name, image_id in made.items():
            assert (image_id in listed) is (persona in SEEN[name]), (persona, name)


@pytest.mark.parametrize("persona", ["other's member", "member's member"])
def test_a_page_does_not_begin_at_what_is_not_seen(house: House, persona: str) -> None:
    """Or it would tell that it is there, and where among the others."""
    project, roles = PERSONAS[persona]
    hidden = make_image(house, "private", "queued")
    for marker in (hidden, "0" * 8 + "-0000-4000-8000-" + "0" * 12):
        got = house.ask(
            "GET", f"/v2/images?marker={marker}", project=project, roles=roles
        )
        assert got.status == 400
    own = house.create(project=project)
    path = f"/v2/images?marker={own}"
    assert house.ask("GET", path, project=project, roles=roles).status == 200


def test_every_route_has_its_line(house: House) -> None:
    asked = {
        re.sub(r"{\w+}|" + MEMBER, "{}", each.asked)
        for each in (*OF_IMAGES, *OF_MEMBERS, *ELSEWHERE)
    }
    shapes = {
        re.sub(r"/tags/\w+$", "/tags/{}", path)
        .replace("/schemas/image", "/schemas/{}")
        .replace("/stores/file/", "/stores/{}/")
        for path in asked
    }
    there = {
        f"{method} {path}"
        for (method, path), route in routes_of(house.room.application).items()
        if not route.public
    }
    missing = there - shapes
    missing = {
        path for path in missing if not any(each in path for each in ELSEWHERE_TESTED)
    }
    assert missing == set()
    assert shapes <= there
