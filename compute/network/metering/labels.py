"""Labels of meters: create, delete, and how the API shows them.  They never change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import EXTENDED, Collection
from compute.network.frame.concerns import hosts_that_count
from compute.network.frame.fields import BOOLEAN, TEXT, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.metering.model import MeteringLabel

# Each costs its routers some rules for every packet.
LABELS_MAX = 100
FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("shared", BOOLEAN, default=False),
)
LACKS = tuple(name for name in EXTENDED if name != "description")
VERBS = frozenset({"list", "show", "create", "delete"})


def create_label(work: Work, body: Body) -> MeteringLabel:
    """A new one, which counts nothing until it has a rule."""
    label = MeteringLabel(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        shared=body["shared"],
    )
    labels = tables.metering_labels
    count = sa.select(sa.func.count()).where(labels.c.project_id == label.project_id)
    if int(work.connection.execute(count).scalar_one()) >= LABELS_MAX:
        raise conflict(
            "MeteringLabelLimit", f"A project has at most {LABELS_MAX} metering labels."
        )
    return work.insert(labels, label)


def no_update(work: Work, record: Any, body: Body) -> Any:
    """Neither labels nor rules have a PUT."""
    raise AssertionError("there is no such route")


def delete_label(work: Work, label: MeteringLabel) -> None:
    """Take it away with its rules."""
    rules = tables.metering_rules
    work.connection.execute(rules.delete().where(rules.c.label_id == label.id))
    work.delete(tables.metering_labels, label)
    work.touch(hosts_that_count(work.connection, label.project_id, label.shared))


def seen_labels(work: Work, project_id: str) -> sa.ColumnElement[bool]:
    """The project's own, and those that count for all."""
    labels = tables.metering_labels
    return sa.or_(labels.c.project_id == project_id, labels.c.shared.is_(True))


def _present(work: Work, labels: Sequence[MeteringLabel]) -> list[Body]:
    return [{"shared": label.shared} for label in labels]


COLLECTION: Collection[Any] = Collection(
    singular="metering_label",
    plural="metering-labels",
    title="Metering label",
    kind="MeteringLabel",
    table=tables.metering_labels,
    record=MeteringLabel,
    present=_present,
    visible=seen_labels,
    columns={"shared": "shared"},
    lacks=LACKS,
)
DEFINITION: Definition[Any] = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_label,
    update=no_update,
    delete=delete_label,
    path="metering/metering-labels",
    verbs=VERBS,
)
