"""Resources: made, shown, changed, deleted, searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.api.bodies import check, json_of, object_of, optional_json
from compute.metric.api.frame import Frame
from compute.metric.api.metrics import NEW, new_metric
from compute.metric.api.pages import page_of
from compute.metric.errors import invalid_input
from compute.metric.model import Resource
from compute.metric.search.text import parse
from compute.metric.series.moments import SECOND
from compute.metric.service import finding, metrics, resources
from compute.metric.service.metrics import NewMetric
from compute.metric.service.resources import Wanted
from compute.metric.service.views import (
    resource_view,
)
from objectstore.kernel.reply import Reply

METRICS_MAX = 500
_METRICS = {"type": "object", "maxProperties": METRICS_MAX}
NEW_METRIC = Schema(NEW)
_OWNER = {"type": ["string", "null"], "maxLength": 255}
SPECIAL = Schema(
    {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "project_id": _OWNER,
            "user_id": _OWNER,
            "metrics": _METRICS,
        },
    }
)
SPECIAL_NAMES = frozenset(
    {"id", "project_id", "user_id", "metrics", "started_at", "ended_at"}
)


class ResourcesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        kind = "/v1/resource/{type}"
        one = f"{kind}/{{resource_id}}"
        return [
            Route("GET", "/v1/resource", self.kinds),
            Route("GET", kind, self.list),
            Route("POST", kind, self.create),
            Route("DELETE", kind, self.delete_some),
            Route("POST", "/v1/search/resource/{type}", self.search),
            Route("GET", one, self.show),
            Route("PATCH", one, self.update),
            Route("DELETE", one, self.delete),
            Route("GET", f"{one}/history", self.history),
        ]

    def kinds(self, call: ApiCall) -> Reply:
        """Where the resources of each type are."""
        self._frame.check(call, "list resource type")
        found = self._parts.read(store.resource_types.where)
        base = f"{call.base_url}/v1/resource"
        return json_reply(200, {it.name: f"{base}/{it.name}" for it in found})

    def list(self, call: ApiCall) -> Reply:
        """Those of a type that the caller may see."""
        self._frame.check(call, "list resource")
        equal = [
            {"=": {name: value}}
            for name, value in call.query.pairs
            if name in ("id", "project_id", "user_id", "original_resource_id")
        ]
        return self._found(call, {"and": equal} if equal else {})

    def search(self, call: ApiCall) -> Reply:
        """Those for which a query is true."""
        self._frame.check(call, "search resource")
        return self._found(call, self._query(call))

    def _query(self, call: ApiCall) -> Any:
        if call.query.one("filter"):
            return parse(call.query.one("filter"))
        return optional_json(call)

    def _found(self, call: ApiCall, query: Any) -> Reply:
        wishes = finding.Wishes(
            call.parameters["type"],
            query,
            details=call.query.flag("details"),
            history=call.query.flag("history"),
        )
        found = self._parts.read(
            lambda connection: finding.views(
                connection, self._parts, call.context, wishes
            )
        )
        return self._page(call, found, ["revision_start:asc", "started_at:asc"])

    def _page(
        self, call: ApiCall, found: Sequence[Mapping[str, Any]], default: Sequence[str]
    ) -> Reply:
        sortable = self._parts.read(
            lambda connection: finding.attributes_of(
                connection, call.parameters["type"]
            )
        )
        page, headers = page_of(
            call, found, default, sortable, self._parts.settings.page_max
        )
        wanted = set(call.query.all("attrs"))
        if wanted:
            page = [
                {name: it for name, it in view.items() if name in wanted}
                for view in page
            ]
        return json_reply(200, page, headers)

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        self._frame.check(call, "create resource")
        given = object_of(json_of(call, SPECIAL))
        if "id" not in given:
            raise invalid_input("required key not provided @ data['id']", "id")
        wanted = self._wanted(given)

        def work(connection: Connection) -> dict[str, Any]:
            kind = resources.type_named(connection, call.parameters["type"])
            made = resources.create(
                connection, self._parts, call.context, kind, given["id"], wanted
            )
            return _view(connection, made)

        view = self._parts.run(work)
        place = f"{call.base_url}/v1/resource/{view['type']}/{view['id']}"
        return json_reply(201, view, [("Location", place)])

    def update(self, call: ApiCall) -> Reply:
        """Some of one is another now."""
        given = object_of(json_of(call, SPECIAL))
        if "id" in given:
            raise invalid_input("extra keys not allowed @ data['id']", "id")
        wanted = self._wanted(given)

        def work(connection: Connection) -> dict[str, Any]:
            former = self._one(connection, call, "update resource")
            kind = resources.type_named(connection, former.type)
            changed = resources.update(
                connection, self._parts, call.context, former, kind, wanted
            )
            return _view(connection, changed)

        return json_reply(200, self._parts.run(work))

    def _wanted(self, given: Mapping[str, Any]) -> Wanted:
        known, new = wanted_metrics(given.get("metrics") or {})
        return Wanted(
            _owner(given, "project_id"),
            _owner(given, "user_id"),
            self._moment(given, "started_at"),
            self._moment(given, "ended_at"),
            {name: it for name, it in given.items() if name not in SPECIAL_NAMES},
            new,
            known,
            replaces_metrics="metrics" in given,
        )

    def _moment(self, given: Mapping[str, Any], name: str) -> float | None:
        if name not in given:
            return None
        if given[name] is None:
            return 0.0 if name == "ended_at" else None
        return self._frame.moment_of(name, given[name]) / SECOND

    def show(self, call: ApiCall) -> Reply:
        """One."""

        def work(connection: Connection) -> dict[str, Any]:
            return _view(connection, self._one(connection, call, "get resource"))

        return json_reply(200, self._parts.read(work))

    def history(self, call: ApiCall) -> Reply:
        """How one was, and is."""

        def work(connection: Connection) -> list[dict[str, Any]]:
            found = self._one(connection, call, "get resource")
            names = metrics.by_name(store.metrics_of(connection, [found.id]))
            at_most = self._parts.settings.history_entries
            former = [
                resource_view(it.resource, names, revision_end=it.revision_end)
                for it in store.revisions_of(connection, [found.id], at_most)
            ]
            return [*former, resource_view(found, names)]

        return self._page(call, self._parts.read(work), ["revision_start:asc"])

    def delete(self, call: ApiCall) -> Reply:
        """One, with its metrics."""

        def work(connection: Connection) -> None:
            found = self._one(connection, call, "delete resource")
            resources.delete(connection, [found], self._parts.now())

        self._parts.run(work)
        return empty_reply()

    def delete_some(self, call: ApiCall) -> Reply:
        """Those for which a query is true, of those that the caller made."""
        self._frame.check(call, "delete resources")
        query = self._query(call)
        if not query:
            raise BadRequest(
                "caution: the query can not be empty, or it will delete entire database"
            )
        kind = call.parameters["type"]

        def work(connection: Connection) -> int:
            found = finding.matching(connection, self._parts, call.context, kind, query)
            resources.check_all(self._parts, call.context, found, "delete resource")
            resources.delete(connection, found, self._parts.now())
            return len(found)

        return json_reply(200, {"deleted": self._parts.run(work)})

    def _one(self, connection: Connection, call: ApiCall, rule: str) -> Resource:
        named = call.parameters
        return resources.find(
            connection,
            self._parts,
            call.context,
            named["type"],
            named["resource_id"],
            rule,
        )


def wanted_metrics(
    given: Mapping[str, Any],
) -> tuple[dict[str, str], list[NewMetric]]:
    """A body's metrics: those that are there (name -> id), and those to make."""
    known, new = {}, []
    for name, each in given.items():
        if isinstance(each, str):
            known[name] = each
        else:
            check(NEW_METRIC, each)
            new.append(new_metric(each, name))
    return known, new


def _view(connection: Connection, resource: Resource) -> dict[str, Any]:
    names = metrics.by_name(store.metrics_of(connection, [resource.id]))
    return resource_view(resource, names)


def _owner(given: Mapping[str, Any], name: str) -> str | None:
    if name not in given:
        return None
    return given[name] or ""
