"""Security groups and their rules, in the words of the older API.  Pure.

There every rule says whom it lets in, by a range of addresses or by a group's name, and
a range of ports even where any will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Found = Mapping[str, Any]
Remotes = Mapping[str, Mapping[str, Any]]
"""Groups that rules let in, by id: their names, and whose they are."""

_EVERYONE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
_PORTS_ANY = (1, 65535)
_MESSAGES_ANY = (-1, -1)


def group_view(group: Found, remotes: Remotes) -> dict[str, Any]:
    """A group, with the rules for what comes in: others were not known."""
    return {
        "id": group["id"],
        "name": group["name"],
        "description": group["description"],
        "tenant_id": group["project_id"],
        "rules": [rule_view(rule, remotes) for rule in rules_shown([group])],
    }


def rules_shown(groups: Iterable[Found]) -> list[Found]:
    """Their rules that have a place in the older API."""
    return [
        rule
        for group in groups
        for rule in group.get("security_group_rules", ())
        if rule["direction"] == "ingress"
    ]


def remote_ids(rules: Iterable[Found]) -> list[str]:
    """The groups that they let in."""
    found = {rule.get("remote_group_id") for rule in rules}
    return sorted(each for each in found if each)


def rule_view(rule: Found, remotes: Remotes) -> dict[str, Any]:
    """A rule."""
    first, last = _ports(rule)
    remote = rule.get("remote_group_id")
    prefix = rule.get("remote_ip_prefix") or _EVERYONE[rule["ethertype"]]
    return {
        "id": rule["id"],
        "parent_group_id": rule["security_group_id"],
        "ip_protocol": rule["protocol"],
        "from_port": first,
        "to_port": last,
        "group": dict(remotes.get(remote, {})) if remote else {},
        "ip_range": {} if remote else {"cidr": prefix},
    }


def _ports(rule: Found) -> tuple[int | None, int | None]:
    first, last = rule["port_range_min"], rule["port_range_max"]
    if rule["protocol"] is None or first is not None or last is not None:
        return first, last
    return _PORTS_ANY if rule["protocol"] in ("tcp", "udp") else _MESSAGES_ANY
