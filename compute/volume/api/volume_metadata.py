"""A volume's metadata: all of it, or pair by pair."""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.volume.api.frame import META_BODY, METADATA_BODY, Verb, ok
from compute.volume.parts import Parts
from compute.volume.records import Volume
from compute.volume.service.volumes import Volumes
from objectstore.kernel.reply import Reply


class VolumeMetadataApi:
    """Handlers."""

    def __init__(self, parts: Parts, volumes: Volumes) -> None:
        self._parts = parts
        self._volumes = volumes

    def verbs(self) -> list[Verb]:
        """The routes."""
        all_of_it = "/volumes/{volume_id}/metadata"
        pair = f"{all_of_it}/{{key}}"
        return [
            Verb("GET", all_of_it, self.metadata),
            Verb("POST", all_of_it, self.add_metadata),
            Verb("PUT", all_of_it, self.set_metadata),
            Verb("GET", pair, self.show_pair),
            Verb("PUT", pair, self.set_pair),
            Verb("DELETE", pair, self.delete_pair),
        ]

    def metadata(self, call: ApiCall) -> Reply:
        """GET .../metadata."""
        volume = self._volume(call)
        return ok({"metadata": dict(volume.metadata)})

    def add_metadata(self, call: ApiCall) -> Reply:
        """POST .../metadata."""
        return self._write_metadata(call, METADATA_BODY, keep=True)

    def set_metadata(self, call: ApiCall) -> Reply:
        """PUT .../metadata."""
        return self._write_metadata(call, METADATA_BODY, keep=False)

    def _write_metadata(self, call: ApiCall, schema: Schema, *, keep: bool) -> Reply:
        given = call.json(schema)["metadata"]
        found = self._volumes.change_metadata(
            call.context,
            call.parameters["volume_id"],
            lambda before: {**(before if keep else {}), **given},
        )
        return ok({"metadata": found})

    def show_pair(self, call: ApiCall) -> Reply:
        """GET .../metadata/{key}."""
        volume = self._volume(call)
        key = call.parameters["key"]
        return ok({"meta": {key: _value(dict(volume.metadata), key)}})

    def set_pair(self, call: ApiCall) -> Reply:
        """PUT .../metadata/{key}."""
        given, key = call.json(META_BODY)["meta"], call.parameters["key"]
        if set(given) != {key}:
            raise BadRequest("Request body and URI mismatch")
        volume_id = call.parameters["volume_id"]
        self._volumes.change_metadata(
            call.context, volume_id, lambda before: {**before, **given}
        )
        return ok({"meta": given})

    def delete_pair(self, call: ApiCall) -> Reply:
        """DELETE .../metadata/{key}."""
        key, volume_id = call.parameters["key"], call.parameters["volume_id"]
        self._volumes.change_metadata(
            call.context, volume_id, lambda before: without(before, key)
        )
        return ok()

    def _volume(self, call: ApiCall) -> Volume:
        key, rule = call.parameters["volume_id"], "volume:get_volume_metadata"
        return self._parts.database.read(
            lambda connection: self._parts.volume(connection, call.context, key, rule)
        )


def _value(metadata: dict[str, str], key: str) -> str:
    if key not in metadata:
        raise NotFound(f"Metadata item {key} was not found")
    return metadata[key]


def without(metadata: dict[str, str], key: str) -> dict[str, str]:
    """The same without the key; ``NotFound`` when it is not there."""
    _value(metadata, key)
    return {name: value for name, value in metadata.items() if name != key}
