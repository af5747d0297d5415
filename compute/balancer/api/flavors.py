"""Flavors and their profiles over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from compute.balancer import flavors, tables
from compute.balancer.api.resource import allow, body_of, links, only, routes_at
from compute.balancer.changes.balancers import PROVIDER, check_provider
from compute.balancer.frame.fields import BOOLEAN, ID, TEXT, Field, Fields
from compute.balancer.frame.kind import Item
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.pagination import PAGE_MAX, Page, paginate, parse_page
from compute.core.sql.filter_values import filter_value
from objectstore.kernel.reply import Reply

DATA = {"type": "string", "maxLength": flavors.DATA_CHARACTERS_MAX}
PROFILE_FIELDS = Fields(
    Field("name", {**TEXT, "minLength": 1}, required=True),
    Field("provider_name", TEXT, required=True),
    Field("flavor_data", DATA, required=True),
)
FLAVOR_FIELDS = Fields(
    Field("name", {**TEXT, "minLength": 1}, required=True),
    Field("flavor_profile_id", ID, required=True, update=False),
    Field("enabled", BOOLEAN, default=True),
)
ORDER = (("id", False),)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One of the two: ``word``: in policy rules; ``user``: the column of those that
    have it; ``columns``: filters and sort keys, and where they are kept."""

    singular: str
    word: str
    title: str
    table: sa.Table
    user: sa.Column[str]
    fields: Fields
    columns: Mapping[str, str]
    values: Callable[[Work, Item, Item], Item]
    show: Callable[[Item], Item]

    @property
    def plural(self) -> str:
        """In paths and documents."""
        return self.singular + "s"


def _profile_values(work: Work, row: Item, given: Item) -> Item:
    """The columns that a request writes.  What flavors have of it stays."""
    if row and ("flavor_data" in given or "provider_name" in given):
        user = tables.flavors.c.profile_id
        flavors.refuse_while_used(work, user, "Flavor profile", row["id"])
    if "provider_name" in given:
        check_provider(given["provider_name"])
    found = {name: given[name] for name in ("name",) if name in given}
    if "flavor_data" in given:
        found["data"] = flavors.parse_data(given["flavor_data"])
    return found


def _flavor_values(work: Work, row: Item, given: Item) -> Item:
    if "name" in given:
        flavors.refuse_same_name(work, given["name"], row.get("id", ""))
    names = ("name", "description", "enabled")
    found = {name: given[name] for name in names if name in given}
    if "flavor_profile_id" in given:
        wanted = given["flavor_profile_id"]
        profile = flavors.row_of(work, tables.flavor_profiles, "Flavor profile", wanted)
        found["profile_id"] = profile["id"]
    return found


SHELVES = (
    Shelf(
        "flavorprofile",
        "flavor-profile",
        "Flavor profile",
        tables.flavor_profiles,
        tables.flavors.c.profile_id,
        PROFILE_FIELDS,
        {"id": "id", "name": "name"},
        _profile_values,
        lambda row: {
            "id": row["id"],
            "name": row["name"],
            "provider_name": PROVIDER,
            "flavor_data": json.dumps(row["data"]),
        },
    ),
    Shelf(
        "flavor",
        "flavor",
        "Flavor",
        tables.flavors,
        tables.balancers.c.flavor_id,
        FLAVOR_FIELDS,
        {
            "id": "id",
            "name": "name",
            "description": "description",
            "enabled": "enabled",
            "flavor_profile_id": "profile_id",
        },
        _flavor_values,
        lambda row: {
            "id": row["id"],
            "name": row["name"],
            "description": row["description"],
            "enabled": row["enabled"],
            "flavor_profile_id": row["profile_id"],
        },
    ),
)


class FlavorsApi:
    """The routes of one of them."""

    def __init__(self, database: BalancerDatabase, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf

    def routes(self) -> list[Route]:
        """All of them."""
        path = self._shelf.plural
        one = f"{path}/{{id}}"
        return [
            *routes_at("GET", path, self.index),
            *routes_at("POST", path, self.create),
            *routes_at("GET", one, self.show),
            *routes_at("PUT", one, self.update),
            *routes_at("DELETE", one, self.delete),
        ]

    def index(self, call: ApiCall) -> Reply:
        """One page of those that have what the query says."""
        shelf = self._shelf

        def work_on(work: Work) -> tuple[list[Item], Page]:
            self._allow(work, "get_all")
            return self._page(work, call)

        rows, page = self._database.read(call.context, work_on)
        found = [shelf.show(row) for row in rows]
        document: Item = {shelf.plural: [only(one, call) for one in found]}
        document[f"{shelf.plural}_links"] = links(
            call, [one["id"] for one in found], page
        )
        return json_reply(200, document)

    def _page(self, work: Work, call: ApiCall) -> tuple[list[Item], Page]:
        table, columns = self._shelf.table, self._shelf.columns
        page = parse_page(call.query, sortable=frozenset(columns), default_sort=ORDER)
        where = []
        for name, column in columns.items():
            values = call.query.all(name)
            if values:
                kept = table.c[column]
                where.append(kept.in_([filter_value(name, kept, v) for v in values]))
        keys = [(columns[name], down) for name, down in page.sort]
        if "id" not in [name for name, _ in keys]:
            keys.append(("id", False))
        after = None
        if page.marker:
            last = flavors.row_of(work, table, self._shelf.title, page.marker)
            after = tuple(last[name] for name, _ in keys)
        order = [(table.c[name], down is not page.reverse) for name, down in keys]
        chosen = table.select().where(*where)
        rows = work.rows(paginate(chosen, order, after, page.limit or PAGE_MAX))
        return [dict(row) for row in (rows[::-1] if page.reverse else rows)], page

    def show(self, call: ApiCall) -> Reply:
        """One of them."""

        def work_on(work: Work) -> Item:
            self._allow(work, "get_one")
            return self._row(work, call)

        found = self._shelf.show(self._database.read(call.context, work_on))
        return json_reply(200, {self._shelf.singular: only(found, call)})

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        shelf = self._shelf
        given = shelf.fields.new(body_of(call.json(), shelf.singular))

        def work_on(work: Work) -> Item:
            self._allow(work, "post")
            return flavors.add(work, shelf.table, shelf.values(work, {}, given))

        row = self._database.write(call.context, work_on)
        return json_reply(201, {shelf.singular: shelf.show(row)})

    def update(self, call: ApiCall) -> Reply:
        """Change what the body names."""
        shelf, table = self._shelf, self._shelf.table
        given = shelf.fields.changes(body_of(call.json(), shelf.singular))

        def work_on(work: Work) -> Item:
            self._allow(work, "put")
            row = self._row(work, call)
            values = shelf.values(work, row, given)
            if values:
                chosen = sa.update(table).where(table.c.id == row["id"])
                work.connection.execute(chosen.values(**values))
            return {**row, **values}

        row = self._database.write(call.context, work_on)
        return json_reply(200, {shelf.singular: shelf.show(row)})

    def delete(self, call: ApiCall) -> Reply:
        """Take it away, unless something has it."""
        shelf = self._shelf

        def work_on(work: Work) -> None:
            self._allow(work, "delete")
            row = self._row(work, call)
            flavors.refuse_while_used(work, shelf.user, shelf.title, row["id"])
            where = shelf.table.c.id == row["id"]
            work.connection.execute(shelf.table.delete().where(where))

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _row(self, work: Work, call: ApiCall) -> Item:
        shelf = self._shelf
        return flavors.row_of(work, shelf.table, shelf.title, call.parameters["id"])

    def _allow(self, work: Work, verb: str) -> None:
        allow(work, self._shelf.word, verb, work.context.project_id)
