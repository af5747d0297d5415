"""Flavors: sizes of servers."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import next_link, parse_page
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.instance.frame.bodies import Body, Field
from compute.instance.frame.replies import View, accepted, links, ok, rendered
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Flavor
from compute.instance.schemas.types import BOOLEAN, COUNT, NAME, POSITIVE, is_true
from compute.instance.stores.catalog import FlavorStore
from objectstore.kernel.reply import Reply

FILTERS = frozenset(
    {"limit", "marker", "sort_key", "sort_dir", "is_public", "minRam", "minDisk"}
)
MANAGE = "os_compute_api:os-flavor-manage"
FACTOR_MAX = 3.40282e38  # the largest number of four bytes
_TEXT = {"type": ["string", "null"], "maxLength": 65535}
_FACTOR = {
    "type": ["number", "string"],
    "pattern": r"^[0-9]+(\.[0-9]+)?$",
    "exclusiveMinimum": 0,
    "maximum": FACTOR_MAX,
    "maxLength": 32,
}
_FLAVOR_ID = {
    "type": ["string", "number", "null"],
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^(?! )[a-zA-Z0-9. _-]+(?<! )$",
}
CREATE = Body(
    "flavor",
    (
        Field("name", NAME, required=True),
        Field("id", _FLAVOR_ID),
        Field("ram", POSITIVE, required=True),
        Field("vcpus", POSITIVE, required=True),
        Field("disk", COUNT, required=True),
        Field("OS-FLV-EXT-DATA:ephemeral", COUNT),
        Field("swap", COUNT),
        Field("rxtx_factor", _FACTOR),
        Field("os-flavor-access:is_public", BOOLEAN),
        Field("description", _TEXT, since=55),
    ),
)
UPDATE = Body("flavor", (Field("description", _TEXT, required=True),))
_SORT = {
    "flavorid": lambda flavor: flavor.flavor_id,
    "name": lambda flavor: flavor.name,
    "memory_mb": lambda flavor: flavor.ram,
    "vcpus": lambda flavor: flavor.vcpus,
    "root_gb": lambda flavor: flavor.disk,
    "ephemeral_gb": lambda flavor: flavor.ephemeral,
    "swap": lambda flavor: flavor.swap,
    "rxtx_factor": lambda flavor: flavor.rxtx_factor,
    "is_public": lambda flavor: flavor.is_public,
    "disabled": lambda flavor: flavor.disabled,
    "created_at": lambda flavor: flavor.created_at,
    "updated_at": lambda flavor: flavor.updated_at or 0.0,
    "id": lambda flavor: flavor.number,
}
VIEW: tuple[View, ...] = (
    View("id", lambda call, flavor: flavor.flavor_id),
    View("name", lambda call, flavor: flavor.name),
    View("ram", lambda call, flavor: flavor.ram),
    View("disk", lambda call, flavor: flavor.disk),
    View("vcpus", lambda call, flavor: flavor.vcpus),
    View("swap", lambda call, flavor: flavor.swap or "", until=74),
    View("swap", lambda call, flavor: flavor.swap, since=75),
    View("OS-FLV-EXT-DATA:ephemeral", lambda call, flavor: flavor.ephemeral),
    View("OS-FLV-DISABLED:disabled", lambda call, flavor: flavor.disabled),
    View("os-flavor-access:is_public", lambda call, flavor: flavor.is_public),
    View("rxtx_factor", lambda call, flavor: flavor.rxtx_factor),
    View("links", lambda call, flavor: links(call, "flavors", flavor.flavor_id)),
    View("description", lambda call, flavor: flavor.description, since=55),
    View("extra_specs", lambda call, flavor: dict(flavor.extra_specs), since=61),
)


def flavor_view(call: ApiCall, flavor: Flavor) -> dict[str, Any]:
    """One flavor, whole."""
    return rendered(VIEW, minor_of(call), call, flavor)


def visible_flavor(
    flavors: FlavorStore, connection: Connection, call: ApiCall
) -> Flavor:
    """The one that the path names; ``NotFound`` also when it is not for the caller."""
    flavor_id = call.parameters["flavor_id"]
    flavor = flavors.get(connection, flavor_id)
    context = call.context
    if flavor is None or not (
        flavor.is_public
        or context.project_id in flavor.access
        or context.has_role("admin")
    ):
        raise NotFound(f"Flavor {flavor_id} could not be found.")
    return flavor


class FlavorsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._flavors = parts.stores.flavors

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/flavors/{flavor_id}"
        return [
            Verb("GET", "/flavors", self.index, queries=FILTERS),
            Verb("GET", "/flavors/detail", self.detail, queries=FILTERS),
            Verb("POST", "/flavors", self.create),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update, since=55),
            Verb("DELETE", one, self.delete),
        ]

    # ---- lists -----------------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """GET /flavors."""
        found, more = self._page(call)
        minor = minor_of(call)
        brief = []
        for flavor in found:
            value: dict[str, Any] = {
                "id": flavor.flavor_id,
                "name": flavor.name,
                "links": links(call, "flavors", flavor.flavor_id),
            }
            if minor >= 55:
                value["description"] = flavor.description
            brief.append(value)
        return ok({"flavors": brief, **more})

    def detail(self, call: ApiCall) -> Reply:
        """GET /flavors/detail."""
        found, more = self._page(call)
        return ok({"flavors": [flavor_view(call, each) for each in found], **more})

    def _page(self, call: ApiCall) -> tuple[list[Flavor], dict[str, Any]]:
        query = call.query
        page = parse_page(
            query, sortable=frozenset(_SORT), default_sort=(("flavorid", False),)
        )
        wanted = [
            flavor
            for flavor in self._parts.database.read(self._flavors.all)
            if not flavor.disabled
            and self._is_listed(call, flavor)
            and flavor.ram >= query.number("minRam", 0)
            and flavor.disk >= query.number("minDisk", 0)
        ]
        for key, descending in reversed(page.sort):
            wanted.sort(key=_SORT[key], reverse=descending)
        if page.marker:
            ids = [flavor.flavor_id for flavor in wanted]
            if page.marker not in ids:
                raise BadRequest(f"marker [{page.marker}] not found")
            wanted = wanted[ids.index(page.marker) + 1 :]
        found = wanted[: page.limit]
        more: dict[str, Any] = {}
        if len(wanted) > len(found) and found:
            href = next_link(call.url, query, found[-1].flavor_id)
            more = {"flavors_links": [{"rel": "next", "href": href}]}
        return found, more

    def _is_listed(self, call: ApiCall, flavor: Flavor) -> bool:
        """``is_public=None``: administrators see all; others see what is theirs."""
        if not call.context.has_role("admin"):
            return flavor.is_public or call.context.project_id in flavor.access
        text = call.query.one("is_public").lower()
        if text == "none":
            return True
        return flavor.is_public is call.query.flag("is_public", True)

    # ---- one -------------------------------------------------------------------

    def show(self, call: ApiCall) -> Reply:
        """GET /flavors/{id}."""
        return ok({"flavor": flavor_view(call, self._visible(call))})

    def _visible(self, call: ApiCall) -> Flavor:
        return self._parts.database.read(
            lambda connection: visible_flavor(self._flavors, connection, call)
        )

    def create(self, call: ApiCall) -> Reply:
        """POST /flavors."""
        self._parts.enforce(call.context, MANAGE)
        body = CREATE.read(call)["flavor"]
        given = body.get("id")
        flavor_id = "auto" if given is None else str(given)
        if flavor_id == "auto":
            flavor_id = self._parts.identifiers.uuid()
        public = is_true(body.get("os-flavor-access:is_public", True))
        values = {
            "flavor_id": flavor_id,
            "name": body["name"],
            "ram": int(body["ram"]),
            "vcpus": int(body["vcpus"]),
            "disk": int(body["disk"]),
            "ephemeral": int(body.get("OS-FLV-EXT-DATA:ephemeral", 0)),
            "swap": int(body.get("swap", 0)),
            "rxtx_factor": float(body.get("rxtx_factor", 1.0)),
            "is_public": public,
            "description": body.get("description"),
            "extra_specs": {},
            # Not even the project in whose name it is made, unless it is told so.
            "access": [],
            "created_at": self._parts.clock.time(),
        }

        def write(connection: Connection) -> Flavor:
            if self._flavors.named(connection, values["name"]) is not None:
                raise Conflict(f"Flavor with name {values['name']} already exists.")
            if self._flavors.get(connection, flavor_id) is not None:
                raise Conflict(f"Flavor with ID {flavor_id} already exists.")
            self._flavors.add(connection, **values)
            found = self._flavors.get(connection, flavor_id)
            assert found is not None
            return found

        try:
            flavor = self._parts.database.run(write)
        except Duplicate:
            raise Conflict(f"Flavor {values['name']} already exists.") from None
        return ok({"flavor": flavor_view(call, flavor)})

    def update(self, call: ApiCall) -> Reply:
        """PUT /flavors/{id}: the description."""
        self._parts.enforce(call.context, MANAGE)
        body = UPDATE.read(call)["flavor"]
        return self._set(call, description=body["description"])

    def _set(self, call: ApiCall, **values: Any) -> Reply:
        def write(connection: Connection) -> Flavor:
            flavor = visible_flavor(self._flavors, connection, call)
            now = self._parts.clock.time()
            self._flavors.set(connection, flavor.flavor_id, updated_at=now, **values)
            return visible_flavor(self._flavors, connection, call)

        flavor = self._parts.database.run(write)
        return ok({"flavor": flavor_view(call, flavor)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /flavors/{id}: servers keep their copy."""
        self._parts.enforce(call.context, MANAGE)
        flavor_id = call.parameters["flavor_id"]
        there = self._parts.database.run(
            lambda connection: self._flavors.remove(connection, flavor_id)
        )
        if not there:
            raise NotFound(f"Flavor {flavor_id} could not be found.")
        return accepted()
