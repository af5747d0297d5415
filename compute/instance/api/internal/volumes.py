"""Volumes of servers: what agents did with them, and that they may be faster now."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.instance.api.internal.frame import RULE, guarded
from compute.instance.parts import Parts
from compute.instance.service.moving_volumes import MovingVolumes
from compute.instance.service.server_desk import ServerDesk
from compute.instance.service.volumes import ServerVolumes
from objectstore.kernel.reply import Reply

CHANGED = Schema({"type": "object"})
MOVE = Schema(
    {
        "type": "object",
        "properties": {"attachment_id": {"type": "string", "format": "uuid"}},
        "required": ["attachment_id"],
        "additionalProperties": False,
    }
)


class KnownVolumesApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        desk: ServerDesk,
        volumes: ServerVolumes,
        moving: MovingVolumes,
    ) -> None:
        self._parts = parts
        self._desk = desk
        self._volumes = volumes
        self._moving = moving

    def routes(self) -> list[Route]:
        """All of them."""
        server = "/internal/servers/{server_id}"
        device = f"{server}/block-devices/{{device_id}}"
        volume = f"{server}/volumes/{{volume_id}}"
        return guarded(
            self._parts,
            [
                ("PUT", device, self.set_device),
                ("DELETE", device, self.drop_device),
                ("POST", f"{volume}/limits", self.limit_volume),
                ("GET", f"{volume}/move", self.check_moves),
                ("POST", f"{volume}/move", self.move_volume),
            ],
        )

    def set_device(self, call: ApiCall) -> Reply:
        """What an agent did with a volume of a server."""
        found = call.parameters
        values = call.json(CHANGED)
        self._desk.set_device(found["server_id"], found["device_id"], values)
        return json_reply(200, {})

    def drop_device(self, call: ApiCall) -> Reply:
        """A server has a volume no more."""
        found = call.parameters
        self._desk.set_device(found["server_id"], found["device_id"], None)
        return json_reply(200, {})

    def limit_volume(self, call: ApiCall) -> Reply:
        """A volume may be faster or slower now."""
        found = call.parameters
        self._volumes.limit(call.context, found["server_id"], found["volume_id"], RULE)
        return json_reply(202, {})

    def check_moves(self, call: ApiCall) -> Reply:
        """Whether a volume could move to another volume host now."""
        found = call.parameters
        self._moving.check(call.context, found["server_id"], found["volume_id"], RULE)
        return json_reply(200, {})

    def move_volume(self, call: ApiCall) -> Reply:
        """A volume is to move to another volume host."""
        found = call.parameters
        attachment_id = call.json(MOVE)["attachment_id"]
        self._moving.begin(
            call.context, found["server_id"], found["volume_id"], attachment_id, RULE
        )
        return json_reply(202, {})
