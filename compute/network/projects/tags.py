"""Tags: short labels that a project puts on its things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.network import tables
from compute.network.errors import not_found
from compute.network.frame.collection import TAGS, Collection
from compute.network.frame.tag_values import TAG, TAG_LIST, TAGS_MAX
from compute.network.frame.work import NetworkDatabase, Work
from objectstore.kernel.reply import Reply

TAGS_GIVEN = Schema(
    {
        "type": "object",
        "properties": {"tags": TAG_LIST},
        "required": ["tags"],
        "additionalProperties": False,
    }
)
ONE_TAG = Schema(TAG)


class TagApi:
    """The routes of the tags of one collection's things."""

    def __init__(self, collection: Collection[Any], database: NetworkDatabase) -> None:
        self._collection = collection
        self._database = database

    def routes(self, plural: str) -> list[Route]:
        """All of them, below a plural (some have two spellings)."""
        all_tags = f"/v2.0/{plural}/{{id}}/tags"
        one = all_tags + "/{tag}"
        return [
            Route("GET", all_tags, self.index),
            Route("PUT", all_tags, self.replace),
            Route("POST", all_tags, self.extend),
            Route("DELETE", all_tags, self.clear),
            Route("GET", one, self.show),
            Route("PUT", one, self.add),
            Route("DELETE", one, self.remove),
        ]

    def index(self, call: ApiCall) -> Reply:
        """The tags of a thing."""
        return json_reply(200, {"tags": self._tags(call)})

    def show(self, call: ApiCall) -> Reply:
        """Whether a thing has a tag: 204 or 404."""
        if call.parameters["tag"] not in self._tags(call):
            raise NotFound(
                f"Tag {call.parameters['tag']} could not be found.", kind="TagNotFound"
            )
        return empty_reply(204)

    def replace(self, call: ApiCall) -> Reply:
        """All tags at once."""
        wanted = sorted(set(call.json(TAGS_GIVEN)["tags"]))
        return json_reply(200, {"tags": self._change(call, lambda had: wanted)})

    def extend(self, call: ApiCall) -> Reply:
        """Some more tags."""
        more = call.json(TAGS_GIVEN)["tags"]
        tags = self._change(call, lambda had: sorted({*had, *more}))
        return json_reply(201, {"tags": tags})

    def clear(self, call: ApiCall) -> Reply:
        """No tags any more."""
        self._change(call, lambda had: [])
        return empty_reply(204)

    def add(self, call: ApiCall) -> Reply:
        """One more tag."""
        tag = call.parameters["tag"]
        ONE_TAG.check(tag)
        self._change(call, lambda had: sorted({*had, tag}))
        return Reply(201, b"")

    def remove(self, call: ApiCall) -> Reply:
        """One tag less."""
        tag = call.parameters["tag"]

        def without(had: list[str]) -> list[str]:
            if tag not in had:
                raise not_found("TagNotFound", "Tag", tag)
            return [each for each in had if each != tag]

        self._change(call, without)
        return empty_reply(204)

    def _tags(self, call: ApiCall) -> list[str]:
        def work_on(work: Work) -> list[str]:
            record = self._collection.find(work, call.parameters["id"])
            return TAGS.of(work.connection, [record.id])[record.id]

        return self._database.read(call.context, work_on)

    def _change(
        self, call: ApiCall, change: Callable[[list[str]], list[str]]
    ) -> list[str]:
        def work_on(work: Work) -> list[str]:
            record = self._collection.find(work, call.parameters["id"])
            rule = f"update_{self._collection.singular}"
            target = {"project_id": record.project_id}
            network_id = getattr(record, "network_id", "")
            if network_id:
                target["network_project_id"] = _owner(work, network_id)
            work.policy.enforce(work.context, rule, target)
            had = TAGS.of(work.connection, [record.id])[record.id]
            wanted = change(had)
            if len(wanted) > TAGS_MAX:
                raise BadRequest(f"A resource has at most {TAGS_MAX} tags")
            if wanted != had:
                TAGS.set(work.connection, record.id, wanted)
                work.bump(self._collection.table, record)
            return wanted

        return self._database.write(call.context, work_on)


def _owner(work: Work, network_id: str) -> str:
    networks = tables.networks
    rows = work.rows(networks.select().where(networks.c.id == network_id))
    return str(rows[0]["project_id"]) if rows else ""
