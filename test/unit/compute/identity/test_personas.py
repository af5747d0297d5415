"""Who may do what: every persona on every route.

Whoever may not gets 403, whether or not there is such a thing, so that nothing is
learnt from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from test.contract.compute.route_table import routes_of
from test.unit.compute.identity.cast import Cast, make_cast
from test.unit.compute.identity.federated_operations import FEDERATED_OPERATIONS
from test.unit.compute.identity.house import make_house
from test.unit.compute.identity.operations import (
    ABROAD,
    ALSO,
    IN_PROJECT,
    NEIGHBOURS,
    OF_HOME,
    OPERATIONS,
    Operation,
)

NOBODY = "9" * 32
EVERY = [*OPERATIONS, *FEDERATED_OPERATIONS]


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    made = make_cast(make_house(tmp_path_factory.mktemp("house")))
    made.things["domain"] = made.things["home"]
    yield made
    made.house.parts.database.close()


def fill(cast: Cast, text: str) -> str:
    """The words in braces, made or known."""

    def thing(match: re.Match[str]) -> str:
        return cast.name() if match[1] == "name" else cast.thing(match[1])

    return re.sub(r"{([^{}]+)}", thing, text)


def filled(cast: Cast, body: Any) -> Any:
    """The same in a body."""
    if callable(body):
        return body(cast.things)
    if isinstance(body, dict):
        return {key: filled(cast, value) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(cast, value) for value in body]
    return fill(cast, body) if isinstance(body, str) else body


def allowed(operation: Operation) -> frozenset[str]:
    """Who may."""
    more = ALSO.get(operation.asked, frozenset())
    return (operation.may | more) - (ABROAD if operation.asked in OF_HOME else set())


def prepare(cast: Cast, operation: Operation) -> None:
    """What the operation takes away is put there."""
    things, house = cast.things, cast.house
    if "{guest}" in operation.asked:
        things["guest"] = cast.thing("new user")
        house.ok("PUT", f"/v3/groups/{things['group']}/users/{things['guest']}")
    if "{tagged}" in operation.asked:
        things["tagged"] = cast.thing("new project")
        house.ok("PUT", f"/v3/projects/{things['tagged']}/tags/t")
    if "{implying}" in operation.asked:
        things["implying"] = cast.thing("new role")
        path = f"/v3/roles/{things['implying']}/implies/{things['reader']}"
        house.ok("PUT", path)
    for actor in ("user", "group"):
        # Somebody new: when he loses an inherited role, all his tokens end.
        if f"{{{actor} given}}" in operation.asked:
            things[f"{actor} given"] = cast.thing(f"new {actor}")
            house.ok("PUT", fill(cast, operation.asked.partition(" ")[2]))


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_who_may(cast: Cast, operation: Operation) -> None:
    method, _, template = operation.asked.partition(" ")
    may = allowed(operation)
    wrong = []
    for persona, token in cast.tokens.items():
        prepare(cast, operation)
        subject = cast.thing("new token") if operation.subject else ""
        said = cast.house.say(
            method,
            fill(cast, template),
            filled(cast, operation.body),
            token=token,
            subject=subject,
        )
        expected = operation.status if persona in may else 403
        if persona == "self by access rules":
            # Identity is not among what its rules name.
            expected = 403 if operation.asked == "GET /v3/auth/tokens" else 401
        elif "/trusts/{" in template and persona not in may:
            expected = 404
        if said.status != expected:
            wrong.append((persona, expected, said.status, said.body))
    assert wrong == []


def test_every_route_has_its_line(cast: Cast) -> None:
    asked = {
        tuple(_anonymous(item.asked.partition("?")[0]).split(" ", 1)) for item in EVERY
    }
    shapes = {(method, _shape(path)) for method, path in asked}
    open_to_all = {
        key for key, route in routes_of(cast.house.application).items() if route.public
    }
    there = {
        (method, _shape(path)) for method, path in routes_of(cast.house.application)
    } - {(method, _shape(path)) for method, path in open_to_all}
    assert shapes == there


def _anonymous(asked: str) -> str:
    """A protocol is named with its provider."""
    whole = re.sub(r"{(new )?protocol}", "{}/protocols/{}", asked)
    return re.sub(r"{[^}]+}", "{}", whole)


def _shape(path: str) -> str:
    """Tags are said by name in the table."""
    return re.sub(r"/tags/\w+", "/tags/{}", path)


@pytest.mark.parametrize("persona", sorted({*ABROAD, *NEIGHBOURS, *IN_PROJECT}))
@pytest.mark.parametrize(
    ("plural", "word"),
    [
        ("users", "self"),
        ("groups", "group"),
        ("projects", "project"),
        ("domains", "home"),
        ("credentials", "credential"),
        ("limits", "limit"),
        ("role_assignments", "self"),
    ],
)
def test_lists_tell_nothing_of_others(
    cast: Cast, plural: str, word: str, persona: str
) -> None:
    if plural == "limits" and persona in {*IN_PROJECT, "service"}:
        return  # those of the project, and services may read all
    said = cast.house.say("GET", f"/v3/{plural}", token=cast.tokens[persona])
    assert said.status in (200, 403)
    if said.status == 200:
        ids = [item.get("id") for item in said.body[plural]]
        assert cast.things[word] not in ids
        if plural == "role_assignments":
            assert cast.things["home"] not in str(said.body["role_assignments"])


@pytest.mark.parametrize("plural", ["users", "groups", "projects"])
def test_a_page_does_not_begin_at_what_is_not_seen(cast: Cast, plural: str) -> None:
    theirs = cast.things[plural[:-1]]
    for persona, status in (
        ("domain reader", 200),
        ("other domain's reader", 400),
        ("system reader", 200),
    ):
        path = f"/v3/{plural}?marker={theirs}"
        said = cast.house.say("GET", path, token=cast.tokens[persona])
        assert said.status == status, persona


@pytest.mark.parametrize(
    "persona", ["project member", "other domain's manager", "self"]
)
@pytest.mark.parametrize(
    "template",
    [
        "/v3/users/{}",
        "/v3/groups/{}",
        "/v3/projects/{}",
        "/v3/domains/{}",
        "/v3/credentials/{}",
        "/v3/limits/{}",
        "/v3/users/{}/groups",
        "/v3/users/{}/credentials/OS-EC2",
        "/v3/users/{}/application_credentials",
    ],
)
def test_what_is_not_there_looks_as_what_is_others(
    cast: Cast, template: str, persona: str
) -> None:
    others = cast.house.make("user", name=cast.name(), domain_id="default")
    for method in ("GET", "DELETE", "PATCH"):
        if method != "GET" and not template.endswith("{}"):
            continue
        missing = cast.house.say(
            method, template.format(NOBODY), {}, token=cast.tokens[persona]
        )
        assert missing.status == 403, (method, missing)
        if template.startswith("/v3/users"):
            there = cast.house.say(
                method, template.format(others), {}, token=cast.tokens[persona]
            )
            assert there.body == missing.body
