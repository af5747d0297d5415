"""The verbs of a resource over HTTP: list, show, create, change, delete.

A resource says how it is listed (``Collection``), what may be written (``Fields``) and
what creating, changing and deleting mean; rights, quotas, bulk, revisions
(``If-Match``), ``fields=`` and links are the same for all and live here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.pagination import Page
from compute.core.errors import BadRequest, PolicyNotAuthorized
from compute.network.frame.bodies import (
    Body,
    bodies_of,
    body_of,
    check_revision,
    only,
    owner_of,
)
from compute.network.frame.collection import Collection
from compute.network.frame.fields import Fields
from compute.network.frame.links import page_links
from compute.network.frame.quota import check_quota
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.model import Resource
from objectstore.kernel.reply import Reply

R = TypeVar("R", bound=Resource)

OWNERS = ("project_id", "tenant_id")


@dataclass(frozen=True)
class Parent:
    """What a resource's things are below in the path (``floatingips/{of}/...``):
    ``find`` it, ``NotFound`` when the caller does not see it; ``column`` of a thing is
    its id, and its project is theirs."""

    column: str
    find: Callable[[Work, str], Resource]


ALL_VERBS = frozenset({"list", "show", "create", "update", "delete"})


@dataclass(frozen=True)
class Definition(Generic[R]):
    """What is special about one resource.

    ``create`` gets all attributes, ``project_id`` among them; ``target`` gives what
    policy rules compare with, of a record or of the attributes of one to be.
    """

    collection: Collection[R]
    fields: Fields
    create: Callable[[Work, Body], R]
    update: Callable[[Work, R, Body], R]
    delete: Callable[[Work, R], None]
    path: str = ""
    parent: Parent | None = None
    rule: str = ""  # the name in policy rules; "": that of one thing
    quota: str = ""
    target: Callable[[Work, Mapping[str, Any]], Mapping[str, Any]] = (
        lambda work, values: {"project_id": values.get("project_id")}
    )
    verbs: frozenset[str] = ALL_VERBS
    # Whether a place in the quota was set aside for it; uses that up.
    is_promised: Callable[[Work, Body], bool] = lambda work, attributes: False
    # Before anything is listed or shown: what is made on demand.
    prepare: Callable[[NetworkDatabase, ApiCall], None] | None = None


class ResourceApi(Generic[R]):
    """The routes of one resource."""

    def __init__(
        self,
        definition: Definition[R],
        database: NetworkDatabase,
        rule_names: frozenset[str],
    ) -> None:
        self._definition = definition
        self._collection = definition.collection
        self._database = database
        self._rule_names = rule_names

    def routes(self) -> list[Route]:
        """GET, POST, PUT, DELETE."""
        path = "/v2.0/" + (self._definition.path or self._collection.plural)
        routes = {
            "list": Route("GET", path, self.index),
            "create": Route("POST", path, self.create),
            "show": Route("GET", path + "/{id}", self.show),
            "update": Route("PUT", path + "/{id}", self.update),
            "delete": Route("DELETE", path + "/{id}", self.delete),
        }
        verbs = self._definition.verbs
        return [route for verb, route in routes.items() if verb in verbs]

    def index(self, call: ApiCall) -> Reply:
        """One page."""
        self._prepare(call)

        def work_on(work: Work) -> tuple[list[Body], Page]:
            within = self._within(work, call)
            records, page = self._collection.page(work, call.query, *within)
            return self._collection.show(work, records), page

        items, page = self._database.read(call.context, work_on)
        plural = self._collection.plural.replace("-", "_")
        document: Body = {plural: [only(item, call) for item in items]}
        links = page_links(call, [item["id"] for item in items], page)
        if links:
            document[f"{plural}_links"] = links
        return json_reply(200, document)

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        self._prepare(call)

        def work_on(work: Work) -> Body:
            return self._collection.show(work, [self._named(work, call)])[0]

        item = self._database.read(call.context, work_on)
        return json_reply(200, {self._collection.singular: only(item, call)})

    def create(self, call: ApiCall) -> Reply:
        """One, or all of several, or none."""
        singular, plural = self._collection.singular, self._collection.plural
        plural = plural.replace("-", "_")
        document = call.json()
        bodies, is_bulk = bodies_of(document, singular, plural)
        wanted = [self._attributes(call, body) for body in bodies]

        def work_on(work: Work) -> list[Body]:
            records = []
            if self._definition.parent is not None:
                # Whoever may make none at all learns nothing of what is there.
                for given, own in wanted:
                    self._allow(work, "create", given, own)
            parent = self._parent(work, call)
            for given, own in wanted:
                attributes = {**own, **parent}
                self._allow(work, "create", given, attributes)
                self._check_owner(attributes)
                self._check_quota(work, attributes)
                record = self._definition.create(work, attributes)
                work.tell(f"{singular}.create", record.id)
                records.append(record)
            fresh = [self._again(work, record) for record in records]
            return self._collection.show(work, fresh)

        items = self._database.write(call.context, work_on)
        return json_reply(201, {plural: items} if is_bulk else {singular: items[0]})

    def update(self, call: ApiCall) -> Reply:
        """Change what the body names."""
        singular = self._collection.singular
        changes = self._definition.fields.changes(body_of(call.json(), singular))

        def work_on(work: Work) -> Body:
            record = self._mine(work, call, "update", changes)
            changed = self._definition.update(work, record, changes)
            work.tell(f"{singular}.update", record.id)
            return self._collection.show(work, [self._again(work, changed)])[0]

        return json_reply(200, {singular: self._database.write(call.context, work_on)})

    def delete(self, call: ApiCall) -> Reply:
        """Take it away."""

        def work_on(work: Work) -> None:
            record = self._mine(work, call, "delete", {})
            self._definition.delete(work, record)
            work.tell(f"{self._collection.singular}.delete", record.id)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _check_owner(self, attributes: Body) -> None:
        """What nobody owns nobody would see, and no quota would count."""
        if not attributes["project_id"] and "project_id" not in self._collection.lacks:
            raise BadRequest(
                "project_id: a token of the system makes things for a project that is"
                " named"
            )

    def _check_quota(self, work: Work, attributes: Body) -> None:
        quota = self._definition.quota
        if quota and not self._definition.is_promised(work, attributes):
            check_quota(work, quota, attributes["project_id"])

    # ---- where it is -------------------------------------------------------------

    def _named(self, work: Work, call: ApiCall) -> R:
        """The one that the path names."""
        return self._collection.find(
            work, call.parameters["id"], *self._within(work, call)
        )

    def _within(self, work: Work, call: ApiCall) -> list[sa.ColumnElement[bool]]:
        """What the path narrows the collection to."""
        parent = self._definition.parent
        if parent is None:
            return []
        column = self._collection.table.c[parent.column]
        return [column == parent.find(work, call.parameters["of"]).id]

    def _parent(self, work: Work, call: ApiCall) -> Body:
        """What a new thing has of what it is below."""
        parent = self._definition.parent
        if parent is None:
            return {}
        found = parent.find(work, call.parameters["of"])
        return {parent.column: found.id, "project_id": found.project_id}

    # ---- rights ----------------------------------------------------------------

    def _attributes(self, call: ApiCall, body: Body) -> tuple[Body, Body]:
        """What was given, and all attributes, the owner among them."""
        owners = {owner_of(name, body[name]) for name in OWNERS if body.get(name)}
        if len(owners) > 1:
            raise BadRequest("'project_id' and 'tenant_id' do not match")
        given = {name: value for name, value in body.items() if name not in OWNERS}
        attributes = self._definition.fields.new(given)
        attributes["project_id"] = owners.pop() if owners else call.context.project_id
        return given, attributes

    def _mine(self, work: Work, call: ApiCall, verb: str, changes: Body) -> R:
        record = self._named(work, call)
        values = {
            item.name: getattr(record, item.name) for item in dataclasses.fields(record)
        }
        self._allow(work, verb, changes, values)
        check_revision(call, record)
        return record

    def _allow(
        self, work: Work, verb: str, given: Mapping[str, Any], values: Body
    ) -> None:
        """Raise ``PolicyNotAuthorized`` by the resource's rule and its attributes'."""
        rule = f"{verb}_{self._definition.rule or self._collection.singular}"
        target = self._definition.target(work, values)
        names = [rule]
        for attribute, value in given.items():
            names += self._attribute_rules(rule, attribute, value)
        for name in names:
            if not work.policy.allows(work.context, name, target):
                raise PolicyNotAuthorized(
                    f"({name}) is disallowed by policy", kind="PolicyNotAuthorized"
                )

    def _attribute_rules(self, rule: str, attribute: str, value: Any) -> list[str]:
        if rule.startswith("create_") and self._definition.fields.is_default(
            attribute, value
        ):
            return []
        names = [f"{rule}:{attribute}"]
        if isinstance(value, dict):
            names += [f"{rule}:{attribute}:{part}" for part in value]
        return [name for name in names if name in self._rule_names]

    def _again(self, work: Work, record: R) -> R:
        found = work.find(self._collection.record, self._collection.table, record.id)
        assert found is not None, "what was just written is there"
        return found

    def _prepare(self, call: ApiCall) -> None:
        if self._definition.prepare is not None:
            self._definition.prepare(self._database, call)
