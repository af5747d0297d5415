"""How bodies are declared: one table of fields, each with the microversions that know
it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.instance.frame.routes import NEWEST, minor_of

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a body: its schema, and the versions that know it."""

    name: str
    schema: Document
    since: int = 1
    until: int = NEWEST
    required: bool = False


class Body:
    """The schema of a body, by microversion: ``{wrapper: {fields}}``, no other
    property allowed (in ``wrapper``; scheduler hints may stand beside it)."""

    def __init__(
        self,
        wrapper: str,
        fields: Iterable[Field],
        *,
        beside: Iterable[Field] = (),
        loose: bool = False,
    ) -> None:
        """``loose``: further properties are ignored, as the real one does."""
        self._wrapper = wrapper
        self._fields = tuple(fields)
        self._beside = tuple(beside)
        self._loose = loose
        self._compiled: dict[int, Schema] = {}

    def read(self, call: ApiCall) -> Any:
        """The checked body, whole."""
        return call.json(self.schema(minor_of(call)))

    def schema(self, minor: int) -> Schema:
        """For one version."""
        found = self._compiled.get(minor)
        if found is None:
            inner = object_schema(self._fields, minor, loose=self._loose)
            found = Schema(
                {
                    "type": "object",
                    "properties": {
                        self._wrapper: inner,
                        **_properties(self._beside, minor),
                    },
                    "required": [self._wrapper],
                    "additionalProperties": False,
                }
            )
            self._compiled[minor] = found
        return found


def object_schema(
    fields: Iterable[Field], minor: int, *, loose: bool = False
) -> dict[str, Any]:
    """An object of these fields in that version."""
    known = [each for each in fields if each.since <= minor <= each.until]
    return {
        "type": "object",
        "properties": {each.name: each.schema for each in known},
        "required": [each.name for each in known if each.required],
        "additionalProperties": loose,
    }


def _properties(fields: Iterable[Field], minor: int) -> dict[str, Any]:
    return {
        each.name: each.schema for each in fields if each.since <= minor <= each.until
    }
