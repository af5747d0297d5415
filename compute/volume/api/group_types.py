"""Group types and their specs (3.11)."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import parse_page
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.volume.api.frame import FLAG, SPECS, Verb, accepted, body_of, is_true, ok
from compute.volume.api.type_details import texts_of
from compute.volume.group_records import GroupType
from compute.volume.parts import Parts
from compute.volume.service.group_types import MANAGE, GroupTypes
from compute.volume.service.group_types import SPECS as SPECS_RULE
from compute.volume.views.groups import group_type_document
from objectstore.kernel.reply import Reply

SINCE = 11
SORTABLE = {"name", "id", "created_at"}
NEWEST_FIRST = (("created_at", True), ("id", True))
_NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
_FIELDS = {
    "name": _NAME,
    "description": {"type": ["string", "null"], "maxLength": 255},
    "is_public": FLAG,
}
_ANY_SPECS = {**SPECS, "minProperties": 0}
CREATE = body_of("group_type", {**_FIELDS, "group_specs": _ANY_SPECS}, ("name",))
UPDATE = body_of(
    "group_type", {**_FIELDS, "name": {**_NAME, "type": ["string", "null"]}}
)
GROUP_SPECS = Schema(
    {
        "type": "object",
        "properties": {"group_specs": SPECS},
        "required": ["group_specs"],
        "additionalProperties": False,
    }
)
ONE_SPEC = Schema({**SPECS, "maxProperties": 1})


class GroupTypesApi:
    """Handlers."""

    def __init__(self, parts: Parts, types: GroupTypes) -> None:
        self._parts = parts
        self._types = types

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/group_types/{type_id}"
        specs = f"{one}/group_specs"
        return [
            Verb("GET", "/group_types", self.index, SINCE),
            Verb("POST", "/group_types", self.create, SINCE),
            Verb("GET", one, self.show, SINCE),
            Verb("PUT", one, self.update, SINCE),
            Verb("DELETE", one, self.delete, SINCE),
            Verb("GET", specs, self.specs, SINCE),
            Verb("POST", specs, self.add_specs, SINCE),
            Verb("GET", f"{specs}/{{key}}", self.show_spec, SINCE),
            Verb("PUT", f"{specs}/{{key}}", self.set_spec, SINCE),
            Verb("DELETE", f"{specs}/{{key}}", self.delete_spec, SINCE),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /group_types; the newest first, if nothing else is asked for."""
        found, query = self._types.visible(call.context), call.query
        if call.context.has_role("admin"):
            wanted = query.one("is_public", "true").lower()
            if wanted != "none":
                found = [each for each in found if each.is_public == is_true(wanted)]
        page = parse_page(query, sortable=SORTABLE, default_sort=NEWEST_FIRST)
        for key, is_descending in reversed(page.sort):
            found.sort(key=attrgetter(key), reverse=is_descending)
        offset = query.number("offset", 0)
        if page.marker:
            ids = [each.id for each in found]
            if page.marker not in ids:
                raise NotFound(f"marker [{page.marker}] not found")
            offset += ids.index(page.marker) + 1
        found = found[offset : offset + page.limit]
        return ok({"group_types": [self._document(call, each) for each in found]})

    def create(self, call: ApiCall) -> Reply:
        """POST /group_types."""
        given = dict(call.json(CREATE)["group_type"])
        given["is_public"] = is_true(given.get("is_public", True))
        given["group_specs"] = texts_of(given.get("group_specs", {}))
        return accepted(self._shown(call, self._types.create(call.context, given)))

    def show(self, call: ApiCall) -> Reply:
        """GET /group_types/{type_id}; there is no type by default."""
        return ok(self._shown(call, self._found(call)))

    def update(self, call: ApiCall) -> Reply:
        """PUT /group_types/{type_id}."""
        given = dict(call.json(UPDATE)["group_type"])
        if given.get("name", "") is None:
            del given["name"]
        if "is_public" in given:
            given["is_public"] = is_true(given["is_public"])
        if not given:
            raise BadRequest("Specify group type name, description or is_public.")
        return ok(self._shown(call, self._change(call, MANAGE, lambda _: given)))

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /group_types/{type_id}."""
        self._types.delete(call.context, call.parameters["type_id"])
        return accepted()

    # ---- specs -----------------------------------------------------------------

    def specs(self, call: ApiCall) -> Reply:
        """GET .../group_specs."""
        return ok({"group_specs": self._specs(call)})

    def add_specs(self, call: ApiCall) -> Reply:
        """POST .../group_specs."""
        given = texts_of(call.json(GROUP_SPECS)["group_specs"])
        self._write_specs(call, lambda before: {**before, **given})
        return accepted({"group_specs": given})

    def show_spec(self, call: ApiCall) -> Reply:
        """GET .../group_specs/{key}."""
        key, found = call.parameters["key"], self._specs(call)
        if key not in found:
            raise _no_spec(key)
        return ok({key: found[key]})

    def set_spec(self, call: ApiCall) -> Reply:
        """PUT .../group_specs/{key}."""
        given, key = texts_of(call.json(ONE_SPEC)), call.parameters["key"]
        if set(given) != {key}:
            raise BadRequest("Request body and URI mismatch")
        self._write_specs(call, lambda before: {**before, **given})
        return ok(given)

    def delete_spec(self, call: ApiCall) -> Reply:
        """DELETE .../group_specs/{key}."""
        key = call.parameters["key"]

        def without(before: dict[str, str]) -> dict[str, str]:
            if key not in before:
                raise _no_spec(key)
            return {name: value for name, value in before.items() if name != key}

        self._write_specs(call, without)
        return accepted()

    # ---- inside ----------------------------------------------------------------

    def _found(self, call: ApiCall) -> GroupType:
        key, context = call.parameters["type_id"], call.context
        return self._parts.database.read(
            lambda connection: self._types.get(connection, context, key)
        )

    def _specs(self, call: ApiCall) -> dict[str, str]:
        self._parts.enforce(call.context, SPECS_RULE)
        return dict(self._found(call).group_specs)

    def _change(self, call: ApiCall, rule: str, decide: Any) -> GroupType:
        key = call.parameters["type_id"]
        return self._types.change(call.context, key, rule, decide)

    def _write_specs(self, call: ApiCall, decide: Any) -> None:
        self._change(
            call,
            SPECS_RULE,
            lambda found: {"group_specs": decide(dict(found.group_specs))},
        )

    def _document(self, call: ApiCall, found: GroupType) -> dict[str, Any]:
        may = self._parts.allows(call.context, SPECS_RULE)
        return group_type_document(found, with_specs=may)

    def _shown(self, call: ApiCall, found: GroupType) -> dict[str, Any]:
        return {"group_type": self._document(call, found)}


def _no_spec(key: str) -> NotFound:
    return NotFound(f"Group Type has no specs with key {key}.")
