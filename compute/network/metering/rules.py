"""Rules of meters: create, delete, and how the API shows them.  They never change."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import EXTENDED, Collection
from compute.network.frame.concerns import hosts_that_count
from compute.network.frame.fields import BOOLEAN, TEXT_OR_NULL, UUID, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.prefixes import parse_destination
from compute.network.metering.labels import COLLECTION as LABELS
from compute.network.metering.labels import VERBS, no_update, seen_labels
from compute.network.metering.model import MeteringRule
from compute.network.model import EGRESS, INGRESS

RULES_MAX = 100  # of one label
REMOTE, SOURCE, DESTINATION = PREFIXES = (
    "remote_ip_prefix",
    "source_ip_prefix",
    "destination_ip_prefix",
)
FIELDS = Fields(
    Field("metering_label_id", UUID, required=True),
    Field("direction", {"enum": [INGRESS, EGRESS]}, default=INGRESS),
    Field("excluded", BOOLEAN, default=False),
    *(Field(name, TEXT_OR_NULL, default=None) for name in PREFIXES),
)


def create_rule(work: Work, body: Body) -> MeteringRule:
    """One more; ``MeteringLabelRuleOverlaps`` for what counts already."""
    label = LABELS.find(work, body["metering_label_id"])
    prefixes = {
        name: str(parse_destination(body[name], name)) if body[name] else ""
        for name in PREFIXES
    }
    _check_prefixes(prefixes)
    rule = MeteringRule(
        **work.new(),
        project_id=label.project_id,
        label_id=label.id,
        direction=body["direction"],
        excluded=body["excluded"],
        remote_prefix=prefixes[REMOTE],
        source_prefix=prefixes[SOURCE],
        destination_prefix=prefixes[DESTINATION],
    )
    table = tables.metering_rules
    held = work.records(MeteringRule, table, table.c.label_id == label.id)
    if len(held) >= RULES_MAX:
        raise conflict(
            "MeteringLabelRuleLimit", f"A metering label has at most {RULES_MAX} rules."
        )
    if any(_meets(rule, other) for other in held):
        raise conflict(
            "MeteringLabelRuleOverlaps",
            f"Metering label rule with remote_ip_prefix '{rule.remote_prefix}' overlaps"
            " another.",
        )
    work.insert(table, rule)
    work.touch(hosts_that_count(work.connection, label.project_id, label.shared))
    return rule


def delete_rule(work: Work, rule: MeteringRule) -> None:
    """Take it away."""
    label = LABELS.find(work, rule.label_id)
    work.delete(tables.metering_rules, rule)
    work.touch(hosts_that_count(work.connection, label.project_id, label.shared))


def _check_prefixes(prefixes: dict[str, str]) -> None:
    given = [name for name in PREFIXES if prefixes[name]]
    if not given:
        raise invalid(f"one of {', '.join(PREFIXES)} must be given.")
    if REMOTE in given and len(given) > 1:
        raise invalid(f"{REMOTE} goes with no other prefix.")
    versions = {ipaddress.ip_network(prefixes[name]).version for name in given}
    if len(versions) > 1:
        raise invalid("source and destination are of different IP versions.")


def _meets(one: MeteringRule, other: MeteringRule) -> bool:
    """Whether both say the same of the same addresses inside."""
    if (one.direction, one.excluded) != (other.direction, other.excluded):
        return False
    if not one.remote_prefix or not other.remote_prefix:
        return False
    mine = ipaddress.ip_network(one.remote_prefix)
    its = ipaddress.ip_network(other.remote_prefix)
    return mine.version == its.version and mine.overlaps(its)


def _visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
    """Whoever sees the label sees its rules."""
    labels = tables.metering_labels
    seen = sa.select(labels.c.id).where(seen_labels(work, project_id))
    return tables.metering_rules.c.label_id.in_(seen)


def _present(work: Work, rules: Sequence[MeteringRule]) -> list[Body]:
    return [
        {
            "metering_label_id": rule.label_id,
            "direction": rule.direction,
            "excluded": rule.excluded,
            REMOTE: rule.remote_prefix or None,
            SOURCE: rule.source_prefix or None,
            DESTINATION: rule.destination_prefix or None,
        }
        for rule in rules
    ]


COLLECTION: Collection[Any] = Collection(
    singular="metering_label_rule",
    plural="metering-label-rules",
    title="Metering label rule",
    kind="MeteringLabelRule",
    table=tables.metering_rules,
    record=MeteringRule,
    present=_present,
    visible=_visible,
    columns={
        "metering_label_id": "label_id",
        "direction": "direction",
        "excluded": "excluded",
        REMOTE: "remote_prefix",
        SOURCE: "source_prefix",
        DESTINATION: "destination_prefix",
    },
    has_name=False,
    lacks=EXTENDED,
)
DEFINITION: Definition[Any] = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_rule,
    update=no_update,
    delete=delete_rule,
    path="metering/metering-label-rules",
    verbs=VERBS,
)
