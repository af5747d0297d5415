"""Who may do what: every persona on every route.

Roles on the system, a domain or a project open what Keystone's defaults say; the user
may look at and change what is his own; tokens that were only lent make and show no
secrets; one with access rules opens nothing here.  Whoever may not gets 403, whether or
not there is such a thing, so that nothing is learnt from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from test.contract.compute.route_table import routes_of
from test.unit.compute.identity.cast import Cast, make_cast, trust_body
from test.unit.compute.identity.house import make_house

NOBODY = "9" * 32

ADMINS = frozenset({"system admin", "domain admin", "project admin"})
READERS = ADMINS | {"system manager", "system member", "system reader"}
IN_DOMAIN = READERS | {"domain manager", "domain member", "domain reader"}
MANAGERS = ADMINS | {"domain manager"}
IN_PROJECT = frozenset({"project manager", "project member", "project reader"})
LASTING = frozenset({"self", "self, unscoped", "self by unrestricted credential"})
SELF = LASTING | {"self by trust", "self by application credential"}
OF_HOUSE = SELF - {"self, unscoped"}
ABROAD = frozenset({"other domain's manager", "other domain's reader"})
NEIGHBOURS = frozenset({"other project's member", "service"})
ANYBODY = IN_DOMAIN | IN_PROJECT | SELF | ABROAD | NEIGHBOURS | {"unscoped stranger"}
SERVICES = ADMINS | {"service"}


@dataclass(frozen=True)
class Operation:
    """What is asked, what comes of it for those who may, and who that is.  Words in
    braces are things of the cast."""

    asked: str
    status: int
    may: frozenset[str]
    body: Any = None
    subject: str = ""

    def __str__(self) -> str:
        return self.asked


def crud(
    plural: str,
    may_read: frozenset[str],
    may_change: frozenset[str],
    new: Any,
    *,
    word: str = "",
) -> list[Operation]:
    """List, create, show, change, delete."""
    word = word or plural[:-1]
    noun = word.replace(" ", "_")
    one = f"/v3/{plural}/{{{word}}}"
    fresh = f"/v3/{plural}/{{new {word}}}"
    change = {noun: {"description": "x"}}
    return [
        Operation(f"GET /v3/{plural}", 200, may_read),
        Operation(f"POST /v3/{plural}", 201, may_change, new),
        Operation(f"GET {one}", 200, may_read),
        Operation(f"PATCH {fresh}", 200, may_change, change),
        Operation(f"DELETE {fresh}", 204, may_change),
    ]


def grants(target: str, actor: str, end: str = "") -> list[Operation]:
    """Roles of an actor on a target: ``projects/{project}``."""
    reads, changes = IN_DOMAIN, MANAGERS
    if target == "system":
        reads, changes = READERS, ADMINS
    before = "OS-INHERIT/" if end else ""
    base = f"/v3/{before}{target}/{actor}/roles"
    given = f"/v3/{before}{target}/{actor[:-1]} given}}/roles/{{role}}{end}"
    return [
        Operation(f"GET {base}{end}", 200, reads),
        Operation(f"PUT {base}/{{role}}{end}", 204, changes),
        Operation(f"GET {given}", 204, reads),
        Operation(f"DELETE {given}", 204, changes),
    ]


def all_grants() -> list[Operation]:
    """On every kind of target, to users and groups."""
    found = []
    for actor in ("users/{user}", "groups/{group}"):
        for target in ("projects/{project}", "domains/{home}"):
            found += grants(target, actor)
            found += grants(target, actor, "/inherited_to_projects")
        found += grants("system", actor)
    return found


MEMBER = "/v3/groups/{group}/users"
TAGS = "/v3/projects/{new project}/tags"
EC2 = "/v3/users/{self}/credentials/OS-EC2"
LENT = "/v3/users/{self}/application_credentials"
RULES = "/v3/users/{self}/access_rules"
TRUSTS = "/v3/OS-TRUST/trusts"
PARTIES = SELF | READERS
SEEN = READERS | OF_HOUSE | IN_PROJECT

OPERATIONS = [
    Operation("GET /v3/auth/tokens", 200, READERS | SELF | {"service"}, None, "token"),
    Operation("DELETE /v3/auth/tokens", 204, ADMINS | SELF, None, "token"),
    *(
        Operation(f"GET /v3/auth/{name}", 200, ANYBODY)
        for name in ("catalog", "projects", "domains", "system")
    ),
    *crud(
        "users",
        IN_DOMAIN | ABROAD,
        MANAGERS,
        {"user": {"name": "{name}", "domain_id": "{home}"}},
    ),
    Operation("GET /v3/users?domain_id={home}", 200, IN_DOMAIN),
    Operation("GET /v3/users/{self}/groups", 200, IN_DOMAIN | SELF),
    Operation("GET /v3/users/{self}/projects", 200, IN_DOMAIN | SELF),
    *crud(
        "groups",
        IN_DOMAIN | ABROAD,
        MANAGERS,
        {"group": {"name": "{name}", "domain_id": "{home}"}},
    ),
    Operation("GET /v3/groups?domain_id={home}", 200, IN_DOMAIN),
    Operation(f"GET {MEMBER}", 200, IN_DOMAIN),
    Operation(f"GET {MEMBER}/{{self}}", 204, IN_DOMAIN),
    Operation(f"PUT {MEMBER}/{{new user}}", 204, MANAGERS),
    Operation("DELETE /v3/groups/{group}/users/{guest}", 204, MANAGERS),
    *crud(
        "projects",
        IN_DOMAIN | ABROAD,
        MANAGERS,
        {"project": {"name": "{name}", "domain_id": "{home}"}},
    ),
    Operation("GET /v3/projects?domain_id={home}", 200, IN_DOMAIN),
    Operation("GET /v3/projects/{project}/tags", 200, IN_DOMAIN | SEEN),
    Operation("GET /v3/projects/{project}/tags/t", 204, IN_DOMAIN | SEEN),
    Operation(f"PUT {TAGS}", 200, MANAGERS, {"tags": ["a"]}),
    Operation(f"PUT {TAGS}/b", 201, MANAGERS),
    Operation("DELETE /v3/projects/{tagged}/tags/t", 204, MANAGERS),
    Operation("DELETE /v3/projects/{tagged}/tags", 204, MANAGERS),
    *crud("domains", IN_DOMAIN | ABROAD, ADMINS, {"domain": {"name": "{name}"}}),
    *crud("roles", READERS, ADMINS, {"role": {"name": "{name}"}}),
    Operation("GET /v3/roles/{role}/implies", 200, READERS),
    Operation("GET /v3/roles/{role}/implies/{reader}", 200, READERS),
    Operation("PUT /v3/roles/{new role}/implies/{reader}", 201, ADMINS),
    Operation("DELETE /v3/roles/{implying}/implies/{reader}", 204, ADMINS),
    Operation("GET /v3/role_inferences", 200, READERS),
    Operation("GET /v3/role_assignments", 200, IN_DOMAIN | ABROAD),
    Operation(
        "GET /v3/role_assignments?user.id={self}", 200, IN_DOMAIN | ABROAD | SELF
    ),
    Operation(
        "GET /v3/role_assignments?scope.project.id={project}&include_subtree",
        200,
        IN_DOMAIN | {"project manager"},
    ),
    *all_grants(),
    *crud("services", READERS, ADMINS, {"service": {"type": "t"}}),
    *crud(
        "endpoints",
        READERS,
        ADMINS,
        {
            "endpoint": {
                "service_id": "{service}",
                "interface": "public",
                "url": "http://e",
            }
        },
    ),
    *crud(
        "OS-EP-FILTER/endpoint_groups",
        READERS,
        ADMINS,
        {"endpoint_group": {"name": "{name}", "filters": {"interface": "public"}}},
        word="endpoint group",
    ),
    *(
        Operation(f"{method} /v3/OS-EP-FILTER/{path}", status, may)
        for method, path, status, may in (
            ("GET", "endpoint_groups/{endpoint group}/endpoints", 200, READERS),
            ("GET", "endpoint_groups/{endpoint group}/projects", 200, READERS),
            (
                "PUT",
                "endpoint_groups/{endpoint group}/projects/{new project}",
                204,
                ADMINS,
            ),
            (
                "GET",
                "endpoint_groups/{tied endpoint group}/projects/{project}",
                200,
                READERS,
            ),
            (
                "DELETE",
                "endpoint_groups/{new tied endpoint group}/projects/{project}",
                204,
                ADMINS,
            ),
            ("GET", "projects/{project}/endpoint_groups", 200, READERS),
            ("GET", "projects/{project}/endpoints", 200, READERS),
            ("PUT", "projects/{new project}/endpoints/{endpoint}", 204, ADMINS),
            ("GET", "projects/{project}/endpoints/{tied endpoint}", 204, READERS),
            (
                "DELETE",
                "projects/{project}/endpoints/{new tied endpoint}",
                204,
                ADMINS,
            ),
            ("GET", "endpoints/{endpoint}/projects", 200, READERS),
        )
    ),
    *crud("regions", ANYBODY, ADMINS, {"region": {"id": "{name}"}}),
    Operation("PUT /v3/regions/{name}", 201, ADMINS, {"region": {}}),
    # Everybody sees his own credentials in the list: only lent tokens show none.
    Operation(
        "GET /v3/credentials",
        200,
        ANYBODY - {"self by trust", "self by application credential"},
    ),
    Operation(
        "POST /v3/credentials",
        201,
        ADMINS | LASTING,
        {"credential": {"type": "t", "blob": "b", "user_id": "{self}"}},
    ),
    Operation("GET /v3/credentials/{credential}", 200, READERS | LASTING),
    Operation(
        "PATCH /v3/credentials/{new credential}",
        200,
        ADMINS | LASTING,
        {"credential": {"blob": "c"}},
    ),
    Operation("DELETE /v3/credentials/{new credential}", 204, ADMINS | LASTING),
    Operation(f"GET {EC2}", 200, READERS | LASTING),
    Operation(f"POST {EC2}", 201, ADMINS | LASTING, {"tenant_id": "{project}"}),
    Operation(f"GET {EC2}/{{key}}", 200, READERS | LASTING),
    Operation(f"DELETE {EC2}/{{new key}}", 204, ADMINS | LASTING),
    Operation(f"GET {LENT}", 200, READERS | SELF),
    Operation(
        f"POST {LENT}",
        201,
        # It is for the project of the token, so there must be one.
        LASTING - {"self, unscoped"},
        {"application_credential": {"name": "{name}"}},
    ),
    Operation(f"GET {LENT}/{{application credential}}", 200, READERS | SELF),
    Operation(f"DELETE {LENT}/{{new application credential}}", 204, ADMINS | LASTING),
    Operation(f"GET {RULES}", 200, READERS | SELF),
    Operation(f"GET {RULES}/{{rule}}", 200, READERS | SELF),
    Operation(f"DELETE {RULES}/{{new rule}}", 204, ADMINS | LASTING),
    Operation(f"GET {TRUSTS}", 200, READERS),
    Operation(f"GET {TRUSTS}?trustor_user_id={{self}}", 200, PARTIES),
    Operation(
        f"GET {TRUSTS}?trustee_user_id={{trustee}}",
        200,
        READERS | {"unscoped stranger"},
    ),
    Operation(f"POST {TRUSTS}", 201, frozenset({"self", "self, unscoped"}), trust_body),
    Operation(f"GET {TRUSTS}/{{trust}}", 200, PARTIES | {"unscoped stranger"}),
    Operation(f"DELETE {TRUSTS}/{{new trust}}", 204, ADMINS | SELF),
    Operation(f"GET {TRUSTS}/{{trust}}/roles", 200, PARTIES | {"unscoped stranger"}),
    Operation(
        f"GET {TRUSTS}/{{trust}}/roles/{{role}}", 200, PARTIES | {"unscoped stranger"}
    ),
    Operation("POST /v3/s3tokens", 400, SERVICES, {}),
    Operation("POST /v3/ec2tokens", 400, SERVICES, {}),
    Operation("GET /v3/registered_limits", 200, ANYBODY),
    Operation("POST /v3/registered_limits", 400, ADMINS, {}),
    Operation("GET /v3/registered_limits/{registered limit}", 200, ANYBODY),
    Operation(
        "PATCH /v3/registered_limits/{new registered limit}",
        200,
        ADMINS,
        {"registered_limit": {"default_limit": 2}},
    ),
    Operation("DELETE /v3/registered_limits/{new registered limit}", 204, ADMINS),
    Operation("GET /v3/limits/model", 200, ANYBODY),
    Operation("GET /v3/limits", 200, ANYBODY),
    Operation("POST /v3/limits", 400, ADMINS, {}),
    Operation("GET /v3/limits/{limit}", 200, SEEN | SERVICES),
    Operation(
        "PATCH /v3/limits/{new limit}", 200, ADMINS, {"limit": {"resource_limit": 0}}
    ),
    Operation("DELETE /v3/limits/{new limit}", 204, ADMINS),
]
# What else somebody may who is in the table of his kind only there.
ALSO: dict[str, frozenset[str]] = {
    "GET /v3/users/{user}": SELF,
    "GET /v3/projects/{project}": SEEN,
    # The domain of the token's project is everybody's in it.
    "GET /v3/domains/{domain}": IN_PROJECT | OF_HOUSE | NEIGHBOURS,
    "GET /v3/roles": frozenset({"domain manager", "other domain's manager"}),
    "GET /v3/roles/{role}": frozenset({"domain manager", "other domain's manager"}),
}
# Lists are open to all domains, what is in one is not.
OF_HOME = {
    "GET /v3/users/{user}",
    "GET /v3/groups/{group}",
    "GET /v3/projects/{project}",
    "GET /v3/domains/{domain}",
}


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


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
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
        tuple(re.sub(r"{[^}]+}", "{}", item.asked.partition("?")[0]).split(" ", 1))
        for item in OPERATIONS
    }
    shapes = {(method, _shape(path)) for method, path in asked}
    open_to_all = {
        key for key, route in routes_of(cast.house.application).items() if route.public
    }
    there = {
        (method, _shape(path)) for method, path in routes_of(cast.house.application)
    } - {(method, _shape(path)) for method, path in open_to_all}
    assert shapes == there


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
