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
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from compute.core.context import TokenSource
from compute.volume.connection import READ_ONLY as READ_ONLY
from compute.volume.connection import READ_WRITE as READ_WRITE
from compute.volume.connection import TCP as TCP
from compute.volume.connection import UNIX as UNIX
from compute.volume.connection import ConnectionInfo as ConnectionInfo
from compute.volume.connection import Connector as Connector
from compute.volume.connection import connection_of
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Rejected, Unavailable

# The newest version whose bodies are written and read here.
VERSION = "volume 3.54"
PAGE = 200
# An export is opened, or closed, before the service answers.
CONNECT_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class VolumeAttachment:
    """Who has a volume, as the volume tells it.  ``device``: ``/dev/vdb``."""

    attachment_id: str
    server_id: str
    host_name: str
    device: str


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """A volume as the API tells it.  ``size_gib``: GiB.  ``image_properties``: what its
    image said (``image_id``, ``min_ram`` and ``hw_*`` among it; all texts)."""

    id: str
    name: str
    description: str
    status: str
    size_gib: int
    bootable: bool
    availability_zone: str
    volume_type: str
    project_id: str
    user_id: str
    snapshot_id: str
    source_volume_id: str
    multiattach: bool
    created_at: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    image_properties: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[VolumeAttachment, ...] = ()

    @property
    def is_available(self) -> bool:
        """Whether it can be attached."""
        return self.status == "available"

    @property
    def has_failed(self) -> bool:
        """Whether it will never become available by itself."""
        return self.status.startswith("error")


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A snapshot as the API tells it; ``status``: creating, available, deleting,
    error, error_deleting."""

    id: str
    name: str
    volume_id: str
    status: str
    size_gib: int
    created_at: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    """An attachment.  ``status``: reserved, attaching, attached, detached, error.
    ``connection``: None until a host's connector was given; ``host``: whose that
    was."""

    id: str
    volume_id: str
    server_id: str
    status: str
    access: str
    connection: ConnectionInfo | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class NewVolume:
    """What to create; at most one source.  ``size_gib`` 0: the source's own (of an
    image it must be said).  ``project_id`` and ``user_id``: on whose behalf, when
    there is no token of theirs (only the house may say it)."""

    size_gib: int = 0
    name: str = ""
    description: str = ""
    image_id: str = ""
    snapshot_id: str = ""
    source_volume_id: str = ""
    volume_type: str = ""
    availability_zone: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    project_id: str = ""
    user_id: str = ""


class VolumeClient:
    """Speaks to the volume service."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        """``caller`` leads to the service's root (``/v3/volumes`` is below it)."""
        self._caller = caller
        self._service = service

    # ---- volumes ---------------------------------------------------------------

    def get(self, volume_id: str, token: str = "") -> VolumeRecord:
        """One volume; ``Rejected`` 404 when there is none that the token may see."""
        return volume_record(self._json("GET", _of("volumes", volume_id), token))

    def list(
        self, filters: Mapping[str, str] | None = None, token: str = ""
    ) -> Iterator[VolumeRecord]:
        """Volumes that match the API's own filters (``name``, ``status``,
        ``project_id``, ``all_tenants`` ...), page by page."""
        for document in self._pages("volumes", "/v3/volumes/detail", filters, token):
            yield _volume_record(document)

    def create(self, volume: NewVolume, token: str = "") -> VolumeRecord:
        """A volume in state ``creating``; ask again until it ``is_available`` or
        ``has_failed``.  ``Rejected`` 404 for a source that is not there, 400 for one
        that is not ready or too large, 413 beyond the quota."""
        path = "/v3/volumes"
        if volume.project_id:
            path = _of("internal", volume.project_id, volume.user_id, "volumes")
            path = path.removeprefix("/v3")
        document = self._json("POST", path, token, {"volume": _new_document(volume)})
        return volume_record(document)

    def delete(self, volume_id: str, token: str = "", *, cascade: bool = False) -> bool:
        """Begin to remove it, with its snapshots if ``cascade``; whether it was
        there.  ``Rejected`` 400 while somebody uses it."""
        path = _of("volumes", volume_id)
        if cascade:
            path += "?cascade=True"
        answer = self._call("DELETE", path, token, accept=(404,))
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
        return _snapshot_record(found["snapshot"])

    def get_snapshot(self, snapshot_id: str, token: str = "") -> SnapshotRecord:
        """One snapshot; ``Rejected`` 404."""
        found = self._json("GET", _of("snapshots", snapshot_id), token)
        return _snapshot_record(found["snapshot"])

    def list_snapshots(
        self, filters: Mapping[str, str] | None = None, token: str = ""
    ) -> Iterator[SnapshotRecord]:
        """Snapshots by the API's filters (``volume_id``, ``name``, ``status``)."""
        path = "/v3/snapshots/detail"
        for document in self._pages("snapshots", path, filters, token):
            yield _snapshot_record(document)

    def delete_snapshot(self, snapshot_id: str, token: str = "") -> bool:
        """Begin to remove it; whether it was there."""
        path = _of("snapshots", snapshot_id)
        answer = self._call("DELETE", path, token, accept=(404,))
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
        return _attachment_record(found["attachment"])

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
            yield _attachment_record(document)

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
        self._call("POST", path, token, _json_body({"os-complete": {}})).close()

    def reopen(self, attachment_id: str) -> None:
        """The volume has grown: its guest's host is cut off, and sees the new size when
        it connects again, which it may at once.  The house only."""
        path = _of("internal", "attachments", attachment_id, "reopen")
        path = path.removeprefix("/v3")
        timeout = CONNECT_TIMEOUT_SECONDS
        self._call("POST", path, "", timeout=timeout).close()

    def delete_attachment(self, attachment_id: str, token: str = "") -> bool:
        """Close the export and free the volume; whether it was there."""
        path = _of("attachments", attachment_id)
        timeout = CONNECT_TIMEOUT_SECONDS
        answer = self._call("DELETE", path, token, accept=(404,), timeout=timeout)
        answer.close()
        return answer.status != 404

    # ---- the older way: one attachment without a record ------------------------

    def reserve(self, volume_id: str, token: str = "") -> None:
        """available -> attaching."""
        self._action(volume_id, "os-reserve", {}, token)

    def unreserve(self, volume_id: str, token: str = "") -> None:
        """attaching -> available."""
        self._action(volume_id, "os-unreserve", {}, token)

    def begin_detaching(self, volume_id: str, token: str = "") -> None:
        """in-use -> detaching."""
        self._action(volume_id, "os-begin_detaching", {}, token)

    def roll_detaching(self, volume_id: str, token: str = "") -> None:
        """detaching -> in-use."""
        self._action(volume_id, "os-roll_detaching", {}, token)

    def initialize_connection(
        self, volume_id: str, connector: Connector, token: str = ""
    ) -> ConnectionInfo:
        """Export the volume to that host."""
        body = {"connector": connector.document()}
        path, action = _of("volumes", volume_id, "action"), "os-initialize_connection"
        found = self._json("POST", path, token, {action: body})
        return connection_of(found["connection_info"])

    def terminate_connection(
        self, volume_id: str, connector: Connector, token: str = ""
    ) -> None:
        """Close what ``initialize_connection`` opened for that host."""
        body = {"connector": connector.document()}
        self._action(volume_id, "os-terminate_connection", body, token)

    # ---- the doctor ------------------------------------------------------------

    def leftovers(self) -> tuple[tuple[str, str], ...]:
        """(``file``, ``export`` or ``backup``; its name) of what nobody owns.  The
        house only."""
        found = self._json("GET", "/internal/leftovers", "")["leftovers"]
        return tuple((each["kind"], each["id"]) for each in found)

    def remove_leftover(self, kind: str, name: str) -> None:
        """Remove it, if it is still nobody's.  The house only."""
        body = _json_body({"leftover": {"kind": kind, "id": name}})
        self._call("POST", "/internal/leftovers/remove", "", body).close()

    # ---- inside ----------------------------------------------------------------

    def _action(
        self, volume_id: str, name: str, arguments: Mapping[str, Any], token: str
    ) -> None:
        path = _of("volumes", volume_id, "action")
        self._call("POST", path, token, _json_body({name: dict(arguments)})).close()

    def _attachment(
        self, method: str, path: str, token: str, body: Mapping[str, Any]
    ) -> AttachmentRecord:
        found = self._json(method, path, token, {"attachment": dict(body)})
        return _attachment_record(found["attachment"])

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
        body = b"" if value is None else _json_body(value)
        return self._call(
            method, path, token, body, timeout=CONNECT_TIMEOUT_SECONDS
        ).json()

    def _call(
        self,
        method: str,
        path: str,
        token: str,
        body: bytes = b"",
        *,
        accept: tuple[int, ...] = (),
        timeout: float | None = None,
    ) -> Answer:
        sent = {
            "X-Auth-Token": token or self._service.token(),
            "OpenStack-API-Version": VERSION,
        }
        if body:
            sent["Content-Type"] = "application/json"
        answer = self._caller.request(method, path, sent, body, timeout=timeout)
        if answer.status < 300 or answer.status in accept:
            return answer
        with answer:
            raise _refusal(answer, f"{method} {path.partition('?')[0]}")


def volume_record(document: Mapping[str, Any]) -> VolumeRecord:
    """The record of the API's JSON, ``{"volume": ...}``."""
    return _volume_record(document["volume"])


def _volume_record(volume: Mapping[str, Any]) -> VolumeRecord:
    return VolumeRecord(
        id=volume["id"],
        name=volume.get("name") or "",
        description=volume.get("description") or "",
        status=volume["status"],
        size_gib=volume["size"],
        bootable=volume.get("bootable") == "true",
        availability_zone=volume.get("availability_zone") or "",
        volume_type=volume.get("volume_type") or "",
        project_id=volume.get("os-vol-tenant-attr:tenant_id") or "",
        user_id=volume.get("user_id") or "",
        snapshot_id=volume.get("snapshot_id") or "",
        source_volume_id=volume.get("source_volid") or "",
        multiattach=bool(volume.get("multiattach")),
        created_at=volume["created_at"],
        metadata=dict(volume.get("metadata") or {}),
        image_properties=dict(volume.get("volume_image_metadata") or {}),
        attachments=tuple(
            VolumeAttachment(
                attachment_id=each["attachment_id"],
                server_id=each.get("server_id") or "",
                host_name=each.get("host_name") or "",
                device=each.get("device") or "",
            )
            for each in volume.get("attachments", ())
        ),
    )


def _snapshot_record(document: Mapping[str, Any]) -> SnapshotRecord:
    return SnapshotRecord(
        id=document["id"],
        name=document.get("name") or "",
        volume_id=document["volume_id"],
        status=document["status"],
        size_gib=document["size"],
        created_at=document["created_at"],
        metadata=dict(document.get("metadata") or {}),
    )


def _attachment_record(document: Mapping[str, Any]) -> AttachmentRecord:
    info = document.get("connection_info")
    return AttachmentRecord(
        id=document["id"],
        volume_id=document["volume_id"],
        server_id=document.get("instance") or "",
        status=document["status"],
        access=document.get("attach_mode") or READ_WRITE,
        connection=connection_of(info) if info else None,
        host=document.get("host_name") or "",
    )


def _new_document(volume: NewVolume) -> dict[str, Any]:
    optional: dict[str, Any] = {
        "size": volume.size_gib,
        "name": volume.name,
        "description": volume.description,
        "imageRef": volume.image_id,
        "snapshot_id": volume.snapshot_id,
        "source_volid": volume.source_volume_id,
        "volume_type": volume.volume_type,
        "availability_zone": volume.availability_zone,
        "metadata": dict(volume.metadata),
    }
    return {key: value for key, value in optional.items() if value}


def _of(*parts: str) -> str:
    return "/v3/" + "/".join(quote(part, safe="") for part in parts)


def _json_body(value: Any) -> bytes:
    return orjson.dumps(value)


def _refusal(answer: Answer, what: str) -> Exception:
    """The service's own words, with whose fault it was."""
    if answer.status >= 500:
        return Unavailable(f"{what}: the volume service answered {answer.status}")
    try:
        (fault,) = answer.json().values()
        text = str(fault["message"])
    except (Unavailable, TypeError, KeyError, ValueError, AttributeError):
        text = ""
    return Rejected(answer.status, text or f"{what}: refused with {answer.status}")
