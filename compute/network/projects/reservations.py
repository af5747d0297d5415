"""Places in a project's quota of ports, set aside for devices whose ports come later.

A server's ports are made when it is built, long after it was promised.  What was
promised is set aside in one transaction with the look at the quota, counts like ports,
and is given up port by port as they are made.  What is never used ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import NotFound
from compute.network import tables
from compute.network.frame.quota import (
    UNLIMITED,
    limits_of,
    over_quota,
    reserved,
    used,
)
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.model import COMPUTE_OWNER_PREFIX
from objectstore.kernel.reply import Reply

DEVICES_MAX = 1000  # in one order
PORTS_MAX = 1000  # of one device
# Long enough for a build that waits in line; a crash between promise and record blocks
# a few places for no longer than this.
RESERVATION_SECONDS = 3600.0

_TEXT = {"type": "string", "minLength": 1, "maxLength": 64}
_DEVICES = {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": DEVICES_MAX}
RESERVE = Schema(
    {
        "type": "object",
        "properties": {
            "project_id": _TEXT,
            "device_ids": _DEVICES,
            "ports": {"type": "integer", "minimum": 1, "maximum": PORTS_MAX},
            "least": {"type": "integer", "minimum": 1, "maximum": DEVICES_MAX},
        },
        "required": ["project_id", "device_ids", "ports", "least"],
        "additionalProperties": False,
    }
)
RELEASE = Schema(
    {
        "type": "object",
        "properties": {"device_ids": _DEVICES},
        "required": ["device_ids"],
        "additionalProperties": False,
    }
)


class ReservationApi:
    """What the cloud's own services ask; to all others these paths do not exist."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """Both."""
        path = "/internal/port-reservations"
        return [
            Route("POST", path, self.reserve),
            Route("POST", path + "/release", self.release),
        ]

    def reserve(self, call: ApiCall) -> Reply:
        """Places for as many of the devices as the quota allows, in their order;
        ``OverQuota`` when it does not allow ``least``."""
        self._house_only(call)
        wanted: dict[str, Any] = call.json(RESERVE)
        chosen = self._database.write(
            call.context,
            lambda work: set_aside(
                work,
                wanted["project_id"],
                wanted["device_ids"],
                ports=wanted["ports"],
                least=wanted["least"],
            ),
        )
        return json_reply(200, {"device_ids": chosen})

    def release(self, call: ApiCall) -> Reply:
        """These devices will have no more ports; nothing if nothing was set aside."""
        self._house_only(call)
        wanted = call.json(RELEASE)["device_ids"]
        rows = tables.reservations

        def work_on(work: Work) -> None:
            work.connection.execute(rows.delete().where(rows.c.device_id.in_(wanted)))

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _house_only(self, call: ApiCall) -> None:
        if not self._database.allows(call.context, "internal"):
            raise NotFound("The resource could not be found.")


def set_aside(
    work: Work, project_id: str, device_ids: Sequence[str], *, ports: int, least: int
) -> list[str]:
    """See ``ReservationApi.reserve``."""
    rows = tables.reservations
    work.connection.execute(
        rows.delete().where(
            sa.or_(rows.c.expires_at < work.now, rows.c.device_id.in_(device_ids))
        )
    )
    limit = limits_of(work, project_id)["port"]
    if limit == UNLIMITED:
        return list(device_ids)
    left = limit - used(work, "port", project_id) - reserved(work, "port", project_id)
    count = max(0, left) // ports
    if count < least:
        raise over_quota("port")
    chosen = list(device_ids[:count])
    expires_at = work.now + RESERVATION_SECONDS
    work.connection.execute(
        rows.insert(),
        [
            {
                "device_id": each,
                "project_id": project_id,
                "amount": ports,
                "expires_at": expires_at,
            }
            for each in chosen
        ],
    )
    return chosen


def use_reserved(work: Work, attributes: dict[str, Any]) -> bool:
    """Whether a place was set aside for this new port; it is used up now.

    Only services may name a server as the owner of a port, so that nobody takes
    what was set aside for a server of his.
    """
    owner, device_id = attributes["device_owner"] or "", attributes["device_id"]
    if not device_id or not owner.startswith(COMPUTE_OWNER_PREFIX):
        return False
    rows = tables.reservations
    where = (
        rows.c.device_id == device_id,
        rows.c.project_id == attributes["project_id"],
        rows.c.expires_at >= work.now,
        rows.c.amount > 0,
    )
    taken = work.connection.execute(
        rows.update().where(*where).values(amount=rows.c.amount - 1)
    )
    if taken.rowcount == 0:
        return False
    work.connection.execute(
        rows.delete().where(rows.c.device_id == device_id, rows.c.amount <= 0)
    )
    return True
