"""Aggregates: hosts that belong together; the metadata may name their zone."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.instance.frame.bodies import Body, Field
from compute.instance.frame.replies import accepted, ok, rendered
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Aggregate
from compute.instance.scheduling.snapshot import ZONE_KEY
from compute.instance.schemas.types import NAME, UUID, nullable
from compute.instance.service.fetching_ahead import FetchingAhead
from compute.instance.views.hosts import AGGREGATE
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-aggregates"
_ZONE = {**NAME, "pattern": r"^[^:]*$"}
CREATE = Body(
    "aggregate",
    (Field("name", NAME, required=True), Field("availability_zone", nullable(_ZONE))),
)
UPDATE = Body("aggregate", (Field("name", NAME), Field("availability_zone", _ZONE)))
_HOST = (Field("host", NAME, required=True),)
ADD_HOST, REMOVE_HOST = Body("add_host", _HOST), Body("remove_host", _HOST)
_VALUES = {
    "type": "object",
    "patternProperties": {
        r"^[a-zA-Z0-9\-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}
    },
    "additionalProperties": False,
}
SET_METADATA = Body("set_metadata", (Field("metadata", _VALUES, required=True),))

IMAGES_MAX = 100  # in one order to fetch them; each is looked up
CACHE = Schema(
    {
        "type": "object",
        "properties": {
            "cache": {
                "type": "array",
                "minItems": 1,
                "maxItems": IMAGES_MAX,
                "items": {
                    "type": "object",
                    "properties": {"id": UUID},
                    "required": ["id"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["cache"],
        "additionalProperties": False,
    }
)


class AggregatesApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._aggregates = parts.stores.aggregates
        self._fetching = FetchingAhead(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/os-aggregates/{aggregate_id}"
        return [
            Verb("GET", "/os-aggregates", self.index),
            Verb("POST", "/os-aggregates", self.create),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
            Verb("POST", f"{one}/action", self.act),
            Verb("POST", f"{one}/images", self.fetch_ahead, since=81),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /os-aggregates."""
        self._parts.enforce(call.context, f"{RULE}:show")
        found = self._parts.database.read(self._aggregates.all)
        return ok({"aggregates": [self._view(call, each) for each in found]})

    def show(self, call: ApiCall) -> Reply:
        """GET /os-aggregates/{id}."""
        self._parts.enforce(call.context, f"{RULE}:show")
        found = self._parts.database.read(
            lambda connection: self._get(connection, call)
        )
        return ok({"aggregate": self._view(call, found)})

    def _view(self, call: ApiCall, aggregate: Aggregate) -> dict[str, Any]:
        return rendered(AGGREGATE, minor_of(call), aggregate)

    def _get(self, connection: Connection, call: ApiCall) -> Aggregate:
        key = call.parameters["aggregate_id"]
        found = self._aggregates.get(connection, key)
        if found is None:
            raise NotFound(f"Aggregate {key} could not be found.")
        return found

    def create(self, call: ApiCall) -> Reply:
        """POST /os-aggregates."""
        self._parts.enforce(call.context, RULE)
        body = CREATE.read(call)["aggregate"]
        zone = body.get("availability_zone")
        uuid = self._parts.identifiers.uuid()

        def write(connection: Connection) -> Aggregate:
            self._aggregates.add(
                connection,
                uuid=uuid,
                name=body["name"],
                metadata={ZONE_KEY: zone} if zone else {},
                hosts=[],
                created_at=self._parts.clock.time(),
            )
            found = self._aggregates.get(connection, uuid)
            assert found is not None
            return found

        try:
            found = self._parts.database.run(write)
        except Duplicate:
            raise Conflict(f"Aggregate {body['name']} already exists.") from None
        value = self._view(call, found)
        # As the real one: what is always empty then is left out.
        return ok(
            {
                "aggregate": {
                    key: each
                    for key, each in value.items()
                    if key not in ("hosts", "metadata")
                }
            }
        )

    def update(self, call: ApiCall) -> Reply:
        """PUT /os-aggregates/{id}."""
        body = UPDATE.read(call)["aggregate"]
        if not body:
            raise BadRequest("name or availability_zone is needed")

        def change(connection: Connection, found: Aggregate) -> dict[str, Any]:
            values: dict[str, Any] = {}
            if "name" in body:
                values["name"] = body["name"]
            if "availability_zone" in body:
                metadata = {**found.metadata, ZONE_KEY: body["availability_zone"]}
                self._check_zone(connection, found, metadata, found.hosts)
                values["metadata"] = metadata
            return values

        return self._change(call, change)

    def _change(self, call: ApiCall, change: Any) -> Reply:
        self._parts.enforce(call.context, RULE)

        def write(connection: Connection) -> Aggregate:
            found = self._get(connection, call)
            values = change(connection, found)
            now = self._parts.clock.time()
            self._aggregates.set(connection, found.number, updated_at=now, **values)
            return self._get(connection, call)

        try:
            found = self._parts.database.run(write)
        except Duplicate:
            raise Conflict("Aggregate already exists.") from None
        self._parts.placer.forget()
        return ok({"aggregate": self._view(call, found)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-aggregates/{id}."""
        self._parts.enforce(call.context, RULE)

        def write(connection: Connection) -> None:
            found = self._get(connection, call)
            if found.hosts:
                raise BadRequest(f"Aggregate {found.number} is not empty")
            self._aggregates.remove(connection, found.number)

        self._parts.database.run(write)
        self._parts.placer.forget()
        return Reply(200, b"")

    def act(self, call: ApiCall) -> Reply:
        """POST /os-aggregates/{id}/action."""
        body = call.json()
        if not isinstance(body, dict) or len(body) != 1:
            raise BadRequest("The body must name exactly one action")
        ((name, value),) = body.items()
        bodies = {
            "add_host": ADD_HOST,
            "remove_host": REMOVE_HOST,
            "set_metadata": SET_METADATA,
        }
        if name not in bodies:
            raise BadRequest(f"There is no such action: {name}")
        bodies[name].schema(minor_of(call)).check(body)
        if name == "set_metadata":
            return self._change(
                call, lambda conn, found: self._metadata(conn, found, value["metadata"])
            )
        add = name == "add_host"
        return self._change(
            call, lambda conn, found: self._hosts(conn, found, value["host"], add=add)
        )

    def fetch_ahead(self, call: ApiCall) -> Reply:
        """POST /os-aggregates/{id}/images: what can be fetched will be."""
        self._parts.enforce(call.context, RULE)
        image_ids = [each["id"] for each in call.json(CACHE)["cache"]]
        found = self._parts.database.read(
            lambda connection: self._get(connection, call)
        )
        self._fetching.check(call.context, image_ids)
        self._fetching.order(found, image_ids)
        return accepted()

    def _metadata(
        self, connection: Connection, found: Aggregate, given: dict[str, Any]
    ) -> dict[str, Any]:
        merged = {**found.metadata, **given}
        metadata = {key: each for key, each in merged.items() if each is not None}
        self._check_zone(connection, found, metadata, found.hosts)
        return {"metadata": metadata}

    def _hosts(
        self, connection: Connection, found: Aggregate, host: str, *, add: bool
    ) -> dict[str, Any]:
        if self._parts.stores.hosts.get(connection, host) is None:
            raise NotFound(f"Compute host {host} could not be found.")
        if not add:
            if host not in found.hosts:
                raise NotFound(f"Aggregate {found.number} has no host {host}.")
            return {"hosts": [name for name in found.hosts if name != host]}
        if host in found.hosts:
            raise Conflict(f"Aggregate {found.number} already has host {host}.")
        self._check_zone(connection, found, found.metadata, [host])
        return {"hosts": [*found.hosts, host]}

    def _check_zone(
        self,
        connection: Connection,
        changed: Aggregate,
        metadata: Any,
        hosts: list[str],
    ) -> None:
        """A host is in one zone at most."""
        zone = metadata.get(ZONE_KEY)
        if zone is None:
            return
        for other in self._aggregates.all(connection):
            there = other.metadata.get(ZONE_KEY)
            if other.number == changed.number or there in (None, zone):
                continue
            if set(other.hosts) & set(hosts):
                raise Conflict(f"A host is in availability zone {there} already")
