"""A flavor's extra specs: what its servers need of a host, or get from it."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.instance.api.flavors import visible_flavor
from compute.instance.extra_specs import wrong_spec
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Flavor
from objectstore.kernel.reply import Reply

SPECS = "os_compute_api:os-flavor-extra-specs"
CHECKED_SPECS_SINCE = 86
SPEC_VALUES = {
    "type": "object",
    "patternProperties": {
        r"^[a-zA-Z0-9\-_:. ]{1,255}$": {
            "type": ["string", "number"],
            "maxLength": 255,
        }
    },
    "additionalProperties": False,
}
SPECS_BODY = Schema(
    {
        "type": "object",
        "properties": {"extra_specs": SPEC_VALUES},
        "required": ["extra_specs"],
        "additionalProperties": False,
    }
)
SPEC_BODY = Schema({**SPEC_VALUES, "minProperties": 1, "maxProperties": 1})


class FlavorSpecsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._flavors = parts.stores.flavors

    def verbs(self) -> list[Verb]:
        """The routes."""
        specs = "/flavors/{flavor_id}/os-extra_specs"
        return [
            Verb("GET", specs, self.specs),
            Verb("POST", specs, self.add_specs),
            Verb("GET", f"{specs}/{{key}}", self.spec),
            Verb("PUT", f"{specs}/{{key}}", self.set_spec),
            Verb("DELETE", f"{specs}/{{key}}", self.remove_spec),
        ]

    def _visible(self, call: ApiCall) -> Flavor:
        return self._parts.database.read(
            lambda connection: visible_flavor(self._flavors, connection, call)
        )

    def specs(self, call: ApiCall) -> Reply:
        """GET .../os-extra_specs."""
        return ok({"extra_specs": dict(self._visible(call).extra_specs)})

    def spec(self, call: ApiCall) -> Reply:
        """GET .../os-extra_specs/{key}."""
        key = call.parameters["key"]
        return ok({key: self._spec(self._visible(call), key)})

    def _spec(self, flavor: Flavor, key: str) -> str:
        if key not in flavor.extra_specs:
            raise NotFound(
                f"Flavor {flavor.flavor_id} has no extra specs with key {key}."
            )
        return flavor.extra_specs[key]

    def add_specs(self, call: ApiCall) -> Reply:
        """POST .../os-extra_specs."""
        given = call.json(SPECS_BODY)["extra_specs"]
        self._write_specs(call, _texts(given), None)
        return ok({"extra_specs": _texts(given)})

    def set_spec(self, call: ApiCall) -> Reply:
        """PUT .../os-extra_specs/{key}."""
        given = _texts(call.json(SPEC_BODY))
        if list(given) != [call.parameters["key"]]:
            raise BadRequest("Request body and URI mismatch")
        self._write_specs(call, given, None)
        return ok(given)

    def remove_spec(self, call: ApiCall) -> Reply:
        """DELETE .../os-extra_specs/{key}."""
        self._write_specs(call, {}, call.parameters["key"])
        return Reply(200, b"")

    def _write_specs(
        self, call: ApiCall, given: dict[str, str], removed: str | None
    ) -> None:
        self._parts.enforce(call.context, SPECS)
        wrong = wrong_spec(given) if minor_of(call) >= CHECKED_SPECS_SINCE else ""
        if wrong:
            raise BadRequest(f"Validation failed; {wrong} cannot be {given[wrong]!r}")

        def write(connection: Connection) -> None:
            flavor = visible_flavor(self._flavors, connection, call)
            specs = {**flavor.extra_specs, **given}
            if removed is not None:
                self._spec(flavor, removed)
                del specs[removed]
            self._flavors.set(connection, flavor.flavor_id, extra_specs=specs)

        self._parts.database.run(write)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}
