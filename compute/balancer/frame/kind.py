"""How a kind of thing is listed and shown: whom a caller sees, filters, order, pages.

Every attribute that is a column is a filter (repeated: any of its values) and a sort
key; others bring a clause of their own (``special``).  An unknown filter is refused: a
misspelt one must not answer with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.frame.work import Work
from compute.balancer.model import Thing
from compute.balancer.policies import SEES_ALL
from compute.core.api.pagination import PAGE_MAX, Page, paginate, parse_page
from compute.core.api.query import Query
from compute.core.errors import BadRequest, NotFound
from compute.core.instants import iso_z
from compute.core.sql.filter_values import filter_value
from compute.core.sql.tags import TAG_FILTERS, Tags

R = TypeVar("R", bound=Thing)
Clause = sa.ColumnElement[bool]
Special = Callable[[list[str]], Clause]
Item = dict[str, Any]

CONTROLS = frozenset(
    {"limit", "marker", "page_reverse", "sort", "sort_key", "sort_dir", "fields"}
)
ORDER = (("created_at", False), ("id", False))
STANDARD = {
    "id": "id",
    "project_id": "project_id",
    "tenant_id": "project_id",
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_up",
    "provisioning_status": "provisioning_status",
    "operating_status": "operating_status",
}
MOMENTS = ("created_at", "updated_at")
TAGS = Tags(tables.tags, "thing_id")


@dataclass(frozen=True)
class Kind(Generic[R]):
    """``word``: in policy rules; ``singular``, ``plural``: in documents; ``title``: to
    people; ``present`` writes the attributes that only this kind has; ``lacks``: of the
    others, those that it has not."""

    word: str
    singular: str
    plural: str
    title: str
    table: sa.Table
    record: type[R]
    present: Callable[[Work, Sequence[R]], list[Item]]
    columns: Mapping[str, str] = field(default_factory=dict)
    special: Mapping[str, Special] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    nulls: frozenset[str] = frozenset()

    def missing(self, identifier: str) -> NotFound:
        """There is none of that id."""
        return NotFound(f"{self.title} {identifier[:64]} not found.")

    def find(self, work: Work, identifier: str, *within: Clause) -> R:
        """One that the caller sees, or ``NotFound``."""
        found = work.records(
            self.record,
            self.table,
            self.table.c.id == identifier,
            *within,
            *self.seen(work),
        )
        if not found:
            raise self.missing(identifier)
        return found[0]

    def page(self, work: Work, query: Query, *within: Clause) -> tuple[list[R], Page]:
        """One page.  Raises ``BadRequest``."""
        known = self.attributes
        sortable = frozenset(known) | frozenset(MOMENTS)
        page = parse_page(query, sortable=sortable, default_sort=ORDER)
        where = [*within, *self.seen(work), *self._filters(query, known)]
        keys = [(known.get(key, key), down) for key, down in page.sort]
        if "id" not in [key for key, _ in keys]:
            keys.append(("id", False))
        order = [(self.table.c[key], down is not page.reverse) for key, down in keys]
        after = self._marker(work, page.marker, [key for key, _ in keys])
        statement = paginate(
            self.table.select().where(*where), order, after, page.limit or PAGE_MAX
        )
        records = [self.record(**row) for row in work.rows(statement)]
        return (records[::-1] if page.reverse else records), page

    def show(self, work: Work, records: Sequence[R]) -> list[Item]:
        """Records as the API writes them."""
        shown = self.present(work, records)
        labels = TAGS.of(work.connection, [record.id for record in records])
        for record, item in zip(records, shown, strict=True):
            item.update(_standard(record))
            item["tags"] = labels[record.id]
            item.update(dict.fromkeys(self.nulls))
            for name in self.lacks:
                item.pop(name, None)
        return shown

    @property
    def attributes(self) -> dict[str, str]:
        """All attributes that are columns, and filters."""
        return {**STANDARD, **self.columns}

    def seen(self, work: Work) -> list[Clause]:
        """What the caller sees of all things of this kind."""
        if work.policy.allows(work.context, SEES_ALL):
            return []
        if not work.context.project_id:
            return [sa.false()]
        return [self.table.c.project_id == work.context.project_id]

    def _marker(
        self, work: Work, marker: str, keys: list[str]
    ) -> tuple[Any, ...] | None:
        if not marker:
            return None
        found = work.records(
            self.record, self.table, self.table.c.id == marker, *self.seen(work)
        )
        if not found:
            raise BadRequest(f"The marker {marker[:64]} is not there")
        return tuple(getattr(found[0], key) for key in keys)

    def _filters(self, query: Query, known: Mapping[str, str]) -> list[Clause]:
        clauses = []
        for name in dict.fromkeys(name for name, _ in query.pairs):
            if name in CONTROLS:
                continue
            values = query.all(name)
            if name in self.special:
                clauses.append(self.special[name](values))
            elif name in TAG_FILTERS:
                clauses.append(TAGS.clause(name, self.table.c.id, values))
            elif name in known:
                column = self.table.c[known[name]]
                wanted = [filter_value(name, column, text) for text in values]
                clauses.append(column.in_(wanted))
            else:
                raise BadRequest(f"{name[:64]!r} is not a filter of {self.plural}")
        return clauses


def _standard(record: Thing) -> Item:
    changed = record.updated_at
    return {
        "id": record.id,
        "project_id": record.project_id,
        "tenant_id": record.project_id,
        "name": record.name,
        "description": record.description,
        "admin_state_up": record.admin_up,
        "provisioning_status": record.provisioning_status,
        "operating_status": record.operating_status,
        "created_at": _moment(record.created_at),
        "updated_at": _moment(changed) if changed else None,
    }


def _moment(seconds: float) -> str:
    """Octavia leaves the zone out."""
    return iso_z(seconds).removesuffix("Z")
