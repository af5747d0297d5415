"""Whom snapshots are shared with, and what others share: paths of our own, beside
Cinder's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.api.frame import ApiCall
from compute.volume.api.frame import Verb, body_of, ok
from compute.volume.api.listing import Lists
from compute.volume.api.presenting import Presenter
from compute.volume.api.snapshots import LISTED
from compute.volume.parts import Parts
from compute.volume.records import Snapshot
from compute.volume.service.snapshot_shares import (
    SHARES_MAX,
    SnapshotShares,
    as_seen,
)
from compute.volume.views.volumes import snapshot_document
from objectstore.kernel.reply import Reply

_PROJECTS = {
    "type": "array",
    "maxItems": SHARES_MAX,
    "items": {"type": "string", "minLength": 1, "maxLength": 64},
}
CHANGE = body_of("shares", {"add": _PROJECTS, "remove": _PROJECTS})
# What a snapshot is looked for and sorted by tells of it, too: of others' only what
# ``as_seen`` leaves.
_UNTOLD = {"name", "volume_id", "user_id"}


def _told(columns: Mapping[str, str]) -> dict[str, str]:
    return {key: each for key, each in columns.items() if each not in _UNTOLD}


OF_OTHERS = replace(
    LISTED,
    filters=_told(LISTED.filters),
    sortable=_told(LISTED.sortable),
    labels={},
)


class SnapshotSharesApi:
    """Handlers."""

    def __init__(
        self, parts: Parts, shares: SnapshotShares, presenter: Presenter
    ) -> None:
        self._parts = parts
        self._shares = shares
        self._presenter = presenter
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        path = "/snapshots/{snapshot_id}/shares"
        return [
            Verb("GET", "/snapshots/shared", self.index),
            Verb("GET", path, self.show),
            Verb("POST", path, self.change),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /snapshots/shared: what others share with the project; with another's
        ``project_id``, what it shares with that one."""
        context, stores = call.context, self._parts.stores
        other = call.query.one("project_id")
        is_owned = other not in ("", context.project_id)

        def show(found: list[Snapshot]) -> list[dict[str, Any]]:
            shown = self._presenter.shown(call)
            return [snapshot_document(as_seen(context, each), shown) for each in found]

        where = [stores.shares.with_project(other if is_owned else context.project_id)]
        return self._lists.answer(
            call,
            stores.snapshots,
            LISTED if is_owned else OF_OTHERS,
            show,
            where,
            is_owned=is_owned,
        )

    def show(self, call: ApiCall) -> Reply:
        """GET /snapshots/{snapshot_id}/shares."""
        key = call.parameters["snapshot_id"]
        return _projects(self._shares.projects(call.context, key))

    def change(self, call: ApiCall) -> Reply:
        """POST /snapshots/{snapshot_id}/shares."""
        asked = call.json(CHANGE)["shares"]
        key = call.parameters["snapshot_id"]
        add, remove = asked.get("add", ()), asked.get("remove", ())
        return _projects(self._shares.change(call.context, key, add=add, remove=remove))


def _projects(found: list[str]) -> Reply:
    return ok({"shares": [{"project_id": each} for each in found]})
