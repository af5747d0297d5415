"""What labels count at routers: for hosts' views."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.metering.model import MeteringLabel, MeteringRule
from compute.network.model import INGRESS, Router
from compute.network.view_meters import Meter, MeterRule
from compute.network.view_rules import Direction


def meters_of(work: Work, routers: Sequence[Router]) -> dict[str, tuple[Meter, ...]]:
    """By router, what is counted there."""
    labels, rules = tables.metering_labels, tables.metering_rules
    projects = sorted({router.project_id for router in routers})
    found = work.records(
        MeteringLabel,
        labels,
        sa.or_(labels.c.shared.is_(True), labels.c.project_id.in_(projects)),
    )
    held: dict[str, list[MeterRule]] = {}
    of_these = rules.c.label_id.in_([label.id for label in found])
    for rule in work.records(MeteringRule, rules, of_these) if found else ():
        held.setdefault(rule.label_id, []).append(_told(rule))
    return {
        router.id: tuple(
            Meter(label.id, label.project_id, tuple(held[label.id]))
            for label in found
            if label.id in held
            and (label.shared or label.project_id == router.project_id)
        )
        for router in routers
    }


def _told(rule: MeteringRule) -> MeterRule:
    """What Neutron calls remote is remote to the gateway: who inside receives what
    comes in, and who inside sends what goes out."""
    comes_in = rule.direction == INGRESS
    return MeterRule(
        Direction(rule.direction),
        rule.excluded,
        rule.source_prefix or ("" if comes_in else rule.remote_prefix),
        rule.destination_prefix or (rule.remote_prefix if comes_in else ""),
    )
