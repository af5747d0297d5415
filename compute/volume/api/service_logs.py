"""How much the volume host's process says in its log (3.32), until it starts again.

Only loggers of this room can be asked for and changed: who looks after volumes has no
say in what others log.
"""

from __future__ import annotations

import logging
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.volume.api.frame import Verb, accepted, ok
from compute.volume.parts import Parts
from objectstore.kernel.reply import Reply

SINCE = 32
RULE = "volume_extension:services"
OURS = "compute.volume"
LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
BINARIES = ("", "*", "cinder-volume", "cinder-api", "cinder-scheduler", "cinder-backup")
_TEXT = {"type": ["string", "null"], "maxLength": 255}
_ASKED = {"binary": _TEXT, "server": _TEXT, "prefix": _TEXT}
GET = Schema({"type": "object", "properties": _ASKED, "additionalProperties": False})
SET = Schema(
    {
        "type": "object",
        "properties": {**_ASKED, "level": _TEXT},
        "additionalProperties": False,
    }
)


class ServiceLogsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("PUT", "/os-services/get-log", self.get, SINCE),
            Verb("PUT", "/os-services/set-log", self.set, SINCE),
        ]

    def get(self, call: ApiCall) -> Reply:
        """PUT /os-services/get-log."""
        self._parts.enforce(call.context, RULE)
        body = call.json(GET)
        levels = {
            name: logging.getLevelName(logging.getLogger(name).getEffectiveLevel())
            for name in self._asked(body)
        }
        binary = body.get("binary") or ""
        found = [
            {"binary": each, "host": self._parts.host, "levels": levels}
            for each in BINARIES[2:]
            if binary in ("", "*", each) and self._is_here(body)
        ]
        return ok({"log_levels": found})

    def set(self, call: ApiCall) -> Reply:
        """PUT /os-services/set-log."""
        self._parts.enforce(call.context, RULE)
        body = call.json(SET)
        level = (body.get("level") or "").upper()
        if level not in LEVELS:
            raise BadRequest(f"Invalid input received: level is one of {LEVELS}")
        names = self._asked(body)
        if self._is_here(body):
            for name in names:
                logging.getLogger(name).setLevel(level)
        return accepted()

    def _is_here(self, body: dict[str, Any]) -> bool:
        return (body.get("server") or "") in ("", self._parts.host)

    def _asked(self, body: dict[str, Any]) -> list[str]:
        """Our loggers whose names begin so."""
        if (body.get("binary") or "") not in BINARIES:
            raise BadRequest(f"Invalid input received: binary is one of {BINARIES}")
        prefix = body.get("prefix") or ""
        known = {OURS, *logging.root.manager.loggerDict}
        ours = (name for name in known if f"{name}.".startswith(f"{OURS}."))
        return sorted(name for name in ours if name.startswith(prefix))
