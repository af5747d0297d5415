"""What the service is and has: versions, stores, ways of import, quotas, schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import NotFound
from compute.core.policy import Policy
from compute.image.schemas import PUBLISHED
from compute.image.service import ImageService
from compute.image.settings import ImageSettings
from compute.image.stores.port import ImageStore
from objectstore.kernel.reply import Reply

VERSIONS = ("v2.15", *(f"v2.{minor}" for minor in (13, 12, 11, 10, 9, 8)))
"""The API's minor versions since several stores, the newest first.  v2.14, 16 and 17
are left out: they announce caching and locations, which are not served."""
OLDER = tuple(f"v2.{minor}" for minor in range(7, -1, -1))


class DiscoveryApi:
    """Handlers of the routes below."""

    def __init__(
        self,
        stores: Mapping[str, ImageStore],
        settings: ImageSettings,
        policy: Policy,
        service: ImageService,
    ) -> None:
        self._stores = stores
        self._settings = settings
        self._policy = policy
        self._service = service

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("GET", "/", self._choices, public=True),
            Route("GET", "/versions", self._versions, public=True),
            Route("GET", "/v2", self._versions, public=True),
            Route("GET", "/v2/info/import", self._imports),
            Route("GET", "/v2/info/stores", self._show_stores),
            Route("GET", "/v2/info/stores/detail", self._show_stores_in_detail),
            Route("GET", "/v2/info/usage", self._usage),
            Route("GET", "/v2/schemas/{name}", self._schema),
        ]

    def _choices(self, call: ApiCall) -> Reply:
        return json_reply(300, _versions_document(call))

    def _versions(self, call: ApiCall) -> Reply:
        return json_reply(200, _versions_document(call))

    def _imports(self, call: ApiCall) -> Reply:
        methods = {
            "description": "Import methods available.",
            "type": "array",
            "value": list(self._settings.import_methods),
        }
        return json_reply(200, {"import-methods": methods})

    def _show_stores(self, call: ApiCall) -> Reply:
        return json_reply(200, {"stores": self._store_documents()})

    def _show_stores_in_detail(self, call: ApiCall) -> Reply:
        self._policy.enforce(call.context, "stores_info_detail")
        found = self._store_documents()
        for document in found:
            document["type"] = self._stores[document["id"]].kind
            document["properties"] = {}
        return json_reply(200, {"stores": found})

    def _store_documents(self) -> list[dict[str, Any]]:
        found = []
        for number, place in enumerate(self._stores.values()):
            document: dict[str, Any] = {
                "id": place.id,
                "description": place.description,
            }
            if number == 0:
                document["default"] = "true"
            if place.is_read_only:
                document["read-only"] = "true"
            found.append(document)
        return found

    def _usage(self, call: ApiCall) -> Reply:
        count, size_bytes = self._service.usage(call.context)
        limits = self._settings
        usage = {
            "image_count_total": _quota(limits.project_images_max, count),
            # Glance's unit is MiB.
            "image_size_total": _quota(
                limits.project_bytes_max // 2**20, -(-size_bytes // 2**20)
            ),
        }
        return json_reply(200, {"usage": usage})

    def _schema(self, call: ApiCall) -> Reply:
        document = PUBLISHED.get(call.parameters["name"])
        if document is None:
            raise NotFound(f"There is no schema {call.parameters['name']}")
        return json_reply(200, document)


def _quota(limit: int, used: int) -> dict[str, int]:
    return {"limit": limit or -1, "usage": used}


def _versions_document(call: ApiCall) -> dict[str, Any]:
    link = {"rel": "self", "href": f"{call.base_url}/v2/"}
    return {
        "versions": [
            {
                "id": version,
                "status": "SUPPORTED" if number else "CURRENT",
                "links": [link],
            }
            for number, version in enumerate((*VERSIONS, *OLDER))
        ]
    }
