"""Metadata and tags of servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, api_base
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.schemas.attributes import (
    ALL_METADATA,
    ALL_TAGS,
    ONE_ITEM,
    ONE_TAG,
)
from compute.instance.service.order_checks import check_metadata
from compute.instance.service.ordering import Ordering
from objectstore.kernel.reply import Reply

META_RULE = "os_compute_api:server-metadata"
TAGS_RULE = "os_compute_api:os-server-tags"
TAGS_MAX = 50
Change = Callable[[Server], dict[str, Any]]


class AttributesApi:
    """Handlers."""

    def __init__(self, parts: Parts, ordering: Ordering) -> None:
        self._parts = parts
        self._ordering = ordering

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/servers/{server_id}/metadata"
        one = f"{many}/{{key}}"
        tags = "/servers/{server_id}/tags"
        tag = f"{tags}/{{tag}}"
        return [
            Verb("GET", many, self.metadata),
            Verb("POST", many, self.add_metadata),
            Verb("PUT", many, self.replace_metadata),
            Verb("GET", one, self.item),
            Verb("PUT", one, self.set_item),
            Verb("DELETE", one, self.remove_item),
            Verb("GET", tags, self.tags, since=26),
            Verb("PUT", tags, self.replace_tags, since=26),
            Verb("DELETE", tags, self.remove_tags, since=26),
            Verb("GET", tag, self.has_tag, since=26),
            Verb("PUT", tag, self.add_tag, since=26),
            Verb("DELETE", tag, self.remove_tag, since=26),
        ]

    def _read(self, call: ApiCall, rule: str) -> Server:
        server_id = call.parameters["server_id"]
        return self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, call.context, server_id, rule
            )
        )

    def _change(self, call: ApiCall, rule: str, change: Change) -> Server:
        server_id = call.parameters["server_id"]

        def write(connection: Connection) -> Server:
            server = self._parts.visible(connection, call.context, server_id, rule)
            now = self._parts.clock.time()
            return self._parts.stores.servers.update(
                connection, server, now, **change(server)
            )

        return self._parts.database.run(write)

    # ---- metadata --------------------------------------------------------------

    def metadata(self, call: ApiCall) -> Reply:
        """GET .../metadata."""
        server = self._read(call, f"{META_RULE}:show")
        return ok({"metadata": dict(server.metadata)})

    def item(self, call: ApiCall) -> Reply:
        """GET .../metadata/{key}."""
        server = self._read(call, f"{META_RULE}:show")
        key = call.parameters["key"]
        return ok({"meta": {key: _item(server, key)}})

    def add_metadata(self, call: ApiCall) -> Reply:
        """POST .../metadata: add these."""
        given = call.json(ALL_METADATA)["metadata"]
        return self._set(call, lambda server: {**server.metadata, **given})

    def replace_metadata(self, call: ApiCall) -> Reply:
        """PUT .../metadata: these and no others."""
        given = call.json(ALL_METADATA)["metadata"]
        return self._set(call, lambda server: given)

    def _set(self, call: ApiCall, merged: Callable[[Server], dict[str, str]]) -> Reply:
        limits = self._ordering.limits(call.context)

        def change(server: Server) -> dict[str, Any]:
            metadata = merged(server)
            check_metadata(metadata, limits)
            return {"metadata": metadata}

        server = self._change(call, META_RULE, change)
        return ok({"metadata": dict(server.metadata)})

    def set_item(self, call: ApiCall) -> Reply:
        """PUT .../metadata/{key}."""
        given = call.json(ONE_ITEM)["meta"]
        key = call.parameters["key"]
        if list(given) != [key]:
            raise BadRequest("Request body and URI mismatch")
        self._set(call, lambda server: {**server.metadata, **given})
        return ok({"meta": given})

    def remove_item(self, call: ApiCall) -> Reply:
        """DELETE .../metadata/{key}."""
        key = call.parameters["key"]

        def change(server: Server) -> dict[str, Any]:
            _item(server, key)
            left = {name: each for name, each in server.metadata.items() if name != key}
            return {"metadata": left}

        self._change(call, META_RULE, change)
        return empty_reply(204)

    # ---- tags ------------------------------------------------------------------

    def tags(self, call: ApiCall) -> Reply:
        """GET .../tags."""
        return ok({"tags": list(self._read(call, f"{TAGS_RULE}:show").tags)})

    def has_tag(self, call: ApiCall) -> Reply:
        """GET .../tags/{tag}."""
        server = self._read(call, f"{TAGS_RULE}:show")
        _tag(server, call.parameters["tag"])
        return empty_reply(204)

    def replace_tags(self, call: ApiCall) -> Reply:
        """PUT .../tags."""
        given = sorted(set(call.json(ALL_TAGS)["tags"]))
        self._change(call, TAGS_RULE, lambda server: {"tags": given})
        return ok({"tags": given})

    def remove_tags(self, call: ApiCall) -> Reply:
        """DELETE .../tags."""
        self._change(call, TAGS_RULE, lambda server: {"tags": []})
        return empty_reply(204)

    def add_tag(self, call: ApiCall) -> Reply:
        """PUT .../tags/{tag}."""
        tag = call.parameters["tag"]
        ONE_TAG.check(tag)
        server = self._read(call, TAGS_RULE)
        if tag in server.tags:
            return empty_reply(204)

        def change(server: Server) -> dict[str, Any]:
            tags = sorted({*server.tags, tag})
            if len(tags) > TAGS_MAX:
                raise BadRequest(
                    f"The number of tags exceeded the per-server limit {TAGS_MAX}"
                )
            return {"tags": tags}

        self._change(call, TAGS_RULE, change)
        where = f"{api_base(call)}/servers/{server.id}/tags/{quote(tag)}"
        return Reply(201, b"", [("Location", where)])

    def remove_tag(self, call: ApiCall) -> Reply:
        """DELETE .../tags/{tag}."""
        tag = call.parameters["tag"]

        def change(server: Server) -> dict[str, Any]:
            _tag(server, tag)
            return {"tags": [each for each in server.tags if each != tag]}

        self._change(call, TAGS_RULE, change)
        return empty_reply(204)


def _item(server: Server, key: str) -> str:
    if key not in server.metadata:
        raise NotFound("Metadata item was not found")
    return server.metadata[key]


def _tag(server: Server, tag: str) -> None:
    if tag not in server.tags:
        raise NotFound(f"Server {server.id} has no tag '{tag}'")
