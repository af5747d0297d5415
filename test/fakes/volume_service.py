"""A volume service in memory, as the rest of the cloud sees it through its client.

Volumes are there at once (or when ``finish`` is called, with ``is_slow``), exports are
names only.  ``left`` says what nobody owns any more.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import orjson

from objectstore.kernel.request import Environ, StartResponse

Parts = tuple[str, ...]
Answered = tuple[int, Any]


class VolumeService:
    """A WSGI application; its state is open to tests."""

    def __init__(self) -> None:
        self.volumes: dict[str, dict[str, Any]] = {}
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.attachments: dict[str, dict[str, Any]] = {}
        self.is_slow = False
        self._count = itertools.count(1)
        self._routes: list[tuple[str, str, Callable[..., Answered]]] = [
            ("GET", r"/v3/volumes/detail", self._list_volumes),
            ("POST", r"/v3/volumes", self._create_volume),
            ("GET", r"/v3/volumes/([^/]+)", self._get_volume),
            ("DELETE", r"/v3/volumes/([^/]+)", self._delete_volume),
            ("GET", r"/v3/snapshots/detail", self._list_snapshots),
            ("POST", r"/v3/snapshots", self._create_snapshot),
            ("GET", r"/v3/snapshots/([^/]+)", self._get_snapshot),
            ("DELETE", r"/v3/snapshots/([^/]+)", self._delete_snapshot),
            ("GET", r"/v3/attachments/detail", self._list_attachments),
            ("POST", r"/v3/attachments", self._create_attachment),
            ("GET", r"/v3/attachments/([^/]+)", self._get_attachment),
            ("PUT", r"/v3/attachments/([^/]+)", self._connect),
            ("POST", r"/v3/attachments/([^/]+)/action", self._complete),
            ("DELETE", r"/v3/attachments/([^/]+)", self._delete_attachment),
        ]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        length = environ.get("CONTENT_LENGTH") or ""
        stream = environ["wsgi.input"]
        raw = stream.read(int(length)) if length else stream.read()
        body = orjson.loads(raw) if raw else None
        query = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        status, value = 404, {"itemNotFound": {"message": f"no {path}"}}
        for verb, pattern, handler in self._routes:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                given = query if pattern.endswith("detail") else body
                status, value = handler(*match.groups(), given)
                break
        content = b"" if value is None else orjson.dumps(value)
        start_response(
            f"{status} -",
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(content))),
            ],
        )
        return [content]

    # ---- for tests -------------------------------------------------------------

    def add(self, size: int = 1, **values: Any) -> str:
        """A volume that is there; its id."""
        found = self._new_volume({"size": size})
        found |= {"status": "available", **values}
        return str(found["id"])

    def finish(self) -> None:
        """What is being made is there."""
        for volume in self.volumes.values():
            if volume["status"] == "creating":
                volume["status"] = "available"

    def left(self, servers: set[str]) -> list[str]:
        """Attachments of servers that are not among these."""
        return [
            f"attachment {key} of {each['instance']}"
            for key, each in self.attachments.items()
            if each["instance"] not in servers
        ]

    # ---- volumes ---------------------------------------------------------------

    def _new_volume(self, body: Any) -> dict[str, Any]:
        key = str(uuid.UUID(int=next(self._count), version=4))
        found = {
            "id": key,
            "name": body.get("name", ""),
            "description": "",
            "status": "creating" if self.is_slow else "available",
            "size": body.get("size", 0),
            "bootable": "true" if body.get("imageRef") else "false",
            "availability_zone": "nova",
            "volume_type": "default",
            "os-vol-tenant-attr:tenant_id": "",
            "snapshot_id": body.get("snapshot_id"),
            "created_at": "2026-11-21T00:00:00",
            "metadata": {},
            "volume_image_metadata": (
                {"image_id": body["imageRef"]} if body.get("imageRef") else {}
            ),
        }
        snapshot = self.snapshots.get(body.get("snapshot_id") or "")
        if snapshot is not None:
            found["size"] = found["size"] or snapshot["size"]
            found["bootable"] = snapshot["bootable"]
        self.volumes[key] = found
        return found

    def _volume(self, key: str) -> dict[str, Any]:
        attached = [
            {
                "attachment_id": number,
                "volume_id": key,
                "server_id": each["instance"],
                "host_name": "",
                "device": "",
            }
            for number, each in self.attachments.items()
            if each["volume_id"] == key
        ]
        return {**self.volumes[key], "attachments": attached}

    def _list_volumes(self, query: Any) -> Answered:
        return 200, {"volumes": [self._volume(key) for key in self.volumes]}

    def _create_volume(self, body: Any) -> Answered:
        return 202, {"volume": self._volume(self._new_volume(body["volume"])["id"])}

    def _get_volume(self, key: str, body: Any) -> Answered:
        if key not in self.volumes:
            return _missing("volume", key)
        return 200, {"volume": self._volume(key)}

    def _delete_volume(self, key: str, body: Any) -> Answered:
        if key not in self.volumes:
            return _missing("volume", key)
        is_used = any(each["volume_id"] == key for each in self.attachments.values())
        if is_used or self.volumes[key]["status"] == "creating":
            return 400, {"badRequest": {"message": f"volume {key} is in use"}}
        del self.volumes[key]
        return 202, None

    # ---- snapshots -------------------------------------------------------------

    def _list_snapshots(self, query: Any) -> Answered:
        return 200, {"snapshots": list(self.snapshots.values())}

    def _create_snapshot(self, body: Any) -> Answered:
        asked = body["snapshot"]
        volume = self.volumes[asked["volume_id"]]
        key = str(uuid.UUID(int=next(self._count), version=4))
        self.snapshots[key] = {
            "id": key,
            "name": asked.get("name"),
            "volume_id": volume["id"],
            "status": "available",
            "size": volume["size"],
            "bootable": volume["bootable"],
            "created_at": "2026-11-21T00:00:00",
        }
        return 202, {"snapshot": self.snapshots[key]}

    def _get_snapshot(self, key: str, body: Any) -> Answered:
        if key not in self.snapshots:
            return _missing("snapshot", key)
        return 200, {"snapshot": self.snapshots[key]}

    def _delete_snapshot(self, key: str, body: Any) -> Answered:
        found = self.snapshots.pop(key, None)
        return (202, None) if found else _missing("snapshot", key)

    # ---- attachments -----------------------------------------------------------

    def _attachment(self, key: str) -> Answered:
        return 200, {"attachment": {"id": key, **self.attachments[key]}}

    def _list_attachments(self, query: Any) -> Answered:
        wanted = {"volume_id": "volume_id", "instance_id": "instance"}
        return 200, {
            "attachments": [
                {"id": key, **each}
                for key, each in self.attachments.items()
                if all(
                    each[theirs] == query[ours]
                    for ours, theirs in wanted.items()
                    if ours in query
                )
            ]
        }

    def _create_attachment(self, body: Any) -> Answered:
        asked = body["attachment"]
        key = asked["volume_uuid"]
        if key not in self.volumes:
            return _missing("volume", key)
        if self.volumes[key]["status"] != "available":
            return 400, {"badRequest": {"message": f"volume {key} is not available"}}
        self.volumes[key]["status"] = "reserved"
        number = str(uuid.UUID(int=next(self._count), version=4))
        self.attachments[number] = {
            "volume_id": key,
            "instance": asked["instance_uuid"],
            "status": "reserved",
            "attach_mode": asked.get("mode", "rw"),
            "connection_info": None,
        }
        return self._attachment(number)

    def _get_attachment(self, key: str, body: Any) -> Answered:
        if key not in self.attachments:
            return _missing("attachment", key)
        return self._attachment(key)

    def _connect(self, key: str, body: Any) -> Answered:
        if key not in self.attachments:
            return _missing("attachment", key)
        found = self.attachments[key]
        volume_id = found["volume_id"]
        host = body["attachment"]["connector"]["host"]
        found["connection_info"] = {
            "driver_volume_type": "nbd",
            "volume_id": volume_id,
            "attachment_id": key,
            "export": volume_id,
            "transport": "unix",
            "socket_path": f"/sim/{host}/{volume_id}.sock",
            "access_mode": found["attach_mode"],
            "size_bytes": self.volumes[volume_id]["size"] << 30,
        }
        if found["status"] == "reserved":
            found["status"] = "attaching"
        return self._attachment(key)

    def _complete(self, key: str, body: Any) -> Answered:
        if key not in self.attachments:
            return _missing("attachment", key)
        self.attachments[key]["status"] = "attached"
        self.volumes[self.attachments[key]["volume_id"]]["status"] = "in-use"
        return 204, None

    def _delete_attachment(self, key: str, body: Any) -> Answered:
        found = self.attachments.pop(key, None)
        if found is None:
            return _missing("attachment", key)
        self.volumes[found["volume_id"]]["status"] = "available"
        return 200, {"attachments": []}


def _missing(what: str, key: str) -> Answered:
    text = f"{what} {key} could not be found."
    return 404, {"itemNotFound": {"message": text.capitalize()}}
