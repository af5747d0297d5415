"""The metadata of images as 2.38 and before had it here: the properties that the image
service keeps, changed there with the caller's token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.errors import BadRequest, NotFound
from compute.instance.api.proxies.frame import proxied
from compute.instance.api.proxies.images import image_path
from compute.instance.api.proxies.neighbour import Neighbour
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.schemas.attributes import ALL_METADATA, ONE_ITEM
from compute.instance.views.proxies import image_view
from objectstore.client.caller import Caller
from objectstore.kernel.reply import Reply

UNTIL = 38
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"


class ImageMetadataApi:
    """Handlers."""

    def __init__(self, caller: Caller) -> None:
        self._image = Neighbour(caller)

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/images/{image_id}/metadata"
        one = f"{many}/{{key}}"
        table = [
            ("GET", many, self.metadata),
            ("POST", many, self.add),
            ("PUT", many, self.replace),
            ("GET", one, self.item),
            ("PUT", one, self.set_item),
            ("DELETE", one, self.remove_item),
        ]
        return proxied(table, UNTIL)

    def metadata(self, call: ApiCall) -> Reply:
        """GET .../metadata."""
        return ok({"metadata": self._read(call)})

    def _read(self, call: ApiCall) -> dict[str, Any]:
        found = self._image.ask(call, "GET", image_path(call))
        return dict(image_view(call, found)["metadata"])

    def _write(
        self, call: ApiCall, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Reply:
        changes: list[dict[str, Any]] = [
            {"op": "add", "path": _pointer(key), "value": value}
            for key, value in after.items()
            if before.get(key) != value
        ]
        changes += [
            {"op": "remove", "path": _pointer(key)} for key in before.keys() - after
        ]
        if changes:
            self._image.ask(call, "PATCH", image_path(call), changes, PATCH_TYPE)
        return ok({"metadata": self._read(call)})

    def add(self, call: ApiCall) -> Reply:
        """POST .../metadata: these besides the others."""
        given = call.json(ALL_METADATA)["metadata"]
        before = self._read(call)
        return self._write(call, before, {**before, **given})

    def replace(self, call: ApiCall) -> Reply:
        """PUT .../metadata: these and no others."""
        given = call.json(ALL_METADATA)["metadata"]
        return self._write(call, self._read(call), given)

    # ---- one -------------------------------------------------------------------

    def item(self, call: ApiCall) -> Reply:
        """GET .../metadata/{key}."""
        key = call.parameters["key"]
        return ok({"meta": {key: _item(self._read(call), key)}})

    def set_item(self, call: ApiCall) -> Reply:
        """PUT .../metadata/{key}."""
        given = call.json(ONE_ITEM)["meta"]
        if list(given) != [call.parameters["key"]]:
            raise BadRequest("Request body and URI mismatch")
        before = self._read(call)
        self._write(call, before, {**before, **given})
        return ok({"meta": given})

    def remove_item(self, call: ApiCall) -> Reply:
        """DELETE .../metadata/{key}."""
        key = call.parameters["key"]
        before = self._read(call)
        _item(before, key)
        self._write(
            call, before, {name: before[name] for name in before if name != key}
        )
        return empty_reply(204)


def _item(metadata: Mapping[str, Any], key: str) -> Any:
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    return metadata[key]


def _pointer(key: str) -> str:
    """A JSON pointer."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
