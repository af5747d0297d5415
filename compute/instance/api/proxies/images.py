"""Images, asked of the image service."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from compute.core.api import ApiCall, empty_reply
from compute.core.query import Query
from compute.instance.api.proxies.frame import key_of, proxied
from compute.instance.api.proxies.neighbour import Neighbour
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.views.proxies import image_view
from objectstore.client.caller import Caller
from objectstore.kernel.reply import Reply

# What of a list's query the image service understands in the same way.
_ASKED_ON = ("name", "limit", "marker")
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
        wanted = [
            f"{name}={quote(value)}" for name, value in asked.pairs if name in _ASKED_ON
        ]
        found = self._service.ask(call, "GET", f"/v2/images?{'&'.join(wanted)}")
        return [image_view(call, each) for each in found["images"]]


def image_path(call: ApiCall) -> str:
    """The image that the call's path names, in the image service."""
    return f"/v2/images/{key_of(call, 'image_id')}"
