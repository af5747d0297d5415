"""For other rooms: volumes on a tenant's behalf, and guests' ways to them.  The service
role is needed."""

from __future__ import annotations

from dataclasses import replace

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.volume.api.frame import accepted
from compute.volume.api.presenting import Presenter
from compute.volume.api.volumes import CREATE, order_of
from compute.volume.parts import Parts
from compute.volume.service.attachments import Attachments
from compute.volume.service.create import VolumeCreation
from compute.volume.service.settling import Settling
from objectstore.kernel.reply import Reply

RULE = "internal"


class InternalApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        creation: VolumeCreation,
        presenter: Presenter,
        attachments: Attachments,
    ) -> None:
        self._parts = parts
        self._attachments = attachments
        self._settling = Settling(parts)
        self._creation = creation
        self._presenter = presenter

    def routes(self) -> list[Route]:
        """Where they answer."""
        volumes = "/internal/{owner}/{user}/volumes"
        attachment = "/internal/attachments/{attachment_id}"
        return [
            Route("POST", volumes, self._create),
            Route("POST", f"{attachment}/reopen", self._reopen),
            Route("POST", f"{attachment}/open", self._open),
            Route("POST", f"{attachment}/settle", self._settle),
            Route("POST", f"{attachment}/unsettle", self._unsettle),
        ]

    def _create(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        assert call.version is not None
        order = order_of(call.json(CREATE)["volume"], call.version.minor)
        order = replace(
            order,
            project_id=call.parameters["owner"],
            user_id=call.parameters["user"],
        )
        volume = self._creation.create(call.context, order)
        return accepted(self._presenter.volume(call, volume))

    def _reopen(self, call: ApiCall) -> Reply:
        self._attachments.reopen(call.context, call.parameters["attachment_id"])
        return empty_reply()

    def _open(self, call: ApiCall) -> Reply:
        key = call.parameters["attachment_id"]
        found = {"passphrase": self._attachments.passphrase(call.context, key)}
        return json_reply(200, found, [("Cache-Control", "no-store")])

    def _settle(self, call: ApiCall) -> Reply:
        self._settling.settle(call.context, call.parameters["attachment_id"])
        return empty_reply()

    def _unsettle(self, call: ApiCall) -> Reply:
        self._settling.unsettle(call.context, call.parameters["attachment_id"])
        return empty_reply()
