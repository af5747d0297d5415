"""What QoS policies mean for the host that keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from compute.network.frame.work import Work
from compute.network.model import (
    EGRESS,
    INGRESS,
    BandwidthRule,
    DscpRule,
    Network,
    Port,
)
from compute.network.qos.model import PacketRateRule
from compute.network.qos.policies import (
    bandwidth_rules_of,
    dscp_rules_of,
    packet_rate_rules_of,
)
from compute.network.quality import UNMARKED, Bandwidth, PacketRate, Quality

Qualities = Mapping[str, Quality]
"""By the policy's id."""


def qualities(work: Work, policies: Iterable[str]) -> Qualities:
    """What these policies ask for ("" is no policy)."""
    wanted = sorted({each for each in policies if each})
    if not wanted:
        return {}
    limits, marks = bandwidth_rules_of(work, wanted), dscp_rules_of(work, wanted)
    rates = packet_rate_rules_of(work, wanted)
    return {
        each: quality_of(
            [rule for rule in limits if rule.policy_id == each],
            [rule for rule in marks if rule.policy_id == each],
            [rule for rule in rates if rule.policy_id == each],
        )
        for each in wanted
    }


def quality_of(
    limits: Sequence[BandwidthRule],
    marks: Sequence[DscpRule],
    rates: Sequence[PacketRateRule],
) -> Quality:
    """Of one policy's rules."""
    speeds = {
        rule.direction: Bandwidth(rule.max_kbps, rule.max_burst_kbps) for rule in limits
    }
    packets = {
        rule.direction: PacketRate(rule.max_kpps, rule.max_burst_kpps) for rule in rates
    }
    return Quality(
        egress=speeds.get(EGRESS, Bandwidth()),
        ingress=speeds.get(INGRESS, Bandwidth()),
        dscp_mark=marks[0].dscp_mark if marks else UNMARKED,
        egress_packets=packets.get(EGRESS, PacketRate()),
        ingress_packets=packets.get(INGRESS, PacketRate()),
    )


def policy_of(port: Port, networks: Mapping[str, Network]) -> str:
    """The policy that a port keeps; "": none."""
    if not port.is_guest:
        return ""
    network = networks.get(port.network_id)
    return port.qos_policy_id or (network.qos_policy_id if network else "")
