"""``/v3/OS-FEDERATION/mappings``."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.identity.api.federation_shapes import MAPPING, NEW_MAPPING
from compute.identity.api.identity_providers import key_of
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import Document, changes_of, linked, one
from compute.identity.federation import changes
from compute.identity.federation.mapping_schema import V1, check_rules
from compute.identity.federation.model import AttributeMapping
from compute.identity.federation.subjects import mappings
from compute.identity.parts import Parts
from objectstore.kernel.reply import Reply

MAPPINGS = "OS-FEDERATION/mappings"
_AT = f"/v3/{MAPPINGS}"


class MappingsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", _AT, self.list),
            Route("PUT", f"{_AT}/{{mapping_id}}", self.create),
            Route("GET", f"{_AT}/{{mapping_id}}", self.show),
            Route("PATCH", f"{_AT}/{{mapping_id}}", self.update),
            Route("DELETE", f"{_AT}/{{mapping_id}}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The mappings."""
        self._parts.enforce(call.context, "identity:list_mappings", {})
        return page_reply(
            self._parts, call, "mappings", mappings, [], _document, sortable=("id",)
        )

    def create(self, call: ApiCall) -> Reply:
        """A new mapping of the path's id."""
        self._parts.enforce(call.context, "identity:create_mapping", {})
        key = key_of(call, "mapping_id")
        wanted = changes_of(call, NEW_MAPPING, "mapping", key)
        version = wanted.get("schema_version") or V1
        check_rules(wanted["rules"], version)
        mapping = AttributeMapping(key, version, wanted["rules"])
        made = changes.create_mapping(self._parts, call.context, mapping)
        return one(201, "mapping", _document(call, made))

    def show(self, call: ApiCall) -> Reply:
        """One mapping."""
        return one(200, "mapping", _document(call, self._mapping(call, "get_mapping")))

    def update(self, call: ApiCall) -> Reply:
        """Other rules."""
        mapping = self._mapping(call, "update_mapping")
        wanted = changes_of(call, MAPPING, "mapping", mapping.id)
        version = wanted.get("schema_version") or mapping.schema_version
        rules = wanted.get("rules", mapping.rules)
        check_rules(rules, version)
        values = {"schema_version": version, "rules": rules}
        changed = changes.update_mapping(self._parts, call.context, mapping, values)
        return one(200, "mapping", _document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take a mapping away."""
        mapping = self._mapping(call, "delete_mapping")
        changes.delete_mapping(self._parts, call.context, mapping)
        return empty_reply()

    def _mapping(self, call: ApiCall, operation: str) -> AttributeMapping:
        return load(self._parts, call, operation, mappings, "mapping_id")


def _document(call: ApiCall, mapping: AttributeMapping) -> Document:
    document = {
        "id": mapping.id,
        "rules": list(mapping.rules),
        "schema_version": mapping.schema_version,
    }
    return linked(call, f"{MAPPINGS}/{mapping.id}", document)
