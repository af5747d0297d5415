"""Images, asked of the image service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.api.query import Query
from compute.instance.api.proxies.frame import key_of, proxied
from compute.instance.api.proxies.neighbour import Neighbour
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.views.proxies import IMAGE_STATUS, image_view
from objectstore.client.caller import Caller
from objectstore.kernel.reply import Reply

# What of a list's query the image service knows, and as what; "property-x" is x there.
_ASKED_ON = {
    "name": "name",
    "limit": "limit",
    "marker": "marker",
    "minRam": "min_ram",
    "minDisk": "min_disk",
    "server": "instance_uuid",
    "type": "image_type",
}
_PROPERTY = "property-"
_BRIEF = ("id", "name", "links")


class ImageProxiesApi:
    """Handlers."""

    def __init__(self, caller: Caller) -> None:
        self._service = Neighbour(caller)

    def verbs(self) -> list[Verb]:
        """The routes."""
        return proxied(
            [
                ("GET", "/images", self.images),
                ("GET", "/images/detail", self.images_detail),
                ("GET", "/images/{image_id}", self.image),
                ("DELETE", "/images/{image_id}", self.delete_image),
            ]
        )

    def images(self, call: ApiCall) -> Reply:
        """GET /images."""
        found = self._images(call)
        return ok({"images": [{key: each[key] for key in _BRIEF} for each in found]})

    def images_detail(self, call: ApiCall) -> Reply:
        """GET /images/detail."""
        return ok({"images": self._images(call)})

    def image(self, call: ApiCall) -> Reply:
        """GET /images/{id}."""
        found = self._service.ask(call, "GET", image_path(call))
        return ok({"image": image_view(call, found)})

    def delete_image(self, call: ApiCall) -> Reply:
        """DELETE /images/{id}."""
        self._service.ask(call, "DELETE", image_path(call))
        return empty_reply(204)

    def _images(self, call: ApiCall) -> list[dict[str, Any]]:
        asked = Query(call.request.environ.get("QUERY_STRING", ""))
        wanted = urlencode(asked_there(asked.pairs))
        found = self._service.ask(call, "GET", f"/v2/images?{wanted}")
        return [image_view(call, each) for each in found["images"]]


def asked_there(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """A list's query in the words of the image service; what it does not know is left
    out, as the real one does."""
    found = []
    for name, value in pairs:
        if name == "server":
            # By its id, or by a link to it.
            value = value.rpartition("/")[2]
        if name == "status":
            statuses = [here for here, shown in IMAGE_STATUS.items() if shown == value]
            found.append(("status", f"in:{','.join(statuses or [value])}"))
        elif name == "changes-since":
            found.append(("updated_at", f"gte:{value}"))
        elif name in _ASKED_ON:
            found.append((_ASKED_ON[name], value))
        elif name.startswith(_PROPERTY):
            found.append((name.removeprefix(_PROPERTY), value))
    return found


def image_path(call: ApiCall) -> str:
    """The image that the call's path names, in the image service."""
    return f"/v2/images/{key_of(call, 'image_id')}"
