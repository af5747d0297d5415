"""Changes of all kinds that hosts' views may show, one after another from a seed.

Many are refused (a router has its interfaces, an address is taken), as in life.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from test.unit.compute.network.house import OWNER, Got, House

HOSTS = ("alpha", "beta", "gamma")
ADMIN = {"roles": "admin"}
# As many of a kind at most: what is changed often meets what else there is.
KIND_MAX = 4


class Changes:
    """One house's."""

    def __init__(self, house: House, random: Random) -> None:
        self._house = house
        self._random = random
        self._things: dict[str, list[str]] = {}
        self._count = 0
        self._kinds: tuple[Callable[[], Got | None], ...] = (
            self._network,
            self._network_changed,
            self._subnet,
            self._subnet_changed,
            self._port,
            self._port,
            self._port_changed,
            self._port_changed,
            self._port_changed,
            self._second_binding,
            self._trunk,
            self._subport,
            self._subport,
            self._group,
            self._rule,
            self._addresses,
            self._router,
            self._router_changed,
            self._interface,
            self._helper,
            self._floating_ip,
            self._floating_ip_changed,
            self._forwarding,
            self._policy,
            self._meter,
            self._limit,
            self._pool,
            self._report,
            self._gone,
            self._gone,
        )

    def one(self) -> str:
        """Make one; what it was."""
        kind = self._random.choice(self._kinds)
        got = kind()
        return f"{kind.__name__}: {got.status if got is not None else None}"

    def furnish(self) -> None:
        """What most changes need to find."""
        for kind in (
            self._network,
            self._subnet,
            self._network,
            self._subnet,
            *(5 * (self._port,)),
            self._group,
            *(3 * (self._router,)),
            *(5 * (self._interface,)),
            *(3 * (self._floating_ip,)),
            self._policy,
            self._pool,
            self._pool,
            self._trunk,
        ):
            kind()

    # ---- what there is -----------------------------------------------------------

    def _any(self, kind: str) -> str:
        return self._random.choice(self._things.get(kind) or [""])

    def _made(self, kind: str, body: dict[str, Any], **who: Any) -> Got | None:
        """One more, or one less where there are many."""
        there = self._things.setdefault(kind, [])
        path = "/v2.0/" + kind
        if len(there) >= KIND_MAX:
            return None
        singular = {"policies": "policy"}.get(kind.split("/")[-1])
        singular = singular or kind.split("/")[-1].removesuffix("s").replace("-", "_")
        got = self._house.ask("POST", path, {singular: body}, **who)
        if got.status < 300:
            there.append(got.json[singular]["id"])
        return got

    def _changed(self, kind: str, **choices: Any) -> Got | None:
        """One of its fields."""
        identifier = self._any(kind)
        if not identifier:
            return None
        name = self._random.choice(sorted(choices))
        body = {name.replace("__", ":"): choices[name]}
        singular = kind.removesuffix("s").replace("-", "_")
        path = f"/v2.0/{kind}/{identifier}"
        return self._house.ask("PUT", path, {singular: body}, **ADMIN)

    def _word(self) -> str:
        return self._random.choice(("web", "db", "", "cache"))

    def _domain(self) -> str:
        return self._random.choice(("", "example.org.", "example.net."))

    def _yes(self) -> bool:
        return self._random.random() < 0.7

    def _host(self) -> str:
        return self._random.choice(("", *HOSTS))

    def _inside(self) -> str:
        return f"10.{self._random.randrange(4)}.0.{self._random.randrange(2, 250)}"

    # ---- networks ------------------------------------------------------------------

    def _network(self) -> Got | None:
        return self._made("networks", {"dns_domain": self._domain()})

    def _network_changed(self) -> Got | None:
        return self._changed(
            "networks",
            mtu=self._random.choice((1300, 1400, 1450)),
            admin_state_up=self._yes(),
            dns_domain=self._domain(),
            name=self._word(),
            shared=self._yes(),
            qos_policy_id=self._any("qos/policies") or None,
        )

    def _subnet(self) -> Got | None:
        self._count += 1
        body = {"network_id": self._any("networks"), "ip_version": 4}
        pool = self._any("subnetpools")
        if pool and self._yes():
            return self._made("subnets", {**body, "subnetpool_id": pool})
        return self._made("subnets", {**body, "cidr": f"10.{self._count % 4}.0.0/24"})

    def _subnet_changed(self) -> Got | None:
        routes = [{"destination": "192.0.2.0/24", "nexthop": self._inside()}]
        passes = {"direction": "ingress", "action": "allow", "protocol": "tcp"}
        return self._changed(
            "subnets",
            gateway_ip=self._random.choice((None, self._inside())),
            dns_nameservers=[self._inside()],
            host_routes=self._random.choice(([], routes)),
            ntp_servers=self._random.choice(([], [self._inside()])),
            packet_rules=self._random.choice((None, [], [passes])),
            enable_dhcp=self._yes(),
            name=self._word(),
        )

    def _pool(self) -> Got | None:
        scope = self._any("address-scopes")
        if not scope:
            body = {"name": "scope", "ip_version": 4}
            return self._made("address-scopes", body, **ADMIN)
        if self._yes() and self._things.get("subnetpools"):
            return self._changed(
                "subnetpools", address_scope_id=self._random.choice((None, scope))
            )
        self._count += 1
        prefixes = [f"10.{100 + self._count}.0.0/16"]
        body = {"name": "pool", "prefixes": prefixes, "default_prefixlen": 24}
        return self._made("subnetpools", {**body, "address_scope_id": scope}, **ADMIN)

    # ---- ports -------------------------------------------------------------------

    def _port(self) -> Got | None:
        return self._made(
            "ports",
            {
                "network_id": self._any("networks"),
                "project_id": OWNER,
                "device_owner": "compute:nova",
                "device_id": self._random.choice(("server", "")),
                "dns_name": self._word(),
                "binding:host_id": self._host(),
            },
            **ADMIN,
        )

    def _port_changed(self) -> Got | None:
        groups = [each for each in [self._any("security-groups")] if each]
        pairs = [{"ip_address": self._inside()}]
        return self._changed(
            "ports",
            binding__host_id=self._host(),
            dns_name=self._word(),
            admin_state_up=self._yes(),
            name=self._word(),
            security_groups=groups,
            allowed_address_pairs=self._random.choice(([], pairs)),
            fixed_ips=[{"ip_address": self._inside()}],
            mac_address=f"02:00:00:00:00:{self._random.randrange(16, 99)}",
            extra_dhcp_opts=[{"opt_name": "mtu", "opt_value": self._word() or None}],
            port_security_enabled=self._yes(),
            qos_policy_id=self._any("qos/policies") or None,
        )

    def _second_binding(self) -> Got | None:
        port = self._any("ports")
        host = self._random.choice(HOSTS)
        path = f"/v2.0/ports/{port}/bindings"
        method = self._random.choice(("POST", "POST", "PUT", "DELETE"))
        if method == "POST":
            return self._house.ask("POST", path, {"binding": {"host": host}}, **ADMIN)
        path += f"/{host}/activate" if method == "PUT" else f"/{host}"
        return self._house.ask(method, path, **ADMIN)

    def _trunk(self) -> Got | None:
        return self._made("trunks", {"port_id": self._any("ports")})

    def _subport(self) -> Got | None:
        verb = self._random.choice(("add", "add", "remove"))
        path = f"/v2.0/trunks/{self._any('trunks')}/{verb}_subports"
        item = {
            "port_id": self._any("ports"),
            "segmentation_type": "vlan",
            "segmentation_id": self._random.randrange(1, 9),
        }
        return self._house.ask("PUT", path, {"sub_ports": [item]}, **ADMIN)

    # ---- security ------------------------------------------------------------------

    def _group(self) -> Got | None:
        if self._yes():
            return self._made("security-groups", {"name": self._word()})
        return self._changed("security-groups", stateful=self._yes())

    def _rule(self) -> Got | None:
        remotes = {
            "remote_group_id": self._any("security-groups"),
            "remote_address_group_id": self._any("address-groups"),
            "remote_ip_prefix": "192.0.2.0/24",
        }
        name = self._random.choice(sorted(remotes))
        body = {
            "security_group_id": self._any("security-groups"),
            "direction": self._random.choice(("ingress", "egress")),
            "protocol": "tcp",
            "port_range_min": 22,
            "port_range_max": self._random.randrange(22, 30),
            name: remotes[name] or None,
        }
        return self._made("security-group-rules", body)

    def _addresses(self) -> Got | None:
        identifier = self._any("address-groups")
        body: dict[str, Any] = {
            "addresses": [f"192.0.2.{self._random.randrange(9)}/32"]
        }
        if not identifier:
            return self._made("address-groups", {"name": "they", **body})
        verb = self._random.choice(("add_addresses", "remove_addresses"))
        path = f"/v2.0/address-groups/{identifier}/{verb}"
        return self._house.ask("PUT", path, {"address_group": body})

    # ---- routing -----------------------------------------------------------------

    def _gateway(self) -> dict[str, Any]:
        gateway = {
            "network_id": self._house.external()["id"],
            "enable_snat": self._yes(),
        }
        policy = self._any("qos/policies")
        return {**gateway, "qos_policy_id": policy} if policy else gateway

    def _router(self) -> Got | None:
        return self._made(
            "routers",
            {"project_id": OWNER, "external_gateway_info": self._gateway()},
            **ADMIN,
        )

    def _router_changed(self) -> Got | None:
        route = {"destination": "192.0.2.0/24", "nexthop": self._inside()}
        return self._changed(
            "routers",
            admin_state_up=self._yes(),
            routes=self._random.choice(([], [route])),
            external_gateway_info=self._random.choice((None, self._gateway())),
            name=self._word(),
        )

    def _interface(self) -> Got | None:
        verb = "add" if self._yes() else "remove"
        path = f"/v2.0/routers/{self._any('routers')}/{verb}_router_interface"
        return self._house.ask("PUT", path, {"subnet_id": self._any("subnets")})

    def _helper(self) -> Got | None:
        body = {"protocol": "tcp", "port": 21, "helper": "ftp"}
        return self._made(f"routers/{self._any('routers')}/conntrack_helpers", body)

    def _floating_ip(self) -> Got | None:
        body = {
            "floating_network_id": self._house.external()["id"],
            "port_id": self._random.choice((None, self._any("ports") or None)),
        }
        if self._yes():
            body.update(dns_name="www", dns_domain="example.org.")
        return self._made("floatingips", body)

    def _floating_ip_changed(self) -> Got | None:
        return self._changed(
            "floatingips",
            port_id=self._random.choice((None, self._any("ports") or None)),
            qos_policy_id=self._any("qos/policies") or None,
            description=self._word(),
        )

    def _forwarding(self) -> Got | None:
        port = self._any("ports")
        if not port:
            return None
        addresses = self._house.show("port", port, **ADMIN)["fixed_ips"]
        body = {
            "protocol": "tcp",
            "internal_ip_address": addresses[0]["ip_address"] if addresses else "",
            "internal_port": 80,
            "external_port": self._random.randrange(8000, 8004),
            "internal_port_id": port,
        }
        path = f"floatingips/{self._any('floatingips')}/port_forwardings"
        return self._made(path, body)

    # ---- quality -----------------------------------------------------------------

    def _policy(self) -> Got | None:
        return self._made("qos/policies", {"name": "slow", "shared": True}, **ADMIN)

    def _limit(self) -> Got | None:
        path = f"qos/policies/{self._any('qos/policies')}"
        if self._yes():
            body: dict[str, Any] = {"max_kbps": self._random.randrange(1000, 9000)}
            return self._made(f"{path}/bandwidth_limit_rules", body, **ADMIN)
        mark = self._random.choice((10, 12, 14))
        if self._random.random() < 0.5:
            rate = {"max_kpps": mark + 1, "direction": "ingress"}
            return self._made(f"{path}/packet_rate_limit_rules", rate, **ADMIN)
        return self._made(f"{path}/dscp_marking_rules", {"dscp_mark": mark}, **ADMIN)

    def _meter(self) -> Got | None:
        label = {"name": "m", "shared": self._yes()}
        if not self._any("metering/metering-labels") or self._yes():
            return self._made("metering/metering-labels", label, **ADMIN)
        rule = {
            "metering_label_id": self._any("metering/metering-labels"),
            "remote_ip_prefix": f"10.{self._random.randrange(9)}.0.0/16",
        }
        return self._made("metering/metering-label-rules", rule, **ADMIN)

    # ---- hosts, and ends -----------------------------------------------------------

    def _report(self) -> None:
        if not self._yes():
            self._house.clock.advance(100)  # who is silent now is dead
        ends = f"192.0.2.{self._random.randrange(1, 9)}" if self._yes() else ""
        host = self._random.choice(HOSTS)
        active = tuple(self._things.get("ports", ()))
        self._house.report(host, tunnels_end_at=ends, active=active)

    def _gone(self) -> Got | None:
        kind = self._random.choice(sorted(self._things) or [""])
        identifier = self._any(kind)
        if not identifier:
            return None
        got = self._house.ask("DELETE", f"/v2.0/{kind}/{identifier}", **ADMIN)
        if got.status in (204, 404):
            self._things[kind].remove(identifier)
        return got
