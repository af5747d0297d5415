"""What other rooms and the agents know of volumes, and how they reach their bytes.

    volumes = VolumeClient(caller, service_tokens)
    attachment = volumes.create_attachment(volume_id, server_id, token=users_token)
    attachment = volumes.update_attachment(attachment.id, Connector(host="host-1"))
    ... let the guest have attachment.connection ...
    volumes.complete_attachment(attachment.id)
    volumes.delete_attachment(attachment.id)

An attachment reserves its volume when it is made, has a ``connection`` once a host's
connector is given, and is ``attached`` when completed.  Each step is safe to repeat.

A method without a token acts with the house's own, which may see and do everything:
give the user's wherever it is the user who wants something.  ``Rejected`` carries the
volume service's own status and text: 404 what is not there, 400 what the volume's
state forbids (409 for an attachment's), 413 beyond a quota.  ``Unavailable`` when the
service, or the volume's host, does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from compute.core.context import TokenSource
from compute.core.rooms.wire import RoomWire
from compute.volume.connection import READ_ONLY as READ_ONLY
from compute.volume.connection import READ_WRITE as READ_WRITE
from compute.volume.connection import TCP as TCP
from compute.volume.connection import UNIX as UNIX
from compute.volume.connection import ConnectionInfo as ConnectionInfo
from compute.volume.connection import Connector as Connector
from compute.volume.told import AttachmentRecord as AttachmentRecord
from compute.volume.told import NewVolume as NewVolume
from compute.volume.told import SnapshotRecord as SnapshotRecord
from compute.volume.told import Stray as Stray
from compute.volume.told import Strays as Strays
from compute.volume.told import VolumeAttachment as VolumeAttachment
from compute.volume.told import VolumeRecord as VolumeRecord
from compute.volume.told import (
    attachment_record,
    new_document,
    snapshot_record,
    strays,
    volume_record,
)
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Rejected, Unavailable

# The newest version whose bodies are written and read here.
VERSION = "volume 3.54"
PAGE = 200
# An export is opened, or closed, before the service answers.
CONNECT_TIMEOUT_SECONDS = 60.0


class VolumeClient:
    """Speaks to the volume service."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        """``caller`` leads to the service's root (``/v3/volumes`` is below it)."""
        headers = {"OpenStack-API-Version": VERSION}
        self._wire = RoomWire(caller, service, refusal_of, headers=headers)

    # ---- volumes ---------------------------------------------------------------

    def get(self, volume_id: str, token: str = "") -> VolumeRecord:
        """One volume; ``Rejected`` 404 when there is none that the token may see."""
        return volume_record(
            self._json("GET", _of("volumes", volume_id), token)["volume"]
        )

    def list(
        self, filters: Mapping[str, str] | None = None, token: str = ""
    ) -> Iterator[VolumeRecord]:
        """Volumes that match the API's own filters (``name``, ``status``,
        ``project_id``, ``all_tenants`` ...), page by page."""
        for document in self._pages("volumes", "/v3/volumes/detail", filters, token):
            yield volume_record(document)

    def create(self, volume: NewVolume, token: str = "") -> VolumeRecord:
        """A volume in state ``creating``; ask again until it ``is_available`` or
        ``has_failed``.  ``Rejected`` 404 for a source that is not there, 400 for one
        that is not ready or too large, 413 beyond the quota."""
        path = "/v3/volumes"
        if volume.project_id:
            path = _of("internal", volume.project_id, volume.user_id, "volumes")
            path = path.removeprefix("/v3")
        document = self._json("POST", path, token, {"volume": new_document(volume)})
        return volume_record(document["volume"])

    def delete(self, volume_id: str, token: str = "", *, cascade: bool = False) -> bool:
        """Begin to remove it, with its snapshots if ``cascade``; whether it was
        there.  ``Rejected`` 400 while somebody uses it."""
        path = _of("volumes", volume_id)
        if cascade:
            path += "?cascade=True"
        answer = self._wire.send("DELETE", path, token=token, accept=(404,))
        answer.close()
        return answer.status != 404

    def extend(self, volume_id: str, size_gib: int, token: str = "") -> None:
        """Begin to let it grow, attached or not.  ``Rejected`` 400 for a size that is
        not larger."""
        self._action(volume_id, "os-extend", {"new_size": size_gib}, token)

    # ---- snapshots -------------------------------------------------------------

    def create_snapshot(
        self,
        volume_id: str,
        name: str = "",
        token: str = "",
        *,
        force: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> SnapshotRecord:
        """A snapshot in state ``creating``; ``force``: also while attached (then it
        is what a power cut would leave)."""
        body: dict[str, Any] = {"volume_id": volume_id, "name": name, "force": force}
        if metadata:
            body["metadata"] = dict(metadata)
        found = self._json("POST", "/v3/snapshots", token, {"snapshot": body})
        return snapshot_record(found["snapshot"])

    def get_snapshot(self, snapshot_id: str, token: str = "") -> SnapshotRecord:
        """One snapshot; ``Rejected`` 404."""
        found = self._json("GET", _of("snapshots", snapshot_id), token)
        return snapshot_record(found["snapshot"])

    def delete_snapshot(self, snapshot_id: str, token: str = "") -> bool:
        """Begin to remove it; whether it was there."""
        path = _of("snapshots", snapshot_id)
        answer = self._wire.send("DELETE", path, token=token, accept=(404,))
        answer.close()
        return answer.status != 404

    # ---- attachments -----------------------------------------------------------

    def create_attachment(
        self,
        volume_id: str,
        server_id: str,
        token: str = "",
        *,
        connector: Connector | None = None,
        access: str = READ_WRITE,
    ) -> AttachmentRecord:
        """Reserve an available volume for a server; with a connector, connect it too.
        ``Rejected`` 400 when the volume is not free."""
        body: dict[str, Any] = {
            "volume_uuid": volume_id,
            "instance_uuid": server_id,
            "mode": access,
        }
        if connector is not None:
            body["connector"] = connector.document()
        return self._attachment("POST", "/v3/attachments", token, body)

    def get_attachment(self, attachment_id: str, token: str = "") -> AttachmentRecord:
        """One attachment; ``Rejected`` 404."""
        found = self._json("GET", _of("attachments", attachment_id), token)
        return attachment_record(found["attachment"])

    def list_attachments(
        self, *, volume_id: str = "", server_id: str = "", token: str = ""
    ) -> Iterator[AttachmentRecord]:
        """The attachments of a volume, of a server, or all (without connections)."""
        asked = {"volume_id": volume_id, "instance_id": server_id}
        filters = {key: value for key, value in asked.items() if value}
        if not token:
            filters["all_tenants"] = "1"
        path = "/v3/attachments/detail"
        for document in self._pages("attachments", path, filters, token):
            yield attachment_record(document)

    def update_attachment(
        self, attachment_id: str, connector: Connector, token: str = ""
    ) -> AttachmentRecord:
        """Export the volume to that host: the record has the ``connection`` then.
        The same host again gets the same answer; another one a new export, and the
        old is closed."""
        path = _of("attachments", attachment_id)
        return self._attachment("PUT", path, token, {"connector": connector.document()})

    def complete_attachment(self, attachment_id: str, token: str = "") -> None:
        """The guest has it: ``attached``, and the volume ``in-use``."""
        path = _of("attachments", attachment_id, "action")
        self._wire.json("POST", path, {"os-complete": {}}, token=token)

    def settle(self, attachment_id: str) -> None:
        """A guest's volume is where this attachment leads: all that it holds is there
        too, and whatever the guest writes.  ``Rejected`` 409 when that is not wanted
        any more, 404 when the attachment has gone.  The house only."""
        self._turn(attachment_id, "settle")

    def unsettle(self, attachment_id: str) -> None:
        """It is not, but where it was.  The house only."""
        self._turn(attachment_id, "unsettle")

    def _turn(self, attachment_id: str, verb: str) -> None:
        path = _of("internal", "attachments", attachment_id, verb)
        self._wire.send("POST", path.removeprefix("/v3")).close()

    def reopen(self, attachment_id: str) -> None:
        """The volume has grown: its guest's host is cut off, and sees the new size when
        it connects again, which it may at once.  The house only."""
        path = _of("internal", "attachments", attachment_id, "reopen")
        path = path.removeprefix("/v3")
        timeout = CONNECT_TIMEOUT_SECONDS
        self._wire.send("POST", path, timeout=timeout).close()

    def passphrase(self, attachment_id: str) -> str:
        """What opens an encrypted volume at the host that it is exported to; "" for
        others.  ``Rejected`` 404 when its key is gone.  The house only."""
        path = _of("internal", "attachments", attachment_id, "open")
        found = self._json("POST", path.removeprefix("/v3"), "")
        return str(found["passphrase"])

    def delete_attachment(self, attachment_id: str, token: str = "") -> bool:
        """Close the export and free the volume; whether it was there."""
        path = _of("attachments", attachment_id)
        timeout = CONNECT_TIMEOUT_SECONDS
        answer = self._wire.send(
            "DELETE", path, token=token, accept=(404,), timeout=timeout
        )
        answer.close()
        return answer.status != 404

    # ---- the doctor ------------------------------------------------------------

    def leftovers(self) -> Strays:
        """What nobody owns, on all volume hosts.  The house only."""
        return strays(self._json("GET", "/internal/leftovers", ""))

    def remove_leftover(self, stray: Stray) -> None:
        """Remove it, if it is still nobody's.  The house only."""
        body = {"leftover": stray.document()}
        self._wire.json("POST", "/internal/leftovers/remove", body)

    # ---- inside ----------------------------------------------------------------

    def _action(
        self, volume_id: str, name: str, arguments: Mapping[str, Any], token: str
    ) -> None:
        path = _of("volumes", volume_id, "action")
        self._wire.json("POST", path, {name: dict(arguments)}, token=token)

    def _attachment(
        self, method: str, path: str, token: str, body: Mapping[str, Any]
    ) -> AttachmentRecord:
        found = self._json(method, path, token, {"attachment": dict(body)})
        return attachment_record(found["attachment"])

    def _pages(
        self, key: str, path: str, filters: Mapping[str, str] | None, token: str
    ) -> Iterator[Mapping[str, Any]]:
        asked = {**(filters or {}), "limit": str(PAGE)}
        while True:
            page = self._json("GET", f"{path}?{urlencode(asked)}", token)
            yield from page[key]
            if not page.get(f"{key}_links"):
                return
            asked["marker"] = page[key][-1]["id"]

    def _json(self, method: str, path: str, token: str, value: Any = None) -> Any:
        return self._wire.json(
            method, path, value, token=token, timeout=CONNECT_TIMEOUT_SECONDS
        )


def _of(*parts: str) -> str:
    return "/v3/" + "/".join(quote(part, safe="") for part in parts)


def refusal_of(answer: Answer, what: str) -> Exception:
    """The service's own words, with whose fault it was."""
    if answer.status >= 500:
        return Unavailable(f"{what}: the volume service answered {answer.status}")
    try:
        (fault,) = answer.json().values()
        text = str(fault["message"])
    except (Unavailable, TypeError, KeyError, ValueError, AttributeError):
        text = ""
    return Rejected(answer.status, text or f"{what}: refused with {answer.status}")
