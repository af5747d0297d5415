"""An action of a server as its body names it: who answers, and what it may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.instance.frame.bodies import Field, object_schema
from compute.instance.frame.routes import NEWEST
from objectstore.kernel.reply import Reply

ActionHandler = Callable[[ApiCall, str, Any], Reply]
"""Answers the call for the server of that id, with its checked arguments."""

_NO_BODY = Schema({"type": ["object", "null", "string"]})


@dataclass(frozen=True, slots=True)
class Asked:
    """One action as the body names it.  ``fields`` None: it has no arguments.
    ``looked_at_since``: in older versions whatever it is given is ignored."""

    handler: ActionHandler
    fields: tuple[Field, ...] | None = None
    since: int = 1
    until: int = NEWEST
    nullable: bool = False
    looked_at_since: int = 1
    _schemas: dict[int, Schema] = field(default_factory=dict)

    def check(self, value: Any, minor: int) -> Any:
        """The checked arguments."""
        if minor < self.looked_at_since:
            return {}
        if self.fields is None:
            _NO_BODY.check(value)
            return {}
        if value is None and self.nullable:
            return {}
        if minor not in self._schemas:
            self._schemas[minor] = Schema(object_schema(self.fields, minor))
        self._schemas[minor].check(value)
        return value
