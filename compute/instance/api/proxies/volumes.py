"""Volumes and snapshots, asked of the volume service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.instance.api.proxies.frame import inner_of, key_of, proxied
from compute.instance.api.proxies.neighbour import Neighbour
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb
from compute.instance.views.proxies import SNAPSHOT, VOLUME, Shape, shaped
from objectstore.client.caller import Caller
from objectstore.kernel.reply import Reply

# Their name here -> the volume service's.
_NAMES = {"display_name": "name", "display_description": "description"}
_VOLUME_FIELDS = ("size", "snapshot_id", "volume_type", "availability_zone", "metadata")


class VolumeProxiesApi:
    """Handlers."""

    def __init__(self, caller: Caller) -> None:
        self._volume = Neighbour(caller)

    def verbs(self) -> list[Verb]:
        """The routes."""
        volumes, snapshots = "/os-volumes", "/os-snapshots"
        return proxied(
            [
                ("GET", volumes, self.volumes),
                ("POST", volumes, self.create_volume),
                ("GET", f"{volumes}/detail", self.volumes),
                ("GET", f"{volumes}/{{key}}", self.volume),
                ("DELETE", f"{volumes}/{{key}}", self.delete_volume),
                ("GET", snapshots, self.snapshots),
                ("POST", snapshots, self.create_snapshot),
                ("GET", f"{snapshots}/detail", self.snapshots),
                ("GET", f"{snapshots}/{{key}}", self.snapshot),
                ("DELETE", f"{snapshots}/{{key}}", self.delete_snapshot),
            ]
        )

    # ---- volumes ---------------------------------------------------------------

    def volumes(self, call: ApiCall) -> Reply:
        """GET /os-volumes, /os-volumes/detail."""
        return ok({"volumes": self._list(call, "volumes", VOLUME)})

    def volume(self, call: ApiCall) -> Reply:
        """GET /os-volumes/{id}."""
        return ok({"volume": self._one(call, "volume", VOLUME)})

    def create_volume(self, call: ApiCall) -> Reply:
        """POST /os-volumes."""
        body = inner_of(call, "volume")
        if "size" not in body:
            raise BadRequest("size: a volume needs one")
        new = _renamed(body, _VOLUME_FIELDS)
        made = self._volume.ask(call, "POST", "/v3/volumes", {"volume": new})
        return ok({"volume": shaped(VOLUME, made["volume"])})

    def delete_volume(self, call: ApiCall) -> Reply:
        """DELETE /os-volumes/{id}."""
        return self._delete(call, "volumes")

    # ---- snapshots -------------------------------------------------------------

    def snapshots(self, call: ApiCall) -> Reply:
        """GET /os-snapshots, /os-snapshots/detail."""
        return ok({"snapshots": self._list(call, "snapshots", SNAPSHOT)})

    def snapshot(self, call: ApiCall) -> Reply:
        """GET /os-snapshots/{id}."""
        return ok({"snapshot": self._one(call, "snapshot", SNAPSHOT)})

    def create_snapshot(self, call: ApiCall) -> Reply:
        """POST /os-snapshots."""
        body = inner_of(call, "snapshot")
        if "volume_id" not in body:
            raise BadRequest("volume_id: which volume?")
        new = _renamed(body, ("volume_id", "force"))
        made = self._volume.ask(call, "POST", "/v3/snapshots", {"snapshot": new})
        return ok({"snapshot": shaped(SNAPSHOT, made["snapshot"])})

    def delete_snapshot(self, call: ApiCall) -> Reply:
        """DELETE /os-snapshots/{id}."""
        return self._delete(call, "snapshots")

    # ---- inside ----------------------------------------------------------------

    def _list(self, call: ApiCall, collection: str, shape: Shape) -> list[Any]:
        wanted = [
            f"{name}={quote(value)}"
            for name in ("limit", "offset")
            if (value := call.query.one(name))
        ]
        query = f"?{'&'.join(wanted)}" if wanted else ""
        found = self._volume.ask(call, "GET", f"/v3/{collection}/detail{query}")
        return [shaped(shape, each) for each in found[collection]]

    def _one(self, call: ApiCall, name: str, shape: Shape) -> dict[str, Any]:
        found = self._volume.ask(call, "GET", f"/v3/{name}s/{key_of(call)}")
        return shaped(shape, found[name])

    def _delete(self, call: ApiCall, collection: str) -> Reply:
        self._volume.ask(call, "DELETE", f"/v3/{collection}/{key_of(call)}")
        return accepted()


def _renamed(body: Mapping[str, Any], plain: tuple[str, ...]) -> dict[str, Any]:
    found = {theirs: body[ours] for ours, theirs in _NAMES.items() if ours in body}
    return {**found, **{key: body[key] for key in plain if key in body}}
