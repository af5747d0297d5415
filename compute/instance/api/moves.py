"""Actions that move a server to another host; for administrators."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.instance.api.actions import ActionsApi
from compute.instance.api.asked import Asked
from compute.instance.api.servers import new_password
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.schemas import actions as schemas
from compute.instance.schemas.types import is_true
from compute.instance.service.departures import Wish
from compute.instance.service.moving import Moving
from objectstore.kernel.reply import Reply

# From then on a cold migration may name its host; before, all it says is ignored.
HOST_SINCE = 56
# From then on the answer does not wait for the choice of a host.
LATER_SINCE = 34
# No password is given, or told, from then on; where the disk is, is found out.
EVACUATE_SLIM_SINCE = 14
# An evacuated server is stopped until somebody starts it.
STOPPED_SINCE = 95


class MovesApi:
    """Handlers."""

    def __init__(self, parts: Parts, moving: Moving, actions: ActionsApi) -> None:
        self._parts = parts
        self._moving = moving
        actions.add(
            "migrate",
            Asked(
                self.migrate,
                schemas.MIGRATE,
                nullable=True,
                looked_at_since=HOST_SINCE,
            ),
        )
        actions.add("os-migrateLive", Asked(self.migrate_live, schemas.MIGRATE_LIVE))
        actions.add("evacuate", Asked(self.evacuate, schemas.EVACUATE))
        actions.add("revertResize", Asked(self.revert))

    def verbs(self) -> list[Verb]:
        """None of its own: all are actions."""
        return []

    def migrate(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """``migrate``: the guest is stopped for it."""
        self._moving.migrate(call.context, server_id, str(body.get("host") or ""))
        return accepted()

    def migrate_live(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """``os-migrateLive``: the guest runs on."""
        minor = minor_of(call)
        wish = _wish(body)
        self._moving.migrate_live(
            call.context,
            server_id,
            wish,
            block_migration=_block_migration(body["block_migration"]),
            later=minor >= LATER_SINCE,
        )
        return accepted()

    def evacuate(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """``evacuate``: its host is down; its disk begins anew from the image."""
        minor = minor_of(call)
        if minor < EVACUATE_SLIM_SINCE and is_true(body["onSharedStorage"]):
            if "adminPass" in body:
                raise BadRequest("admin password can't be changed on existing disk")
            raise BadRequest("onSharedStorage: hosts share no storage here")
        password = str(body.get("adminPass") or new_password())
        self._moving.evacuate(
            call.context,
            server_id,
            _wish(body),
            password,
            stays_stopped=minor >= STOPPED_SINCE,
        )
        if minor >= EVACUATE_SLIM_SINCE:
            return Reply(200, b"")
        return ok({"adminPass": password})

    def revert(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """``revertResize``."""
        self._moving.revert(call.context, server_id)
        return accepted()


def _wish(body: Any) -> Wish:
    forced = is_true(body.get("force", False))
    host = str(body.get("host") or "")
    if forced and not host:
        raise BadRequest("Can't force to a non-provided destination")
    return Wish(host, forced)


def _block_migration(value: Any) -> bool:
    """Whether the disks travel too; "auto": as they must."""
    return value == "auto" or is_true(value)
