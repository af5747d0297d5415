"""For other rooms and the doctor: volumes on a tenant's behalf, and what should be
where.  The service role is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.sql.database import Connection
from compute.volume.api.frame import NAME, accepted, body_of, ok
from compute.volume.api.presenting import Presenter
from compute.volume.api.volumes import CREATE, order_of
from compute.volume.backups.ring import BackupObjects
from compute.volume.drivers.port import COPY, SNAPSHOT, VOLUME
from compute.volume.model import SUCCESS
from compute.volume.parts import Parts
from compute.volume.service.attachments import Attachments
from compute.volume.service.create import VolumeCreation
from compute.volume.service.hosts import Hosts
from compute.volume.service.settling import Settling
from objectstore.kernel.reply import Reply

RULE = "internal"
REMOVAL = body_of("leftover", {"kind": NAME, "id": NAME}, ("kind", "id"))


class InternalApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        creation: VolumeCreation,
        presenter: Presenter,
        objects: BackupObjects,
        attachments: Attachments,
    ) -> None:
        self._parts = parts
        self._hosts = Hosts(parts)
        self._attachments = attachments
        self._settling = Settling(parts)
        self._creation = creation
        self._presenter = presenter
        self._objects = objects

    def routes(self) -> list[Route]:
        """Where they answer."""
        volumes = "/internal/{owner}/{user}/volumes"
        attachment = "/internal/attachments/{attachment_id}"
        return [
            Route("POST", volumes, self._create),
            Route("GET", "/internal/leftovers", self._leftovers),
            Route("POST", "/internal/leftovers/remove", self._remove),
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

    def _leftovers(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        found = [{"kind": kind, "id": key} for kind, key in self._strays()]
        return ok({"leftovers": found})

    def _remove(self, call: ApiCall) -> Reply:
        """What is no leftover (any more) is not removed."""
        self._parts.enforce(call.context, RULE)
        body = call.json(REMOVAL)["leftover"]
        wanted = (body["kind"], body["id"])
        if wanted in self._strays():
            kind, key = wanted
            if kind == "file":
                self._parts.driver.delete(key)
            elif kind == "export":
                volume_id, _, attachment_id = key.partition("/")
                self._parts.driver.withdraw(volume_id, attachment_id)
            else:
                self._objects.delete(key)
        return empty_reply()

    def _strays(self) -> list[tuple[str, str]]:
        """Bytes, exports and backups of nobody.  They are looked at before the rows:
        what is being made meanwhile has its row first."""
        driver = self._parts.driver
        disks, exports = list(driver.disks()), list(driver.exported())
        backups = {backup_id for backup_id, _ in self._objects.stored()}
        known = self._parts.database.read(self._known)
        found = [("file", disk) for disk in disks if disk not in known["disks"]]
        found += [
            ("export", f"{volume_id}/{attachment_id}")
            for volume_id, attachment_id in exports
            if attachment_id not in known["attachments"]
        ]
        found += [("backup", key) for key in sorted(backups - known["backups"])]
        return found

    def _known(self, connection: Connection) -> dict[str, set[Any]]:
        """What should be here, and what a job may be making or removing."""
        stores = self._parts.stores
        volumes = stores.volumes.all(connection)
        others = self._elsewhere(connection)
        disks = {
            VOLUME + each.id
            for each in volumes
            if each.migration_status != SUCCESS or each.host not in others
        }
        disks |= {SNAPSHOT + each.id for each in stores.snapshots.all(connection)}
        for volume in volumes:
            jobs = stores.jobs.open_of(connection, volume.id)
            disks |= {COPY + job.id for job in jobs}
            if jobs:
                disks.add(VOLUME + volume.id)
        return {
            "disks": disks,
            "attachments": {each.id for each in stores.attachments.all(connection)},
            "backups": {each.id for each in stores.backups.all(connection)},
        }

    def _elsewhere(self, connection: Connection) -> set[str]:
        """Hosts that are up and are not us by a former name: a host that was renamed
        finds its volumes on another host, and their only bytes are its own."""
        hosts = {each.host: each for each in self._hosts.known(connection)}
        our_url = hosts[self._parts.host].told.url
        return {
            name
            for name, each in hosts.items()
            if our_url
            and each.told.url not in ("", our_url)
            and self._hosts.is_up(each)
        }
