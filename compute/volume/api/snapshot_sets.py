"""Snapshots of several volumes at one moment, and copies: paths of our own, beside
Cinder's."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.volume.api.frame import (
    DESCRIPTION,
    METADATA,
    NAME,
    UUID,
    Verb,
    accepted,
    body_of,
)
from compute.volume.api.presenting import Presenter
from compute.volume.model import GROUP_VOLUMES_MAX
from compute.volume.records import Snapshot
from compute.volume.service.snapshot_sets import SnapshotSets
from compute.volume.views.volumes import snapshot_document
from objectstore.kernel.reply import Reply

_VALUES = {"name": NAME, "description": DESCRIPTION, "metadata": METADATA}
SET = Schema(
    {
        "type": "object",
        "properties": {
            "snapshots": {
                "type": "array",
                "minItems": 1,
                "maxItems": GROUP_VOLUMES_MAX,
                "items": {
                    "type": "object",
                    "properties": {"volume_id": UUID, **_VALUES},
                    "required": ["volume_id"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["snapshots"],
        "additionalProperties": False,
    }
)
COPY = body_of("copy", _VALUES)


class SnapshotSetsApi:
    """Handlers."""

    def __init__(self, sets: SnapshotSets, presenter: Presenter) -> None:
        self._sets = sets
        self._presenter = presenter

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("POST", "/snapshots/together", self.create),
            Verb("POST", "/snapshots/{snapshot_id}/copies", self.copy),
        ]

    def create(self, call: ApiCall) -> Reply:
        """POST /snapshots/together."""
        wanted = [(each["volume_id"], each) for each in call.json(SET)["snapshots"]]
        made = self._sets.create(call.context, wanted)
        return accepted({"snapshots": [self._shown(call, each) for each in made]})

    def copy(self, call: ApiCall) -> Reply:
        """POST /snapshots/{snapshot_id}/copies."""
        values, key = call.json(COPY)["copy"], call.parameters["snapshot_id"]
        made = self._sets.copy(call.context, key, values)
        return accepted({"snapshot": self._shown(call, made)})

    def _shown(self, call: ApiCall, snapshot: Snapshot) -> dict[str, Any]:
        return snapshot_document(snapshot, self._presenter.shown(call), detail=False)
