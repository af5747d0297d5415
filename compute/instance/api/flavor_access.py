"""Which projects may use a private flavor."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection
from compute.instance.api.flavors import visible_flavor
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Flavor
from objectstore.kernel.reply import Reply

ACCESS = "os_compute_api:os-flavor-access"
ADDING, REMOVING = "addTenantAccess", "removeTenantAccess"


class FlavorAccessApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._flavors = parts.stores.flavors

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/flavors/{flavor_id}"
        return [
            Verb("GET", f"{one}/os-flavor-access", self.access),
            Verb("POST", f"{one}/action", self.change_access),
        ]

    def _visible(self, call: ApiCall) -> Flavor:
        return self._parts.database.read(
            lambda connection: visible_flavor(self._flavors, connection, call)
        )

    def access(self, call: ApiCall) -> Reply:
        """GET .../os-flavor-access."""
        self._parts.enforce(call.context, ACCESS)
        flavor = self._visible(call)
        if flavor.is_public:
            raise NotFound("Access list not available for public flavors.")
        return ok(_access(flavor))

    def change_access(self, call: ApiCall) -> Reply:
        """POST .../action: addTenantAccess, removeTenantAccess."""
        self._parts.enforce(call.context, ACCESS)
        body = call.json()
        if not isinstance(body, dict) or len(body) != 1:
            raise BadRequest("The body must name exactly one action")
        ((name, value),) = body.items()
        if name not in (ADDING, REMOVING):
            raise BadRequest(f"There is no such action: {name}")
        if not (isinstance(value, dict) and isinstance(value.get("tenant"), str)):
            raise BadRequest("tenant: a project's id is needed")
        project = value["tenant"]

        def write(connection: Connection) -> Flavor:
            flavor = visible_flavor(self._flavors, connection, call)
            if flavor.is_public and minor_of(call) >= 7:
                deed = "add access to" if name == ADDING else "remove access from"
                raise Conflict(f"Can not {deed} a public flavor.")
            listed = project in flavor.access
            if name == ADDING:
                if listed:
                    raise Conflict(f"Flavor access already exists for {project}")
                access = [*flavor.access, project]
            else:
                if not listed:
                    raise NotFound(f"Flavor access not found for {project}")
                access = [each for each in flavor.access if each != project]
            self._flavors.set(connection, flavor.flavor_id, access=access)
            return visible_flavor(self._flavors, connection, call)

        return ok(_access(self._parts.database.run(write)))


def _access(flavor: Flavor) -> dict[str, Any]:
    return {
        "flavor_access": [
            {"flavor_id": flavor.flavor_id, "tenant_id": project}
            for project in flavor.access
        ]
    }
