"""``OS::Neutron::QoSPolicy`` and its rules; ``OS::Neutron::RBACPolicy``."""

from __future__ import annotations

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import find
from compute.orchestration.resources.frame.markless import MarklessThing
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    attributes,
    flag,
    text,
    whole,
)
from compute.orchestration.resources.neutron.network_thing import (
    OWNER,
    NetworkThing,
    named,
)

DSCP_MARKS = (0, *range(8, 41, 2), 46, 48, 56)
EGRESS, INGRESS = "egress", "ingress"


class QoSPolicy(NetworkThing):
    """A policy; administrators make them."""

    name = "OS::Neutron::QoSPolicy"
    description = "What ports may use of the network."
    shelf = "neutron.qos_policy"
    properties = {
        "name": named("the policy"),
        "description": text("What it is for", live=True),
        "shared": flag("Whether all projects may use it", False, live=True),
        "tenant_id": OWNER,
    }
    attributes = attributes(
        name="Its name",
        shared=a_flag("Whether all projects may use it"),
        rules=a_list("Its rules"),
        tenant_id="The project that owns it",
    )


_POLICY = text("The policy", required=True, is_a="neutron.qos_policy")
_OWNER = OWNER


class QoSRule(MarklessThing):
    """One rule of a policy."""

    aside = frozenset({"policy", "tenant_id"})

    def path(self, work: Work) -> tuple[str, ...]:
        """Below the policy."""
        policy = find(work.cloud, "neutron.qos_policy", work.properties["policy"])
        return ("qos", "policies", policy, *self.place.path)


class QoSBandwidthLimitRule(QoSRule):
    """How much may pass in one direction."""

    name = "OS::Neutron::QoSBandwidthLimitRule"
    description = "How much may pass in one direction."
    shelf = "neutron.bandwidth_limit_rule"
    alike = ("direction",)
    properties = {
        "policy": _POLICY,
        "max_kbps": whole("Kilobits a second", required=True, live=True, least=0),
        "max_burst_kbps": whole("Kilobits at once", 0, live=True, least=0),
        "direction": text("Which way", EGRESS, live=True, one_of=(EGRESS, INGRESS)),
        "tenant_id": _OWNER,
    }


class QoSDscpMarkingRule(QoSRule):
    """With what packets are marked."""

    name = "OS::Neutron::QoSDscpMarkingRule"
    description = "With what packets are marked."
    shelf = "neutron.dscp_marking_rule"
    properties = {
        "policy": _POLICY,
        "dscp_mark": whole("The mark", required=True, live=True, one_of=DSCP_MARKS),
        "tenant_id": _OWNER,
    }


class RBACPolicy(MarklessThing):
    """Lends a thing to a project, or to all."""

    name = "OS::Neutron::RBACPolicy"
    description = "Lends a network, a group or another thing to a project."
    shelf = "neutron.rbac_policy"
    alike = ("object_type", "object_id", "action", "target_tenant")
    properties = {
        "object_type": text("What kind of thing", required=True),
        "object_id": text("Its id", required=True),
        "target_tenant": text("To whom; * for all", required=True, live=True),
        "action": text(
            "For what",
            required=True,
            one_of=("access_as_shared", "access_as_external"),
        ),
        "tenant_id": _OWNER,
    }
    attributes = attributes(action="For what", target_tenant="To whom")


TYPES = (QoSPolicy(), QoSBandwidthLimitRule(), QoSDscpMarkingRule(), RBACPolicy())
