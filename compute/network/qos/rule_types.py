"""Which kinds of QoS rules there are here, and what they take."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import BadRequest
from compute.network.errors import not_found
from compute.network.frame.bodies import only
from compute.network.model import EGRESS, INGRESS
from compute.network.qos.packet_rates import KPPS_MAX
from compute.network.qos.policies import BANDWIDTH, DSCP, PACKET_RATE
from compute.network.qos.rules import DSCP_MARKS, KBPS_MAX
from objectstore.kernel.reply import Reply

DRIVER = "ringstack"
# What all rules are, and what all ports support, is the same here.
QUERY = frozenset({"type", "fields", "all_supported", "all_rules"})


def _range(name: str, first: int, last: int = KBPS_MAX) -> dict[str, Any]:
    return {
        "parameter_name": name,
        "parameter_type": "range",
        "parameter_values": {"start": first, "end": last},
    }


def _choices(name: str, values: list[Any]) -> dict[str, Any]:
    return {
        "parameter_name": name,
        "parameter_type": "choices",
        "parameter_values": values,
    }


TYPES: dict[str, list[dict[str, Any]]] = {
    BANDWIDTH: [
        _range("max_kbps", 1),
        _range("max_burst_kbps", 0),
        _choices("direction", [EGRESS, INGRESS]),
    ],
    DSCP: [_choices("dscp_mark", sorted(DSCP_MARKS))],
    PACKET_RATE: [
        _range("max_kpps", 1, KPPS_MAX),
        _range("max_burst_kpps", 0, KPPS_MAX),
        _choices("direction", [EGRESS, INGRESS]),
    ],
}


class RuleTypeApi:
    """Two routes."""

    def routes(self) -> list[Route]:
        """GET, all or one."""
        return [
            Route("GET", "/v2.0/qos/rule-types", self.list),
            Route("GET", "/v2.0/qos/rule-types/{type}", self.show),
        ]

    def list(self, call: ApiCall) -> Reply:
        """All of them."""
        for name, _ in call.query.pairs:
            if name not in QUERY:
                raise BadRequest(f"{name[:80]!r} is no filter of rule types")
        wanted = call.query.all("type") or TYPES
        found = [only({"type": name}, call) for name in TYPES if name in wanted]
        return json_reply(200, {"rule_types": found})

    def show(self, call: ApiCall) -> Reply:
        """One, with what its rules take."""
        name = call.parameters["type"]
        if name not in TYPES:
            raise not_found("QosRuleTypeNotFound", "QoS rule type", name[:80])
        driver = {"name": DRIVER, "supported_parameters": TYPES[name]}
        return json_reply(200, {"rule_type": {"type": name, "drivers": [driver]}})
