"""``OS::Neutron::SecurityGroup`` and ``OS::Neutron::SecurityGroupRule``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.properties import Schema
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import NETWORK, find
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    items,
    text,
    whole,
)
from compute.orchestration.resources.neutron.network_thing import (
    TAG_LIST,
    NetworkThing,
)
from objectstore.kernel.errors import Rejected

PORT_MAX = 65535
RULES = "rules"
EGRESS, INGRESS = "egress", "ingress"
BY_PREFIX, BY_GROUP = "remote_ip_prefix", "remote_group_id"
# By what two rules are told apart.
_SAME = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    BY_PREFIX,
    BY_GROUP,
)
_CLASH, _MISSING = 409, 404

_COMMON: Schema = {
    "direction": text("Into the guest or out", INGRESS, one_of=(INGRESS, EGRESS)),
    "ethertype": text("IPv4 or IPv6", "IPv4", one_of=("IPv4", "IPv6")),
    "port_range_min": whole("The first port, or ICMP's type", least=0, most=PORT_MAX),
    "port_range_max": whole("The last port, or ICMP's code", least=0, most=PORT_MAX),
    "protocol": text("By its name or number; any when it is not given"),
}


class SecurityGroup(NetworkThing):
    """A group, and all the rules that it has: rules that somebody else gives it are
    left alone."""

    name = "OS::Neutron::SecurityGroup"
    description = "Who may reach the ports that are in it, and whom they may."
    shelf = "neutron.security_group"
    aside = frozenset({RULES})
    properties = {
        "name": text("The name of the group", live=True),
        "description": text("What it is for", live=True),
        "rules": items(
            "Its rules; what goes out is free unless one says otherwise",
            {
                **_COMMON,
                "remote_mode": text(
                    "Whom the rule is about", BY_PREFIX, one_of=(BY_PREFIX, BY_GROUP)
                ),
                "remote_group_id": text(
                    "A group; this one when it is not given",
                    is_a="neutron.security_group",
                ),
                "remote_ip_prefix": text("Addresses, as 10.0.0.0/8"),
            },
            [],
            live=True,
        ),
        "tags": TAG_LIST,
    }
    attributes = attributes(
        name="Its name",
        description="What it is for",
        tenant_id="The project that owns it",
        security_group_rules=a_list("Its rules"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """Each rule is about a group or about addresses."""
        if properties["name"] == "default":
            raise Invalid("name: every project has the group default already")
        rules = properties[RULES]
        for rule in rules if isinstance(rules, list) else ():
            if not isinstance(rule, Mapping):
                continue
            if rule["remote_mode"] == BY_PREFIX and rule[BY_GROUP] is not None:
                raise Invalid(f"rules: {BY_GROUP} needs remote_mode {BY_GROUP}")
            if rule["remote_mode"] == BY_GROUP and rule[BY_PREFIX] is not None:
                raise Invalid(f"rules: {BY_PREFIX} needs remote_mode {BY_PREFIX}")

    def is_created(self, work: Work) -> bool:
        """The group is there; then its rules."""
        if not super().is_created(work):
            return False
        self._add(work, work.properties[RULES])
        return True

    def update(self, work: Work, change: Change) -> None:
        """Rules that are no longer wanted go, new ones come."""
        super().update(work, change)
        if RULES not in change.names:
            return
        wanted = [_values(work, rule) for rule in change.after[RULES] or ()]
        before = [_values(work, rule) for rule in change.before[RULES] or ()]
        for rule in self._rules(work):
            values = {name: rule[name] for name in _SAME}
            if values in before and values not in wanted:
                work.cloud.delete(NETWORK, "security-group-rules", rule["id"])
        self._add(work, change.after[RULES])

    def _add(self, work: Work, rules: Iterable[Mapping[str, Any]]) -> None:
        there = list(self._rules(work))
        rules = list(rules or ())
        wanted = [_values(work, rule) for rule in rules]
        if any(rule["direction"] == EGRESS for rule in rules):
            # What every new group lets out would let out everything.
            for rule in there:
                values = {name: rule[name] for name in _SAME}
                if _is_default(values) and values not in wanted:
                    work.cloud.delete(NETWORK, "security-group-rules", rule["id"])
        known = [{name: rule[name] for name in _SAME} for rule in there]
        for values in wanted:
            if values not in known:
                known.append(values)
                _make_rule(work, {**values, "security_group_id": work.physical_id})

    def _rules(self, work: Work) -> Iterator[Mapping[str, Any]]:
        return iter(self.show(work)["security_group_rules"])


def _is_default(values: Mapping[str, Any]) -> bool:
    rest = [values[name] for name in _SAME if name not in ("direction", "ethertype")]
    return values["direction"] == EGRESS and not any(each is not None for each in rest)


def _values(work: Work, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the template as the room shows it."""
    found = {name: rule.get(name) for name in _SAME}
    if rule.get("remote_mode") == BY_GROUP:
        given = rule[BY_GROUP]
        found[BY_GROUP] = (
            find(work.cloud, "neutron.security_group", given)
            if given
            else work.physical_id
        )
    if found["protocol"] in ("", "any"):
        found["protocol"] = None
    return found


def _make_rule(work: Work, values: Mapping[str, Any]) -> None:
    body = {"security_group_rule": values}
    try:
        work.cloud.post(NETWORK, "security-group-rules", body=body)
    except Rejected as refusal:
        # The room writes prefixes in its own way; a rule that is there is there.
        if refusal.status != _CLASH or "exists" not in str(refusal):
            raise


class SecurityGroupRule(NetworkThing):
    """One rule of a group that is somewhere else."""

    name = "OS::Neutron::SecurityGroupRule"
    description = "A rule of a security group."
    shelf = "neutron.security_group_rule"
    mark = "description"
    fields = {"security_group": "security_group_id", "remote_group": BY_GROUP}
    properties = {
        "security_group": text(
            "The group", required=True, is_a="neutron.security_group"
        ),
        "description": text("What it is for"),
        "remote_group": text(
            "The group that it is about", is_a="neutron.security_group"
        ),
        "remote_ip_prefix": text("The addresses that it is about"),
        **_COMMON,
    }
    attributes = attributes(
        direction="Into the guest or out",
        security_group_id="The group's id",
        protocol="The protocol",
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """A group or addresses, and ports of what has ports."""
        if properties["remote_group"] is not None and (
            properties[BY_PREFIX] is not None
        ):
            raise Invalid("remote_group and remote_ip_prefix: only one can be given")
        ports = [properties[name] for name in ("port_range_min", "port_range_max")]
        if any(each is not None for each in ports) and not properties["protocol"]:
            raise Invalid("port_range_min and port_range_max need a protocol")

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """``any`` protocol is none."""
        body = super().body(work, names)
        if body.get("protocol") in ("", "any"):
            del body["protocol"]
        return body


TYPES = (SecurityGroup(), SecurityGroupRule())
