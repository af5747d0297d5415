"""``OS::Neutron::MeteringLabel`` and ``OS::Neutron::MeteringRule``: administrators make
them, and they never change."""

from __future__ import annotations

from compute.orchestration.resources.frame.markless import MarklessThing
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    attributes,
    flag,
    text,
)

EGRESS, INGRESS = "egress", "ingress"


class MeteringLabel(MarklessThing):
    """A meter of routers."""

    name = "OS::Neutron::MeteringLabel"
    description = "What is counted together of what passes routers."
    shelf = "neutron.metering_label"
    alike = ("name",)
    properties = {
        "name": text("The name of the label"),
        "description": text("What it is for"),
        "shared": flag("Whether it counts at all projects' routers", False),
    }
    attributes = attributes(
        name="Its name",
        description="What it is for",
        shared=a_flag("Whether it counts at all projects' routers"),
    )


class MeteringRule(MarklessThing):
    """What a label counts."""

    name = "OS::Neutron::MeteringRule"
    description = "What a label counts, or leaves out."
    shelf = "neutron.metering_rule"
    alike = ("metering_label_id", "direction", "excluded", "remote_ip_prefix")
    properties = {
        "metering_label_id": text(
            "The label", required=True, is_a="neutron.metering_label"
        ),
        "remote_ip_prefix": text("The addresses inside", required=True),
        "direction": text("Which way", INGRESS, one_of=(INGRESS, EGRESS)),
        "excluded": flag("Whether it is left out", False),
    }
    attributes = attributes(
        metering_label_id="The label",
        remote_ip_prefix="The addresses inside",
        direction="Which way",
        excluded=a_flag("Whether it is left out"),
    )


TYPES = (MeteringLabel(), MeteringRule())
