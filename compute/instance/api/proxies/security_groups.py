"""Security groups and their rules, asked of the network service.

Here a rule has a group's or an address range's name for whom it lets in, and -1 for any
kind of ICMP message; ``rule_there`` says the same in the words of the network service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.instance.api.proxies.frame import inner_of, key_of, proxied
from compute.instance.api.proxies.network_service import NetworkService
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.views.security_groups import (
    Found,
    Remotes,
    group_view,
    remote_ids,
    rule_view,
    rules_shown,
)
from objectstore.kernel.reply import Reply

# In one question: as many as a line of a request holds with ease.
REMOTES_ASKED_MAX = 200
_ICMP = "icmp"
_ANY_MESSAGE = -1
_PORTS = (("from_port", "port_range_min"), ("to_port", "port_range_max"))


class SecurityGroupProxiesApi:
    """Handlers."""

    def __init__(self, service: NetworkService, lifecycle: Lifecycle) -> None:
        self._service = service
        self._lifecycle = lifecycle

    def verbs(self) -> list[Verb]:
        """The routes."""
        groups, rules = "/os-security-groups", "/os-security-group-rules"
        proxies = proxied(
            [
                ("GET", groups, self.groups),
                ("POST", groups, self.create_group),
                ("GET", f"{groups}/{{key}}", self.group),
                ("PUT", f"{groups}/{{key}}", self.update_group),
                ("DELETE", f"{groups}/{{key}}", self.delete_group),
                ("POST", rules, self.create_rule),
                ("DELETE", f"{rules}/{{key}}", self.delete_rule),
            ]
        )
        return [
            *proxies,
            # Beyond the proxies: the groups of one server are its own.
            Verb("GET", "/servers/{server_id}/os-security-groups", self.server_groups),
        ]

    # ---- groups ----------------------------------------------------------------

    def groups(self, call: ApiCall) -> Reply:
        """GET /os-security-groups."""
        found = self._service.listed(call, "security-groups")
        return ok({"security_groups": self._shown(call, found)})

    def group(self, call: ApiCall) -> Reply:
        """GET /os-security-groups/{id}."""
        found = self._service.one(call, "security-groups", "security_group")
        return self._group(call, found)

    def server_groups(self, call: ApiCall) -> Reply:
        """GET /servers/{id}/os-security-groups."""
        server = self._lifecycle.visible(
            call.context, call.parameters["server_id"], "os_compute_api:servers:show"
        )
        ports = self._service.listed(call, "ports", f"?device_id={server.id}")
        ids = {group for port in ports for group in port["security_groups"]}
        groups = self._service.listed(call, "security-groups")
        own = [each for each in groups if each["id"] in ids]
        return ok({"security_groups": self._shown(call, own)})

    def create_group(self, call: ApiCall) -> Reply:
        """POST /os-security-groups."""
        made = self._service.make(
            call, "security-groups", "security_group", _group_there(call)
        )
        return self._group(call, made)

    def update_group(self, call: ApiCall) -> Reply:
        """PUT /os-security-groups/{id}."""
        changed = self._service.change(
            call,
            "security-groups",
            key_of(call),
            "security_group",
            _group_there(call),
        )
        return self._group(call, changed)

    def delete_group(self, call: ApiCall) -> Reply:
        """DELETE /os-security-groups/{id}."""
        return self._service.delete(call, "security-groups")

    # ---- rules -----------------------------------------------------------------

    def create_rule(self, call: ApiCall) -> Reply:
        """POST /os-security-group-rules."""
        rule = rule_there(inner_of(call, "security_group_rule"))
        made = self._service.make(
            call, "security-group-rules", "security_group_rule", rule
        )
        remotes = self._remotes(call, [made])
        return ok({"security_group_rule": rule_view(made, remotes)})

    def delete_rule(self, call: ApiCall) -> Reply:
        """DELETE /os-security-group-rules/{id}."""
        return self._service.delete(call, "security-group-rules")

    # ---- as this API shows them ------------------------------------------------

    def _group(self, call: ApiCall, found: Found) -> Reply:
        (shown,) = self._shown(call, [found])
        return ok({"security_group": shown})

    def _shown(self, call: ApiCall, groups: Sequence[Found]) -> list[dict[str, Any]]:
        remotes = self._remotes(call, rules_shown(groups))
        return [group_view(each, remotes) for each in groups]

    def _remotes(self, call: ApiCall, rules: Iterable[Found]) -> Remotes:
        """What is shown of the groups that these rules let in, as far as the caller
        may see them."""
        ids = remote_ids(rules)
        if not ids:
            return {}
        query = "&".join(f"id={quote(each)}" for each in ids[:REMOTES_ASKED_MAX])
        found = self._service.listed(call, "security-groups", f"?{query}")
        return {
            each["id"]: {"name": each["name"], "tenant_id": each["project_id"]}
            for each in found
        }


def _group_there(call: ApiCall) -> dict[str, Any]:
    body = inner_of(call, "security_group")
    return {key: body[key] for key in ("name", "description") if key in body}


def rule_there(body: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of this API's words as the network service wants it; ``BadRequest`` for
    ports that are no numbers."""
    protocol = str(body.get("ip_protocol") or "").lower() or None
    is_ipv6 = ":" in str(body.get("cidr") or "")
    rule: dict[str, Any] = {
        "security_group_id": body.get("parent_group_id"),
        "direction": "ingress",
        "ethertype": "IPv6" if is_ipv6 else "IPv4",
        "protocol": protocol,
        "remote_ip_prefix": body.get("cidr"),
        "remote_group_id": body.get("group_id"),
    }
    for ours, theirs in _PORTS:
        number = _number(body, ours)
        is_any_message = protocol == _ICMP and number == _ANY_MESSAGE
        if number is not None and not is_any_message:
            rule[theirs] = number
    return rule


def _number(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{name} must be an integer, not {value!r}") from None
