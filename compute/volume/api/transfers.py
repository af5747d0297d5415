"""Transfers of volumes between projects, under their old and their new path (3.55)."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.instants import iso_micro
from compute.volume.api.frame import (
    FLAG,
    NAME,
    UUID,
    Verb,
    accepted,
    body_of,
    is_true,
    links,
    minor_of,
    ok,
)
from compute.volume.api.listing import Listed, Lists
from compute.volume.parts import Parts
from compute.volume.records import Transfer
from compute.volume.service.transfers import Transfers
from objectstore.kernel.reply import Reply

NEW_SINCE, PROJECTS_SINCE = 55, 57
CREATE = body_of(
    "transfer", {"volume_id": UUID, "name": NAME, "no_snapshots": FLAG}, ("volume_id",)
)
ACCEPT = body_of(
    "accept", {"auth_key": {"type": "string", "maxLength": 255}}, ("auth_key",)
)
LISTED = Listed(
    "transfers",
    "volume:get_transfer",
    {"name": "name", "volume_id": "volume_id", "id": "id"},
    sortable={"id": "id", "name": "name", "created_at": "created_at"},
)


class TransfersApi:
    """Handlers."""

    def __init__(self, parts: Parts, transfers: Transfers) -> None:
        self._parts = parts
        self._transfers = transfers
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        found = []
        for root, since in (
            ("/os-volume-transfer", 0),
            ("/volume-transfers", NEW_SINCE),
        ):
            one = f"{root}/{{transfer_id}}"
            found += [
                Verb("GET", root, self.index, since),
                Verb("POST", root, self.create, since),
                Verb("GET", f"{root}/detail", self.detail, since),
                Verb("GET", one, self.show, since),
                Verb("DELETE", one, self.delete, since),
                Verb("POST", f"{one}/accept", self.accept, since),
            ]
        return found

    def index(self, call: ApiCall) -> Reply:
        """GET of all."""
        return self._list(call, detail=False)

    def detail(self, call: ApiCall) -> Reply:
        """GET /detail."""
        return self._list(call, detail=True)

    def _list(self, call: ApiCall, *, detail: bool) -> Reply:
        def show(found: list[Transfer]) -> list[dict[str, Any]]:
            return [_document(call, each, detail=detail) for each in found]

        return self._lists.answer(call, self._parts.stores.transfers, LISTED, show)

    def show(self, call: ApiCall) -> Reply:
        """GET of one."""
        key = call.parameters["transfer_id"]
        found = self._parts.database.read(
            lambda connection: self._transfers.get(
                connection, call.context, key, "volume:get_transfer"
            )
        )
        return ok({"transfer": _document(call, found, detail=True)})

    def create(self, call: ApiCall) -> Reply:
        """POST."""
        body = call.json(CREATE)["transfer"]
        without = minor_of(call) >= NEW_SINCE and is_true(
            body.get("no_snapshots", False)
        )
        offered = self._transfers.create(
            call.context,
            body["volume_id"],
            body.get("name") or "",
            with_snapshots=not without,
        )
        document = _document(call, offered.transfer, detail=True)
        return accepted({"transfer": {**document, "auth_key": offered.key}})

    def accept(self, call: ApiCall) -> Reply:
        """POST /accept."""
        key = call.json(ACCEPT)["accept"]["auth_key"]
        transfer, _ = self._transfers.accept(
            call.context, call.parameters["transfer_id"], key
        )
        return accepted({"transfer": _document(call, transfer, detail=False)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE."""
        self._transfers.delete(call.context, call.parameters["transfer_id"])
        return accepted()


def _document(call: ApiCall, transfer: Transfer, *, detail: bool) -> dict[str, Any]:
    minor = minor_of(call)
    found: dict[str, Any] = {
        "id": transfer.id,
        "name": transfer.name,
        "volume_id": transfer.volume_id,
        "links": links(call, "os-volume-transfer", transfer.id),
    }
    if detail:
        found["created_at"] = iso_micro(transfer.created_at)
        if minor >= NEW_SINCE:
            found["no_snapshots"] = not transfer.with_snapshots
        if minor >= PROJECTS_SINCE:
            found["accepted"] = False
            found["source_project_id"] = transfer.project_id
            found["destination_project_id"] = None
    return found
