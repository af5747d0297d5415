"""Every operation of identity's API, and which personas may do it.

Roles on the system, a domain or a project open what Keystone's defaults say; the user
may look at and change what is his own; tokens that were only lent make and show no
secrets; one with access rules opens nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from test.unit.compute.identity.cast import trust_body

# Of the whole cloud, which no domain's administrator is.
ADMINS = frozenset({"system admin", "project admin"})
READERS = ADMINS | {"system manager", "system member", "system reader"}
DOMAIN_ADMIN = frozenset({"domain admin"})
IN_DOMAIN = (
    READERS | DOMAIN_ADMIN | {"domain manager", "domain member", "domain reader"}
)
MANAGERS = ADMINS | DOMAIN_ADMIN | {"domain manager"}
IN_PROJECT = frozenset({"project manager", "project member", "project reader"})
LASTING = frozenset({"self", "self, unscoped", "self by unrestricted credential"})
SELF = LASTING | {"self by trust", "self by application credential"}
OF_HOUSE = SELF - {"self, unscoped"}
ABROAD = frozenset({"other domain's manager", "other domain's reader"})
NEIGHBOURS = frozenset({"other project's member", "service"})
ANYBODY = IN_DOMAIN | IN_PROJECT | SELF | ABROAD | NEIGHBOURS | {"unscoped stranger"}
SERVICES = ADMINS | DOMAIN_ADMIN | {"service"}
ROLE_GIVERS = frozenset({"domain admin", "domain manager", "other domain's manager"})
MEMBER = "/v3/groups/{group}/users"
TAGS = "/v3/projects/{new project}/tags"
EC2 = "/v3/users/{self}/credentials/OS-EC2"
LENT = "/v3/users/{self}/application_credentials"
RULES = "/v3/users/{self}/access_rules"
TRUSTS = "/v3/OS-TRUST/trusts"
PARTIES = SELF | READERS
SEEN = READERS | OF_HOUSE | IN_PROJECT
# What else somebody may who is in the table of his kind only there.
ALSO: dict[str, frozenset[str]] = {
    "GET /v3/users/{user}": SELF,
    "GET /v3/projects/{project}": SEEN,
    # The domain of the token's project is everybody's in it.
    "GET /v3/domains/{domain}": IN_PROJECT | OF_HOUSE | NEIGHBOURS,
    "GET /v3/roles": ROLE_GIVERS,
    "GET /v3/roles/{role}": ROLE_GIVERS,
}
# Lists are open to all domains, what is in one is not.
OF_HOME = {
    "GET /v3/users/{user}",
    "GET /v3/groups/{group}",
    "GET /v3/projects/{project}",
    "GET /v3/domains/{domain}",
}


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


OPERATIONS = [
    Operation("GET /v3/auth/tokens", 200, READERS | SELF | SERVICES, None, "token"),
    Operation(
        "DELETE /v3/auth/tokens", 204, ADMINS | DOMAIN_ADMIN | SELF, None, "token"
    ),
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
        IN_DOMAIN,
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
        ADMINS | DOMAIN_ADMIN | LASTING,
        {"credential": {"type": "t", "blob": "b", "user_id": "{self}"}},
    ),
    Operation(
        "GET /v3/credentials/{credential}", 200, READERS | DOMAIN_ADMIN | LASTING
    ),
    Operation(
        "PATCH /v3/credentials/{new credential}",
        200,
        ADMINS | DOMAIN_ADMIN | LASTING,
        {"credential": {"blob": "c"}},
    ),
    Operation(
        "DELETE /v3/credentials/{new credential}",
        204,
        ADMINS | DOMAIN_ADMIN | LASTING,
    ),
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
    Operation(f"POST {TRUSTS}", 201, LASTING, trust_body),
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
    Operation(
        "GET /v3/limits/{limit}",
        200,
        SEEN | SERVICES | {"domain manager", "domain member", "domain reader"},
    ),
    Operation(
        "PATCH /v3/limits/{new limit}", 200, ADMINS, {"limit": {"resource_limit": 0}}
    ),
    Operation("DELETE /v3/limits/{new limit}", 204, ADMINS),
]
