"""Volumes of servers: what agents did with them, and that they may be faster now."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.instance.api.internal.frame import RULE, guarded
from compute.instance.service.server_desk import ServerDesk
from compute.instance.service.volumes import ServerVolumes
from compute.instance.wiring import Wiring
from objectstore.kernel.reply import Reply

CHANGED = Schema({"type": "object"})


class KnownVolumesApi:
    """Handlers."""

    def __init__(
        self, wiring: Wiring, desk: ServerDesk, volumes: ServerVolumes
    ) -> None:
        self._wiring = wiring
        self._desk = desk
        self._volumes = volumes

    def routes(self) -> list[Route]:
        """All of them."""
        server = "/internal/servers/{server_id}"
        device = f"{server}/block-devices/{{device_id}}"
        limits = f"{server}/volumes/{{volume_id}}/limits"
        return guarded(
            self._wiring,
            [
                ("PUT", device, self.set_device),
                ("DELETE", device, self.drop_device),
                ("POST", limits, self.limit_volume),
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
