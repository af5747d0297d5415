"""The verbs of a kind of thing over HTTP: list, show, create, change, delete.

Each answers at ``/v2.0/lbaas/...`` and ``/v2/lbaas/...``: the field's clients differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.changes.balancers import KIND as BALANCERS
from compute.balancer.changes.listeners import KIND as LISTENERS
from compute.balancer.changes.locking import check_mutable
from compute.balancer.frame.definition import Definition
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import Balancer, Part, Thing
from compute.balancer.policies import PREFIX
from compute.balancer.tls_rules import references_in
from compute.balancer.trust import Trust
from compute.core.api.frame import ApiCall, Handler, Route, empty_reply, json_reply
from compute.core.api.pagination import Page
from compute.core.errors import BadRequest, PolicyNotAuthorized
from objectstore.kernel.reply import Reply

P = TypeVar("P", bound=Part)
T = TypeVar("T", bound=Thing)

BASES = ("/v2.0/lbaas", "/v2/lbaas")
OWNERS = ("project_id", "tenant_id")


def routes_at(method: str, path: str, handler: Handler) -> list[Route]:
    """The route below each of the bases."""
    return [Route(method, f"{base}/{path}", handler) for base in BASES]


def body_of(document: Any, key: str) -> Item:
    """The thing that a request's document holds; ``BadRequest``."""
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise BadRequest(f"Missing required element '{key}' in the request body")
    return found


def without_owner(body: Item) -> Item:
    """A part is its load balancer's owner's, whatever a body says."""
    return {name: value for name, value in body.items() if name not in OWNERS}


def only(item: Item, call: ApiCall) -> Item:
    """What ``fields`` asks for of an item; all when it asks for nothing."""
    wanted = [name for name in call.query.all("fields") if name]
    return {name: item[name] for name in wanted if name in item} if wanted else item


def allow(work: Work, word: str, verb: str, project_id: str) -> None:
    """Raise 403 when the caller may not do that to a thing of the project."""
    rule = f"{PREFIX}{word}:{verb}"
    if not work.policy.allows(work.context, rule, {"project_id": project_id}):
        raise PolicyNotAuthorized(f"Policy does not allow this request ({rule}).")


def links(call: ApiCall, identifiers: list[str], page: Page) -> list[dict[str, str]]:
    """Links to the next and the previous page, where there may be one."""
    if not identifiers:
        return []
    is_full = len(identifiers) >= page.limit > 0
    found = []
    if is_full or (page.reverse and page.marker):
        found.append(_link(call, "next", identifiers[-1], reverse=False))
    if page.marker or (page.reverse and is_full):
        found.append(_link(call, "previous", identifiers[0], reverse=True))
    return found


def _link(call: ApiCall, relation: str, marker: str, *, reverse: bool) -> Any:
    pairs = [
        pair for pair in call.query.pairs if pair[0] not in ("marker", "page_reverse")
    ]
    pairs.append(("marker", marker))
    if reverse:
        pairs.append(("page_reverse", "True"))
    return {"rel": relation, "href": f"{call.url}?{urlencode(pairs)}"}


class Reader(Generic[T]):
    """Lists and shows things of a kind, perhaps below another (``parent``)."""

    def __init__(
        self,
        database: BalancerDatabase,
        kind: Kind[T],
        within: Callable[[Work, ApiCall], list[sa.ColumnElement[bool]]],
    ) -> None:
        self._database = database
        self._kind = kind
        self._within = within

    def index(self, call: ApiCall) -> Reply:
        """One page."""
        kind = self._kind

        def work_on(work: Work) -> tuple[list[Item], Page]:
            allow(work, kind.word, "get_all", work.context.project_id)
            records, page = kind.page(work, call.query, *self._within(work, call))
            return kind.show(work, records), page

        items, page = self._database.read(call.context, work_on)
        document: Item = {kind.plural: [only(item, call) for item in items]}
        document[f"{kind.plural}_links"] = links(
            call, [item["id"] for item in items], page
        )
        return json_reply(200, document)

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        kind = self._kind

        def work_on(work: Work) -> Item:
            found = kind.find(work, call.parameters["id"], *self._within(work, call))
            allow(work, kind.word, "get_one", found.project_id)
            return kind.show(work, [found])[0]

        item = self._database.read(call.context, work_on)
        return json_reply(200, {kind.singular: only(item, call)})


class PartApi(Generic[P]):
    """The routes of one kind of part."""

    def __init__(
        self, definition: Definition[P], database: BalancerDatabase, trust: Trust
    ) -> None:
        self._definition = definition
        self._trust = trust
        self._kind = definition.kind
        self._database = database
        self._reader = Reader(database, definition.kind, self._within)

    def routes(self) -> list[Route]:
        """GET, POST, PUT, DELETE."""
        parent = self._definition.parent
        path = parent.path if parent else self._kind.plural
        return [
            *routes_at("GET", path, self._reader.index),
            *routes_at("POST", path, self.create),
            *routes_at("GET", f"{path}/{{id}}", self._reader.show),
            *routes_at("PUT", f"{path}/{{id}}", self.update),
            *routes_at("DELETE", f"{path}/{{id}}", self.delete),
        ]

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        kind, parent = self._kind, self._definition.parent
        body = without_owner(body_of(call.json(), kind.singular))
        attributes = self._definition.fields.new(body)

        self._entrust(call, body, self._owner_of_new)

        def work_on(work: Work) -> Item:
            found = dict(attributes)
            if parent is not None:
                above = parent.kind.find(work, call.parameters["of"])
                found[parent.column] = above.id
            made = self._made(work, found)
            return kind.show(work, [self._again(work, made)])[0]

        item = self._database.write(call.context, work_on)
        return json_reply(201, {kind.singular: item})

    def _made(self, work: Work, attributes: Item) -> P:
        # Whoever may not make any is told so before what he names is looked for.
        allow(work, self._kind.word, "post", work.context.project_id)
        made = self._definition.create(work, attributes)
        allow(work, self._kind.word, "post", made.project_id)
        work.tell(f"{self._kind.word}.create", made.id)
        return made

    def update(self, call: ApiCall) -> Reply:
        """Change what the body names."""
        kind = self._kind
        body = without_owner(body_of(call.json(), kind.singular))
        attributes = self._definition.fields.changes(body)
        self._entrust(
            call, body, lambda work, _: self._mine(work, call, "put").balancer_id
        )

        def work_on(work: Work) -> Item:
            found = self._mine(work, call, "put")
            self._definition.update(work, found, attributes)
            work.tell(f"{kind.word}.update", found.id)
            return kind.show(work, [self._again(work, found)])[0]

        item = self._database.write(call.context, work_on)
        return json_reply(200, {kind.singular: item})

    def delete(self, call: ApiCall) -> Reply:
        """Begin to take it away."""

        def work_on(work: Work) -> None:
            found = self._mine(work, call, "delete")
            self._definition.delete(work, found)
            work.tell(f"{self._kind.word}.delete", found.id)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _entrust(
        self, call: ApiCall, body: Item, owner: Callable[[Work, Item], str]
    ) -> None:
        """Secrets that are named are the load balancer's to use, before it names
        them: the key manager is not asked while the database waits."""
        references = references_in(body)
        if not references:
            return

        def balancer_id(work: Work) -> str:
            allow(work, self._kind.word, "get_all", work.context.project_id)
            found = owner(work, body)
            balancer = work.find(Balancer, tables.balancers, found)
            if balancer is not None:
                check_mutable(balancer)
            return found

        found = self._database.read(call.context, balancer_id)
        self._trust.entrust(call.context, found, references)

    def _owner_of_new(self, work: Work, body: Item) -> str:
        """The load balancer that a new part is to be of."""
        allow(work, self._kind.word, "post", work.context.project_id)
        if body.get("listener_id"):
            listener = LISTENERS.find(work, str(body["listener_id"]))
            return listener.balancer_id
        found = BALANCERS.find(work, str(body.get("loadbalancer_id") or ""))
        return found.id

    def _mine(self, work: Work, call: ApiCall, verb: str) -> P:
        found = self._kind.find(work, call.parameters["id"], *self._within(work, call))
        allow(work, self._kind.word, verb, found.project_id)
        return found

    def _within(self, work: Work, call: ApiCall) -> list[sa.ColumnElement[bool]]:
        parent = self._definition.parent
        if parent is None:
            return []
        above = parent.kind.find(work, call.parameters["of"])
        return [self._kind.table.c[parent.column] == above.id]

    def _again(self, work: Work, record: P) -> P:
        found = work.find(self._kind.record, self._kind.table, record.id)
        assert found is not None, "what was just written is there"
        return found
