"""Images, networks, security groups and floating addresses as 2.35 and before had
them here: each call is made to the service that has them, with the caller's token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from compute.core.api import ApiCall, empty_reply
from compute.core.errors import BadRequest, NotFound
from compute.core.query import Query
from compute.instance.api.actions import ActionsApi
from compute.instance.api.asked import Asked
from compute.instance.api.neighbour import Neighbour
from compute.instance.frame.bodies import Field
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb
from compute.instance.schemas.types import ADDRESS
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.views.proxies import (
    FLOATING,
    GROUP,
    NETWORK,
    RULE,
    TENANT_NETWORK,
    image_view,
    shaped,
)
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

UNTIL = 35
FLOATING_ACTIONS_UNTIL = 43
ICMP = "icmp"


class ProxiesApi:
    """Handlers."""

    def __init__(
        self,
        callers: Mapping[str, Caller],
        lifecycle: Lifecycle,
        actions: ActionsApi,
    ) -> None:
        self._network = Neighbour(callers["network"])
        self._image = Neighbour(callers["image"])
        self._lifecycle = lifecycle
        address = Field("address", ADDRESS, required=True)
        add = (address, Field("fixed_address", ADDRESS))
        actions.add(
            "addFloatingIp",
            Asked(self._add_floating, add, until=FLOATING_ACTIONS_UNTIL),
        )
        actions.add(
            "removeFloatingIp",
            Asked(self._remove_floating, (address,), until=FLOATING_ACTIONS_UNTIL),
        )

    def verbs(self) -> list[Verb]:
        """The routes."""
        table: list[tuple[str, str, Callable[[ApiCall], Reply]]] = [
            ("GET", "/images", self.images),
            ("GET", "/images/detail", self.images_detail),
            ("GET", "/images/{image_id}", self.image),
            ("DELETE", "/images/{image_id}", self.delete_image),
            ("GET", "/os-networks", self.networks),
            ("GET", "/os-networks/{key}", self.network),
            ("GET", "/os-tenant-networks", self.tenant_networks),
            ("GET", "/os-tenant-networks/{key}", self.tenant_network),
            ("GET", "/os-security-groups", self.groups),
            ("POST", "/os-security-groups", self.create_group),
            ("GET", "/os-security-groups/{key}", self.group),
            ("PUT", "/os-security-groups/{key}", self.update_group),
            ("DELETE", "/os-security-groups/{key}", self.delete_group),
            ("POST", "/os-security-group-rules", self.create_rule),
            ("DELETE", "/os-security-group-rules/{key}", self.delete_rule),
            ("GET", "/os-floating-ip-pools", self.pools),
            ("GET", "/os-floating-ips", self.floating_ips),
            ("POST", "/os-floating-ips", self.create_floating),
            ("GET", "/os-floating-ips/{key}", self.floating_ip),
            ("DELETE", "/os-floating-ips/{key}", self.delete_floating),
        ]
        verbs = [
            Verb(method, path, handler, until=UNTIL) for method, path, handler in table
        ]
        return [
            *verbs,
            # Beyond the proxies: the groups of one server are its own.
            Verb("GET", "/servers/{server_id}/os-security-groups", self.server_groups),
        ]

    # ---- images ----------------------------------------------------------------

    def images(self, call: ApiCall) -> Reply:
        """GET /images."""
        found = self._images(call)
        names = ("id", "name", "links")
        brief = [{name: each[name] for name in names} for each in found]
        return ok({"images": brief})

    def images_detail(self, call: ApiCall) -> Reply:
        """GET /images/detail."""
        return ok({"images": self._images(call)})

    def _images(self, call: ApiCall) -> list[dict[str, Any]]:
        kept = Query(call.request.environ.get("QUERY_STRING", ""))
        wanted = [
            f"{name}={quote(value)}"
            for name, value in kept.pairs
            if name in ("name", "limit", "marker")
        ]
        found = self._image.ask(call, "GET", f"/v2/images?{'&'.join(wanted)}")
        return [image_view(call, each) for each in found["images"]]

    def _one_image(self, call: ApiCall) -> Any:
        key = quote(call.parameters["image_id"], safe="")
        return self._image.ask(call, "GET", f"/v2/images/{key}")

    def image(self, call: ApiCall) -> Reply:
        """GET /images/{id}."""
        return ok({"image": image_view(call, self._one_image(call))})

    def delete_image(self, call: ApiCall) -> Reply:
        """DELETE /images/{id}."""
        key = quote(call.parameters["image_id"], safe="")
        self._image.ask(call, "DELETE", f"/v2/images/{key}")
        return empty_reply(204)

    # ---- networks --------------------------------------------------------------

    def _list(self, call: ApiCall, collection: str, query: str = "") -> list[Any]:
        path = f"/v2.0/{collection}{query}"
        found: list[Any] = self._network.ask(call, "GET", path)[
            collection.replace("-", "_")
        ]
        return found

    def _one(self, call: ApiCall, collection: str, name: str) -> Any:
        key = quote(call.parameters["key"], safe="")
        return self._network.ask(call, "GET", f"/v2.0/{collection}/{key}")[name]

    def networks(self, call: ApiCall) -> Reply:
        """GET /os-networks."""
        found = self._list(call, "networks")
        return ok({"networks": [shaped(NETWORK, each) for each in found]})

    def network(self, call: ApiCall) -> Reply:
        """GET /os-networks/{id}."""
        return ok({"network": shaped(NETWORK, self._one(call, "networks", "network"))})

    def tenant_networks(self, call: ApiCall) -> Reply:
        """GET /os-tenant-networks."""
        found = self._list(call, "networks")
        return ok({"networks": [shaped(TENANT_NETWORK, each) for each in found]})

    def tenant_network(self, call: ApiCall) -> Reply:
        """GET /os-tenant-networks/{id}."""
        found = self._one(call, "networks", "network")
        return ok({"network": shaped(TENANT_NETWORK, found)})

    # ---- security groups -------------------------------------------------------

    def groups(self, call: ApiCall) -> Reply:
        """GET /os-security-groups."""
        found = self._list(call, "security-groups")
        return ok({"security_groups": [shaped(GROUP, each) for each in found]})

    def group(self, call: ApiCall) -> Reply:
        """GET /os-security-groups/{id}."""
        found = self._one(call, "security-groups", "security_group")
        return ok({"security_group": shaped(GROUP, found)})

    def server_groups(self, call: ApiCall) -> Reply:
        """GET /servers/{id}/os-security-groups."""
        server = self._lifecycle.visible(
            call.context, call.parameters["server_id"], "os_compute_api:servers:show"
        )
        ports = self._list(call, "ports", f"?device_id={server.id}")
        ids = {group for port in ports for group in port["security_groups"]}
        found = [
            each for each in self._list(call, "security-groups") if each["id"] in ids
        ]
        return ok({"security_groups": [shaped(GROUP, each) for each in found]})

    def _group_body(self, call: ApiCall) -> dict[str, Any]:
        body = _inner(call, "security_group")
        names = ("name", "description")
        return {"security_group": {key: body[key] for key in names if key in body}}

    def create_group(self, call: ApiCall) -> Reply:
        """POST /os-security-groups."""
        body = self._group_body(call)
        made = self._network.ask(call, "POST", "/v2.0/security-groups", body)
        return ok({"security_group": shaped(GROUP, made["security_group"])})

    def update_group(self, call: ApiCall) -> Reply:
        """PUT /os-security-groups/{id}."""
        key = quote(call.parameters["key"], safe="")
        body = self._group_body(call)
        made = self._network.ask(call, "PUT", f"/v2.0/security-groups/{key}", body)
        return ok({"security_group": shaped(GROUP, made["security_group"])})

    def delete_group(self, call: ApiCall) -> Reply:
        """DELETE /os-security-groups/{id}."""
        return self._delete(call, "security-groups")

    def _delete(self, call: ApiCall, collection: str) -> Reply:
        key = quote(call.parameters["key"], safe="")
        self._network.ask(call, "DELETE", f"/v2.0/{collection}/{key}")
        return accepted()

    def create_rule(self, call: ApiCall) -> Reply:
        """POST /os-security-group-rules."""
        body = _inner(call, "security_group_rule")
        protocol = str(body.get("ip_protocol") or "").lower() or None
        rule: dict[str, Any] = {
            "security_group_id": body.get("parent_group_id"),
            "direction": "ingress",
            "protocol": protocol,
            "remote_ip_prefix": body.get("cidr"),
            "remote_group_id": body.get("group_id"),
        }
        version6 = ":" in str(body.get("cidr") or "")
        rule["ethertype"] = "IPv6" if version6 else "IPv4"
        for theirs, ours in (
            ("from_port", "port_range_min"),
            ("to_port", "port_range_max"),
        ):
            number = _number(body, theirs)
            # -1 meant any kind of ICMP message.
            if number is not None and not (protocol == ICMP and number == -1):
                rule[ours] = number
        made = self._network.ask(
            call,
            "POST",
            "/v2.0/security-group-rules",
            {"security_group_rule": rule},
        )
        return ok({"security_group_rule": shaped(RULE, made["security_group_rule"])})

    def delete_rule(self, call: ApiCall) -> Reply:
        """DELETE /os-security-group-rules/{id}."""
        return self._delete(call, "security-group-rules")

    # ---- floating addresses ----------------------------------------------------

    def _external(self, call: ApiCall) -> list[Any]:
        return self._list(call, "networks", "?router%3Aexternal=true")

    def pools(self, call: ApiCall) -> Reply:
        """GET /os-floating-ip-pools."""
        found = self._external(call)
        return ok({"floating_ip_pools": [{"name": each["name"]} for each in found]})

    def _floating_view(self, call: ApiCall, found: Any) -> dict[str, Any]:
        pools = {each["id"]: each["name"] for each in self._external(call)}
        value = shaped(FLOATING, found)
        value["pool"] = pools.get(found["floating_network_id"], "")
        value["instance_id"] = None
        if found.get("port_id"):
            ports = self._list(call, "ports", f"?id={found['port_id']}")
            value["instance_id"] = ports[0]["device_id"] if ports else None
        return value

    def floating_ips(self, call: ApiCall) -> Reply:
        """GET /os-floating-ips."""
        found = self._list(call, "floatingips")
        return ok({"floating_ips": [self._floating_view(call, each) for each in found]})

    def floating_ip(self, call: ApiCall) -> Reply:
        """GET /os-floating-ips/{id}."""
        found = self._one(call, "floatingips", "floatingip")
        return ok({"floating_ip": self._floating_view(call, found)})

    def create_floating(self, call: ApiCall) -> Reply:
        """POST /os-floating-ips: from a pool, or from the first."""
        body = call.json() if call.request.has_body else None
        wanted = body.get("pool") if isinstance(body, dict) else None
        pools = self._external(call)
        chosen = [each for each in pools if wanted in (None, each["name"], each["id"])]
        if not chosen:
            raise NotFound("Floating IP pool not found.")
        request = {"floatingip": {"floating_network_id": chosen[0]["id"]}}
        made = self._network.ask(call, "POST", "/v2.0/floatingips", request)
        return ok({"floating_ip": self._floating_view(call, made["floatingip"])})

    def delete_floating(self, call: ApiCall) -> Reply:
        """DELETE /os-floating-ips/{id}."""
        return self._delete(call, "floatingips")

    def _floating_at(self, call: ApiCall, address: str) -> Any:
        query = f"?floating_ip_address={quote(address)}"
        found = self._list(call, "floatingips", query)
        if not found:
            raise NotFound(f"Floating IP not found for address {address}.")
        return found[0]

    def _associate(self, call: ApiCall, floating: Any, values: Any) -> None:
        path = f"/v2.0/floatingips/{floating['id']}"
        self._network.ask(call, "PUT", path, {"floatingip": values})

    def _add_floating(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        server = self._lifecycle.visible(call.context, server_id)
        floating = self._floating_at(call, body["address"])
        wanted = body.get("fixed_address")
        for port in self._list(call, "ports", f"?device_id={server.id}"):
            for fixed in port["fixed_ips"]:
                address = fixed["ip_address"]
                if wanted in (None, address) and ":" not in address:
                    values = {"port_id": port["id"], "fixed_ip_address": address}
                    self._associate(call, floating, values)
                    return accepted()
        raise BadRequest("No fixed IPs associated to instance")

    def _remove_floating(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        server = self._lifecycle.visible(call.context, server_id)
        floating = self._floating_at(call, body["address"])
        ports = {
            port["id"] for port in self._list(call, "ports", f"?device_id={server.id}")
        }
        if floating.get("port_id") not in ports:
            raise Rejected(
                409,
                f"Floating IP {body['address']} is not associated with instance"
                f" {server.id}.",
            )
        self._associate(call, floating, {"port_id": None})
        return accepted()


def _inner(call: ApiCall, name: str) -> Mapping[str, Any]:
    body = call.json()
    if not (isinstance(body, dict) and isinstance(body.get(name), dict)):
        raise BadRequest(f"The body needs an object {name}")
    inner: Mapping[str, Any] = body[name]
    return inner


def _number(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{name} must be an integer, not {value!r}") from None
