"""/v2/images: create, list, show, change, delete, tags, activation."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.pagination import parse_page
from compute.core.errors import ApiError, BadRequest
from compute.image.documents import image_document
from compute.image.filters import SORT_KEYS, parse_filters
from compute.image.model import Image
from compute.image.schemas import CREATE, SET_STATUS
from compute.image.service import ImageService
from compute.image.settings import ImageSettings
from objectstore.kernel.reply import HeaderList, Reply

PAGE_DEFAULT = 25
"""What Glance gives when nobody says how many; clients follow the link to the next."""
TAG_CHARACTERS_MAX = 255
OLDER_PATCH_TYPE = "application/openstack-images-v2.0-json-patch"
PATCH_TYPES = frozenset(
    {"application/openstack-images-v2.1-json-patch", OLDER_PATCH_TYPE}
)
DEFAULT_SORT = (("created_at", True),)


class ImagesApi:
    """Handlers of the routes below."""

    def __init__(
        self, service: ImageService, settings: ImageSettings, stores: tuple[str, ...]
    ) -> None:
        self._service = service
        self._settings = settings
        self._stores = stores

    def routes(self) -> list[Route]:
        """Where they answer."""
        one = "/v2/images/{image_id}"
        return [
            Route("POST", "/v2/images", self._create),
            Route("GET", "/v2/images", self._list),
            Route("GET", one, self._show),
            Route("PATCH", one, self._patch),
            Route("DELETE", one, self._delete),
            Route("PUT", f"{one}/tags/{{tag}}", self._add_tag),
            Route("DELETE", f"{one}/tags/{{tag}}", self._remove_tag),
            Route("POST", f"{one}/actions/deactivate", self._deactivate),
            Route("POST", f"{one}/actions/reactivate", self._reactivate),
            Route("DELETE", "/v2/stores/{store_id}/{image_id}", self._remove_from),
            Route("PUT", "/internal/images/{image_id}/status", self._set_status),
        ]

    def _create(self, call: ApiCall) -> Reply:
        image = self._service.create(call.context, call.json(CREATE))
        headers: HeaderList = [
            ("Location", f"{call.base_url}/v2/images/{image.id}"),
            (
                "OpenStack-image-import-methods",
                ",".join(self._settings.import_methods),
            ),
            ("OpenStack-image-store-ids", ",".join(self._stores)),
        ]
        return json_reply(201, image_document(image), headers)

    def _list(self, call: ApiCall) -> Reply:
        query = call.query
        page = parse_page(query, sortable=SORT_KEYS, default_sort=DEFAULT_SORT)
        if "limit" not in query:
            page = replace(page, limit=PAGE_DEFAULT)
        found = self._service.list(call.context, parse_filters(query), page)
        pairs = [pair for pair in query.pairs if pair[0] != "marker"]
        document = {
            "images": [image_document(image) for image in found],
            "schema": "/v2/schemas/images",
            "first": _link(pairs),
        }
        if found and len(found) == page.limit:
            document["next"] = _link([*pairs, ("marker", found[-1].id)])
        return json_reply(200, document)

    def _show(self, call: ApiCall) -> Reply:
        return _shown(self._service.show(call.context, call.parameters["image_id"]))

    def _patch(self, call: ApiCall) -> Reply:
        content_type = call.header("Content-Type").partition(";")[0].strip().lower()
        if content_type not in PATCH_TYPES:
            raise ApiError(
                f"Content-Type must be one of {', '.join(sorted(PATCH_TYPES))}",
                status=415,
                headers=(("Accept-Patch", ", ".join(sorted(PATCH_TYPES))),),
            )
        image_id = call.parameters["image_id"]
        is_older = content_type == OLDER_PATCH_TYPE
        return _shown(
            self._service.patch(call.context, image_id, call.json(), is_older=is_older)
        )

    def _delete(self, call: ApiCall) -> Reply:
        self._service.delete(call.context, call.parameters["image_id"])
        return empty_reply()

    def _add_tag(self, call: ApiCall) -> Reply:
        tag = call.parameters["tag"]
        if len(tag) > TAG_CHARACTERS_MAX:
            raise BadRequest(f"A tag has {TAG_CHARACTERS_MAX} characters at most")
        self._service.add_tag(call.context, call.parameters["image_id"], tag)
        return empty_reply()

    def _remove_tag(self, call: ApiCall) -> Reply:
        names = call.parameters
        self._service.remove_tag(call.context, names["image_id"], names["tag"])
        return empty_reply()

    def _deactivate(self, call: ApiCall) -> Reply:
        self._service.deactivate(call.context, call.parameters["image_id"])
        return empty_reply()

    def _reactivate(self, call: ApiCall) -> Reply:
        self._service.reactivate(call.context, call.parameters["image_id"])
        return empty_reply()

    def _remove_from(self, call: ApiCall) -> Reply:
        names = call.parameters
        self._service.remove_from_store(
            call.context, names["image_id"], names["store_id"]
        )
        return empty_reply()

    def _set_status(self, call: ApiCall) -> Reply:
        status = call.json(SET_STATUS)["status"]
        self._service.set_status(call.context, call.parameters["image_id"], status)
        return empty_reply()


def _shown(image: Image) -> Reply:
    return json_reply(200, image_document(image))


def _link(pairs: list[tuple[str, str]]) -> str:
    return f"/v2/images?{urlencode(pairs)}" if pairs else "/v2/images"
