"""The people of a play about rights: one token for every persona, and the things that
they meet.

Everything that is met belongs to the domain *home* and in it to the project *house*,
or to the user *self*; the domain *abroad* has people of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from test.unit.compute.identity.federated_things import FEDERATED, federated_makers
from test.unit.compute.identity.house import House

RULES = [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]
# Who else there is: where his role is, and which.
ROLES = {
    "system admin": ("system", "admin"),
    "system manager": ("system", "manager"),
    "system member": ("system", "member"),
    "system reader": ("system", "reader"),
    "domain admin": ("home", "admin"),
    "domain manager": ("home", "manager"),
    "domain member": ("home", "member"),
    "domain reader": ("home", "reader"),
    "other domain's manager": ("abroad", "manager"),
    "other domain's reader": ("abroad", "reader"),
    "project admin": ("house", "admin"),
    "project manager": ("house", "manager"),
    "project member": ("house", "member"),
    "project reader": ("house", "reader"),
    "other project's member": ("hut", "member"),
    "service": ("hut", "service"),
}


@dataclass
class Cast:
    """``tokens``: by persona.  ``things``: ids by the words of the table of routes."""

    house: House
    tokens: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    _serial: int = 0

    def name(self) -> str:
        """A name that nothing has."""
        self._serial += 1
        return f"thing-{self._serial}"

    def thing(self, word: str) -> str:
        """The id that a word of a path stands for; "new ..." is made just now."""
        fresh = word.removeprefix("new ")
        return self.things[word] if fresh == word else self._makers[fresh]()

    @property
    def _makers(self) -> dict[str, Callable[[], str]]:
        return {
            "user": lambda: self._made("user", domain_id=self.things["home"]),
            "group": lambda: self._made("group", domain_id=self.things["home"]),
            "project": lambda: self._made("project", domain_id=self.things["home"]),
            "domain": lambda: self._made("domain", enabled=False),
            "role": lambda: self._made("role"),
            "region": lambda: self._made("region"),
            "service": lambda: self._made("service", type="t"),
            "endpoint": self._endpoint,
            "tied endpoint": self._tied_endpoint,
            "endpoint group": self._endpoint_group,
            "tied endpoint group": self._tied_endpoint_group,
            "credential": self._credential,
            "key": self._key,
            "application credential": self._application_credential,
            "rule": self._rule,
            "trust": self._trust,
            "registered limit": self._registered_limit,
            "limit": self._limit,
            "token": self._token,
            **federated_makers(self.house, self.name),
        }

    def _made(self, kind: str, **values: Any) -> str:
        values.setdefault("name", self.name())
        if kind == "region":
            values = {}
        return self.house.make(kind, **values)

    def _endpoint(self) -> str:
        service = self.thing("new service")
        return self._made(
            "endpoint", service_id=service, interface="public", url="http://e"
        )

    def _tied_endpoint(self) -> str:
        """One of the project's."""
        made = self._endpoint()
        path = f"/v3/OS-EP-FILTER/projects/{self.things['project']}/endpoints/{made}"
        self.house.ok("PUT", path)
        return made

    def _endpoint_group(self) -> str:
        body = {"endpoint_group": {"name": self.name(), "filters": {}}}
        made = self.house.ok("POST", "/v3/OS-EP-FILTER/endpoint_groups", body)
        found: str = made["endpoint_group"]["id"]
        return found

    def _tied_endpoint_group(self) -> str:
        made, project = self._endpoint_group(), self.things["project"]
        path = f"/v3/OS-EP-FILTER/endpoint_groups/{made}/projects/{project}"
        self.house.ok("PUT", path)
        return made

    def _credential(self) -> str:
        return self._made("credential", type="t", blob="b", user_id=self.things["self"])

    def _own(self, path: str, body: Any) -> Any:
        path = f"/v3/users/{self.things['self']}/{path}"
        return self.house.ok("POST", path, body, token=self.tokens["self"])

    def _key(self) -> str:
        body = {"tenant_id": self.things["project"]}
        made: str = self._own("credentials/OS-EC2", body)["credential"]["access"]
        return made

    def _application_credential(self) -> str:
        body = {"application_credential": {"name": self.name()}}
        made = self._own("application_credentials", body)
        found: str = made["application_credential"]["id"]
        return found

    def _rule(self) -> str:
        """A rule that nothing uses any more."""
        wanted = {"service": "image", "method": "GET", "path": f"/{self.name()}"}
        body = {"name": self.name(), "access_rules": [wanted]}
        made = self._own("application_credentials", {"application_credential": body})
        credential = made["application_credential"]
        path = f"/v3/users/{self.things['self']}/application_credentials"
        self.house.ok("DELETE", f"{path}/{credential['id']}")
        found: str = credential["access_rules"][0]["id"]
        return found

    def _trust(self) -> str:
        body = trust_body(self.things)
        path = "/v3/OS-TRUST/trusts"
        made = self.house.ok("POST", path, body, token=self.tokens["self"])
        found: str = made["trust"]["id"]
        return found

    def _registered_limit(self) -> str:
        body = {
            "service_id": self.things["service"],
            "resource_name": self.name(),
            "default_limit": 1,
        }
        made = self.house.ok(
            "POST", "/v3/registered_limits", {"registered_limits": [body]}
        )
        found: str = made["registered_limits"][0]["id"]
        return found

    def _limit(self) -> str:
        registered = self.thing("new registered limit")
        known = self.house.ok("GET", f"/v3/registered_limits/{registered}")
        body = {
            "service_id": self.things["service"],
            "resource_name": known["registered_limit"]["resource_name"],
            "resource_limit": 1,
            "project_id": self.things["project"],
        }
        made = self.house.ok("POST", "/v3/limits", {"limits": [body]})
        found: str = made["limits"][0]["id"]
        return found

    def _token(self) -> str:
        """One more token of the user self."""
        scope = {"project": {"id": self.things["project"]}}
        return self.house.token("self", "pw", scope, self.things["home"])


def trust_body(things: dict[str, str]) -> dict[str, Any]:
    """What self entrusts the trustee with."""
    return {
        "trust": {
            "trustor_user_id": things["self"],
            "trustee_user_id": things["trustee"],
            "project_id": things["project"],
            "impersonation": True,
            "roles": [{"name": "member"}],
        }
    }


def make_cast(house: House) -> Cast:
    """Everybody signed in, everything in its place."""
    cast = Cast(house)
    things = cast.things
    things["home"] = house.make("domain", name="home")
    things["abroad"] = house.make("domain", name="abroad")
    things["project"] = house.make("project", name="house", domain_id=things["home"])
    things["hut"] = house.make("project", name="hut", domain_id=things["home"])
    things["region"] = "RegionOne"
    things["service"] = house.make("service", name="s", type="s")
    things["role"] = house.role("member")
    things["reader"] = house.role("reader")
    scopes = {
        "system": ("system", {"system": {"all": True}}),
        "home": (
            f"domains/{things['home']}",
            {"domain": {"id": things["home"]}},
        ),
        "abroad": (
            f"domains/{things['abroad']}",
            {"domain": {"id": things["abroad"]}},
        ),
        "house": (
            f"projects/{things['project']}",
            {"project": {"id": things["project"]}},
        ),
        "hut": (f"projects/{things['hut']}", {"project": {"id": things["hut"]}}),
    }
    for persona, (place, role) in ROLES.items():
        target, scope = scopes[place]
        lives = things["abroad" if place == "abroad" else "home"]
        user = house.make("user", name=persona, password="pw", domain_id=lives)
        house.grant(user, role, target)
        cast.tokens[persona] = house.token(persona, "pw", scope, lives)
    _self(cast, *scopes["house"])
    return cast


def _self(cast: Cast, target: str, scope: Any) -> None:
    """The user whose own things are met, in all the ways to be him."""
    house, things, tokens = cast.house, cast.things, cast.tokens
    for name in ("self", "trustee"):
        things[name] = house.make(
            "user", name=name, password="pw", domain_id=things["home"]
        )
    things["user"] = things["self"]
    house.grant(things["self"], "member", target)
    tokens["self"] = house.token("self", "pw", scope, things["home"])
    tokens["self, unscoped"] = house.token("self", "pw", "unscoped", things["home"])
    tokens["unscoped stranger"] = house.token(
        "trustee", "pw", "unscoped", things["home"]
    )
    things["group"] = cast.thing("new group")
    house.ok("PUT", f"/v3/groups/{things['group']}/users/{things['self']}")
    house.grant(things["self"], "reader", target)
    path = f"/v3/{target}/groups/{things['group']}/roles/{things['role']}"
    house.ok("PUT", path)
    house.ok("PUT", f"/v3/{target}/tags/t")
    for word in (
        "endpoint",
        "tied endpoint",
        "endpoint group",
        "tied endpoint group",
        "credential",
        "key",
        "application credential",
        "trust",
        "registered limit",
        "limit",
        *FEDERATED,
    ):
        things[word] = cast.thing(f"new {word}")
    _lent(cast)


def _lent(cast: Cast) -> None:
    """Tokens that stand for self and were only lent."""
    house, things = cast.house, cast.things
    signed = house.sign_in("trustee", "pw", "unscoped", things["home"])
    body = {
        "auth": {
            "identity": {
                "methods": ["token"],
                "token": {"id": signed.headers["x-subject-token"]},
            },
            "scope": {"OS-TRUST:trust": {"id": things["trust"]}},
        }
    }
    said = house.say("POST", "/v3/auth/tokens", body)
    cast.tokens["self by trust"] = said.headers["x-subject-token"]
    for persona, more in (
        ("self by application credential", {}),
        ("self by unrestricted credential", {"unrestricted": True}),
        ("self by access rules", {"access_rules": RULES}),
    ):
        wanted = {"name": persona, **more}
        made = house.ok(
            "POST",
            f"/v3/users/{things['self']}/application_credentials",
            {"application_credential": wanted},
            token=cast.tokens["self"],
        )["application_credential"]
        if persona == "self by access rules":
            things["rule"] = made["access_rules"][0]["id"]
        identity = {
            "methods": ["application_credential"],
            "application_credential": {"id": made["id"], "secret": made["secret"]},
        }
        said = house.say("POST", "/v3/auth/tokens", {"auth": {"identity": identity}})
        cast.tokens[persona] = said.headers["x-subject-token"]
