"""What Octavia has beside load balancers and flavors: providers, of which there is one
here, and zones and amphorae, of which there are none."""

from __future__ import annotations

from collections.abc import Mapping

from compute.balancer.api.resource import allow, only, routes_at
from compute.balancer.changes.balancers import PROVIDER, PROVIDER_TEXT
from compute.balancer.flavors import CAPABILITIES
from compute.balancer.frame.work import BalancerDatabase
from compute.core.api.frame import ApiCall, Handler, Route, json_reply
from compute.core.errors import BadRequest, NotFound, NotSupported
from objectstore.kernel.reply import Reply

# Path -> (key of the list, what policy rules call it)
EMPTY = {
    "availabilityzones": ("availability_zones", "availability-zone"),
    "availabilityzoneprofiles": (
        "availability_zone_profiles",
        "availability-zone-profile",
    ),
}
AMPHORAE = ("/v2.0/octavia/amphorae", "/v2/octavia/amphorae")


class SurroundingsApi:
    """The routes."""

    def __init__(self, database: BalancerDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        found = routes_at("GET", "providers", self.providers)
        for what, known in (
            ("flavor_capabilities", CAPABILITIES),
            ("availability_zone_capabilities", {}),
        ):
            path = f"providers/{{provider}}/{what}"
            found += routes_at("GET", path, self._capabilities(what, known))
        for path, (key, word) in EMPTY.items():
            found += routes_at("GET", path, self._empty(key, word))
            found += routes_at("POST", path, _not_here)
            for method in ("GET", "PUT", "DELETE"):
                found += routes_at(method, f"{path}/{{id}}", _no_such)
        for path in AMPHORAE:
            found.append(Route("GET", path, self._empty("amphorae", "amphora")))
            found.append(Route("GET", f"{path}/{{id}}", _no_such))
            found.append(Route("DELETE", f"{path}/{{id}}", _no_such))
            found.append(Route("GET", f"{path}/{{id}}/stats", _no_such))
            for deed in ("config", "failover"):
                found.append(Route("PUT", f"{path}/{{id}}/{deed}", _no_such))
        return found

    def providers(self, call: ApiCall) -> Reply:
        """The one that there is."""
        self._check(call, "provider")
        item = {"name": PROVIDER, "description": PROVIDER_TEXT}
        for name, value in call.query.pairs:
            if name in item and item[name] != value:
                return json_reply(200, {"providers": []})
        return json_reply(200, {"providers": [only(item, call)]})

    def _capabilities(self, key: str, known: Mapping[str, str]) -> Handler:
        def handler(call: ApiCall) -> Reply:
            self._check(call, "provider")
            if call.parameters["provider"] != PROVIDER:
                name = call.parameters["provider"][:64]
                raise BadRequest(f"Provider '{name}' is not enabled.")
            items = [
                {"name": name, "description": text} for name, text in known.items()
            ]
            for name, value in call.query.pairs:
                if name in ("name", "description"):
                    items = [one for one in items if one[name] == value]
            return json_reply(200, {key: [only(one, call) for one in items]})

        return handler

    def _empty(self, key: str, word: str) -> Handler:
        def handler(call: ApiCall) -> Reply:
            self._check(call, word)
            return json_reply(200, {key: [], f"{key}_links": []})

        return handler

    def _check(self, call: ApiCall, word: str) -> None:
        project_id = call.context.project_id
        self._database.read(
            call.context, lambda work: allow(work, word, "get_all", project_id)
        )


def _no_such(call: ApiCall) -> Reply:
    raise NotFound(f"{call.parameters['id'][:64]} not found.")


def _not_here(call: ApiCall) -> Reply:
    raise NotSupported("Provider 'haproxy' has no zones.")
