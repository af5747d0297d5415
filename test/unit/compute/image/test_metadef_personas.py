"""Who may do what with metadata definitions: every persona on every route.

A namespace that a caller cannot see is not there (404); what he sees and may not do is
403.  Administrators write, projects read what is theirs or public.
"""

from __future__ import annotations

import re
from itertools import count

import pytest

from test.contract.compute.route_table import routes_of
from test.unit.compute.image.house import House
from test.unit.compute.image.test_personas import (
    ADMINS,
    ANYBODY,
    PERSONAS,
    READERS,
    Operation,
    house,
    status_of,
)

__all__ = ["house"]
ROOT = "/v2/metadefs/namespaces"
ONE = f"{ROOT}/{{namespace}}"
READS_OWN = ADMINS | {"owner's manager", "owner's member", "owner's reader"}
SEEN = {"public": READERS, "private": READS_OWN}
PROPERTY = {"name": "p", "title": "P", "type": "string"}
NEW_PROPERTY = {**PROPERTY, "name": "new"}
TYPE = "OS::Nova::Server"
INSIDE = [
    Operation(f"GET {ONE}", 200, READERS),
    Operation(f"PUT {ONE}", 200, ADMINS, {"description": "x"}),
    Operation(f"DELETE {ONE}", 204, ADMINS),
    Operation(f"GET {ONE}/objects", 200, READERS),
    Operation(f"POST {ONE}/objects", 201, ADMINS, {"name": "new"}),
    Operation(f"DELETE {ONE}/objects", 204, ADMINS),
    Operation(f"GET {ONE}/objects/o", 200, READERS),
    Operation(f"PUT {ONE}/objects/o", 200, ADMINS, {"name": "o"}),
    Operation(f"DELETE {ONE}/objects/o", 204, ADMINS),
    Operation(f"GET {ONE}/properties", 200, READERS),
    Operation(f"POST {ONE}/properties", 201, ADMINS, NEW_PROPERTY),
    Operation(f"DELETE {ONE}/properties", 204, ADMINS),
    Operation(f"GET {ONE}/properties/p", 200, READERS),
    Operation(f"PUT {ONE}/properties/p", 200, ADMINS, PROPERTY),
    Operation(f"DELETE {ONE}/properties/p", 204, ADMINS),
    Operation(f"GET {ONE}/tags", 200, READERS),
    Operation(f"POST {ONE}/tags", 201, ADMINS, {"tags": [{"name": "new"}]}),
    Operation(f"DELETE {ONE}/tags", 204, ADMINS),
    Operation(f"GET {ONE}/tags/t", 200, READERS),
    Operation(f"POST {ONE}/tags/new", 201, ADMINS),
    Operation(f"PUT {ONE}/tags/t", 200, ADMINS, {"name": "t"}),
    Operation(f"DELETE {ONE}/tags/t", 204, ADMINS),
    Operation(f"GET {ONE}/resource_types", 200, READERS),
    Operation(f"POST {ONE}/resource_types", 201, ADMINS, {"name": "new"}),
    Operation(f"DELETE {ONE}/resource_types/{TYPE}", 204, ADMINS),
]
OUTSIDE = [
    Operation(f"GET {ROOT}", 200, READERS),
    Operation(f"POST {ROOT}", 201, ADMINS - {"system's admin"}, {"namespace": "x"}),
    Operation("GET /v2/metadefs/resource_types", 200, READERS),
    Operation("GET /v2/schemas/metadefs/tag", 200, ANYBODY),
]
NUMBERS = count()


def make_namespace(house: House, visibility: str) -> str:
    """One of OWNER's with one definition of each kind."""
    name = f"n{next(NUMBERS)}"
    body = {
        "namespace": name,
        "visibility": visibility,
        "resource_type_associations": [{"name": TYPE}],
        "properties": {"p": {"title": "P", "type": "string"}},
        "objects": [{"name": "o"}],
        "tags": [{"name": "t"}],
    }
    house.ok("POST", ROOT, body, roles="admin")
    return name


@pytest.mark.parametrize("visibility", SEEN)
@pytest.mark.parametrize("operation", INSIDE, ids=str)
def test_namespaces(house: House, operation: Operation, visibility: str) -> None:
    seen, wrong = SEEN[visibility], []
    for persona in PERSONAS:
        may = persona in seen & operation.may
        name = make_namespace(house, visibility)
        expected = operation.status if may else 403 if persona in seen else 404
        if persona == "domain's admin":
            expected = 403
        got = status_of(house, operation, persona, namespace=name)
        if got != expected:
            wrong.append((persona, expected, got))
    assert wrong == []


@pytest.mark.parametrize("operation", OUTSIDE, ids=str)
def test_what_is_in_no_namespace(house: House, operation: Operation) -> None:
    wrong = []
    for persona in PERSONAS:
        expected = operation.status if persona in operation.may else 403
        got = status_of(house, operation, persona)
        if got == 201:
            house.ok("DELETE", f"{ROOT}/x", roles="admin")
        if got != expected:
            wrong.append((persona, expected, got))
    assert wrong == []


def test_every_route_has_its_line(house: House) -> None:
    shapes = {
        re.sub(r"{\w+}", "{}", each.asked)
        .replace(f"/{TYPE}", "/{}")
        .replace("/schemas/metadefs/tag", "/schemas/metadefs/{}")
        for each in (*INSIDE, *OUTSIDE)
    }
    shapes = {re.sub(r"/(o|p|t|new)$", "/{}", shape) for shape in shapes}
    there = {
        f"{method} {path}"
        for method, path in routes_of(house.room.application)
        if "/metadefs/" in path
    }
    assert there == shapes
