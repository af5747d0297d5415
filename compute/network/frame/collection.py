"""How a collection is listed: which rows a caller sees, filters, order, pages.

Every attribute of the API that is a column is a filter and a sort key, each filter
may be repeated (any of its values), and attributes that are no columns bring a clause
of their own (``special``).  An unknown filter is a mistake of the caller, not
something to pass over: a misspelt filter must not answer with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.api.pagination import PAGE_MAX, Page, paginate, parse_page
from compute.core.api.query import Query
from compute.core.errors import BadRequest
from compute.core.instants import iso_z
from compute.core.sql.filter_values import filter_value
from compute.core.sql.tags import TAG_FILTERS, Tags
from compute.network import tables
from compute.network.errors import not_found
from compute.network.frame.work import Work
from compute.network.model import Resource
from compute.network.policies import READS_ALL

R = TypeVar("R", bound=Resource)
Clause = sa.ColumnElement[bool]
Special = Callable[[Work, list[str]], Clause]
Visible = Callable[[Work, str], Clause]
"""What a project sees (its id), besides what administrators see."""

CONTROLS = frozenset(
    {"limit", "marker", "page_reverse", "sort_key", "sort_dir", "fields"}
)
VISIBLE_TO = "visible_to_project"
EXTENDED = ("description", "revision_number", "created_at", "updated_at", "tags")
ORDER = (("created_at", False), ("id", False))
TAGS = Tags(tables.tags, "resource_id")

STANDARD = {
    "id": "id",
    "project_id": "project_id",
    "tenant_id": "project_id",
    "name": "name",
    "description": "description",
    "revision_number": "revision",
    "created_at": "created_at",
    "updated_at": "updated_at",
}


@dataclass(frozen=True)
class Collection(Generic[R]):
    """One kind of thing as the API lists it.

    ``columns``: attribute -> column.  ``present`` writes records as the API shows
    them, all of a page at once, so that what they need is read in a few selects.
    ``kind`` begins the type of the error when one is not there.
    """

    singular: str
    plural: str
    title: str
    kind: str
    table: sa.Table
    record: type[R]
    present: Callable[[Work, Sequence[R]], list[dict[str, Any]]]
    visible: Visible
    columns: Mapping[str, str] = field(default_factory=dict)
    special: Mapping[str, Special] = field(default_factory=dict)
    has_name: bool = True
    # What other resources have and this one has not, as Neutron's own.
    lacks: tuple[str, ...] = ()
    # What only administrators and services see.
    restricted: frozenset[str] = frozenset()

    @property
    def attributes(self) -> dict[str, str]:
        """All attributes that are columns."""
        return {**STANDARD, **self.columns}

    def find(self, work: Work, identifier: str, *within: Clause) -> R:
        """One that the caller sees, or ``NotFound``.  ``within``: of which only."""
        found = work.records(
            self.record,
            self.table,
            self.table.c.id == identifier,
            *within,
            *self._seen(work),
        )
        if not found:
            raise not_found(f"{self.kind}NotFound", self.title, identifier)
        return found[0]

    def page(self, work: Work, query: Query, *within: Clause) -> tuple[list[R], Page]:
        """One page.  Raises ``BadRequest``."""
        known = self._known(work)
        page = parse_page(query, sortable=frozenset(known), default_sort=ORDER)
        where = [
            *within,
            *self._seen(work, query.one(VISIBLE_TO)),
            *self._filters(work, query, known),
        ]
        keys = [(self.attributes[key], down) for key, down in page.sort]
        if "id" not in [key for key, _ in keys]:
            keys.append(("id", False))
        order = [(self.table.c[key], down is not page.reverse) for key, down in keys]
        after = self._marker(work, page.marker, [key for key, _ in keys])
        statement = paginate(
            self.table.select().where(*where), order, after, page.limit or PAGE_MAX
        )
        records = [self.record(**row) for row in work.rows(statement)]
        return (records[::-1] if page.reverse else records), page

    def show(self, work: Work, records: Sequence[R]) -> list[dict[str, Any]]:
        """Records as the API writes them."""
        shown = self.present(work, records)
        labels = TAGS.of(work.connection, [record.id for record in records])
        is_whole = sees_all(work)
        for record, item in zip(records, shown, strict=True):
            item.update(standard(record, self.has_name))
            item["tags"] = labels[record.id]
            for name in self.lacks:
                del item[name]
            if not is_whole:
                for name in self.restricted:
                    item.pop(name, None)
        return shown

    def _seen(self, work: Work, project_id: str = "") -> list[Clause]:
        if sees_all(work):
            return [self.visible(work, project_id)] if project_id else []
        if not work.project_id:
            # Who has no project owns nothing, not even what is nobody's.
            return [sa.false()]
        return [self.visible(work, work.project_id)]

    def _marker(
        self, work: Work, marker: str, keys: list[str]
    ) -> tuple[Any, ...] | None:
        if not marker:
            return None
        # What the caller does not see tells him nothing, not even that it is there.
        found = work.records(
            self.record, self.table, self.table.c.id == marker, *self._seen(work)
        )
        if not found:
            raise BadRequest(f"The marker {marker} is not there")
        return tuple(getattr(found[0], key) for key in keys)

    def _known(self, work: Work) -> Mapping[str, str]:
        """The attributes that the caller may filter and sort by: those he sees."""
        hidden = set() if sees_all(work) else set(self.restricted)
        if not self.has_name:
            hidden.add("name")
        return {
            name: column
            for name, column in self.attributes.items()
            if name not in hidden
        }

    def _filters(
        self, work: Work, query: Query, known: Mapping[str, str]
    ) -> list[Clause]:
        names = dict.fromkeys(name for name, _ in query.pairs)
        clauses = []
        for name in names:
            if name in CONTROLS or name == VISIBLE_TO:
                continue
            values = query.all(name)
            if name in self.special:
                clauses.append(self.special[name](work, values))
            elif name in TAG_FILTERS:
                clauses.append(TAGS.clause(name, self.table.c.id, values))
            elif name in known:
                column = self.table.c[known[name]]
                wanted = [filter_value(name, column, text) for text in values]
                clauses.append(column.in_(wanted))
            else:
                raise BadRequest(
                    f"Invalid input for filters: [{name!r}] is invalid attribute for"
                    " filtering",
                    kind="HTTPBadRequest",
                )
        return clauses


def is_service(work: Work) -> bool:
    """Whether one of the house's own services asks."""
    return work.context.has_role("service")


def is_own_service(work: Work, attributes: Mapping[str, Any]) -> bool:
    """Whether a service makes it for itself: groups of what it puts on networks, which
    nobody counts."""
    return is_service(work) and attributes["project_id"] == work.project_id


def sees_all(work: Work) -> bool:
    """Whether nothing is hidden from the caller."""
    return work.policy.allows(work.context, READS_ALL)


def standard(record: Resource, has_name: bool = True) -> dict[str, Any]:
    """What every resource shows."""
    found = {
        "id": record.id,
        "project_id": record.project_id,
        "tenant_id": record.project_id,
        "description": record.description,
        "revision_number": record.revision,
        "created_at": iso_z(record.created_at),
        "updated_at": iso_z(record.updated_at),
    }
    if has_name:
        found["name"] = record.name
    return found


def own(table: sa.Table) -> Visible:
    """What belongs to the project."""
    return lambda work, project_id: table.c.project_id == project_id
