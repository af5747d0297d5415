"""What a subnet may say: gateway, name servers, routes, how IPv6 is handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compute.network.errors import invalid
from compute.network.frame.bodies import Body
from compute.network.frame.fields import TEXT
from compute.network.links import prefixes
from compute.network.model import Subnet

DNS_SERVERS_MAX = 5
NTP_SERVERS_MAX = 4

HOST_ROUTES_MAX = 20

SERVICE_TYPES_MAX = 20

# Owners of ports (``device_owner``) whose addresses come from here.
SERVICE_TYPES = {
    "type": "array",
    "items": {**TEXT, "minLength": 1},
    "maxItems": SERVICE_TYPES_MAX,
    "uniqueItems": True,
}


def host_routes(routes: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Routes in canonical form.  ``InvalidInput``."""
    if len(routes) > HOST_ROUTES_MAX:
        raise invalid(
            f"host_routes: more than {HOST_ROUTES_MAX}.", "HostRoutesExhausted"
        )
    found = []
    for route in routes:
        to = prefixes.parse_destination(route["destination"])
        by = prefixes.parse_address(route["nexthop"], "nexthop")
        if to.version != by.version:
            raise invalid(f"route to {to} by {by}: two versions of IP.")
        found.append({"destination": str(to), "nexthop": str(by)})
    return found


def parse_dns_servers(servers: Sequence[str]) -> list[str]:
    """Name servers in canonical form.  ``BadRequest``."""
    if len(servers) > DNS_SERVERS_MAX:
        raise invalid(
            f"dns_nameservers: more than {DNS_SERVERS_MAX}.", "DNSNameServersExhausted"
        )
    found = [str(prefixes.parse_address(each, "dns_nameservers")) for each in servers]
    if len(set(found)) != len(found):
        raise invalid("dns_nameservers: the same server twice.")
    return found


def parse_ntp_servers(prefix: prefixes.IPNetwork, servers: Sequence[str]) -> list[str]:
    """Servers of time in canonical form, as DHCP tells of them.  ``BadRequest``."""
    if len(servers) > NTP_SERVERS_MAX:
        raise invalid(f"ntp_servers: more than {NTP_SERVERS_MAX}.")
    found = [prefixes.parse_address(each, "ntp_servers") for each in servers]
    if any(each.version != 4 or prefix.version != 4 for each in found):
        raise invalid("ntp_servers: they are of IPv4, in a subnet of IPv4.")
    return list(dict.fromkeys(map(str, found)))


def parse_gateway(prefix: prefixes.IPNetwork, wanted: str | None) -> str:
    """The gateway in canonical form, "" for none.  ``BadRequest``."""
    if not wanted:
        return ""
    address = prefixes.parse_address(wanted, "gateway_ip")
    if address.version != prefix.version:
        raise invalid(f"gateway_ip: {address} is not of the version of {prefix}.")
    is_link_local = address.version == 6 and address.is_link_local
    if not is_link_local:
        if address not in prefix:
            raise invalid(f"gateway_ip: {address} is not in {prefix}.")
        if not prefixes.usable(prefix).holds(int(address)):
            raise invalid(f"gateway_ip: {address} cannot be a host's in {prefix}.")
    return str(address)


def parse_modes(prefix: prefixes.IPNetwork, body: Body) -> tuple[str, str]:
    """How routers announce, and how addresses are handed out.  ``BadRequest``."""
    ra_mode = body["ipv6_ra_mode"] or ""
    address_mode = body["ipv6_address_mode"] or ""
    if not ra_mode and not address_mode:
        return "", ""
    if prefix.version == 4:
        raise invalid("ipv6_ra_mode and ipv6_address_mode need ip_version 6.")
    if not body["enable_dhcp"]:
        raise invalid(
            "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is False."
        )
    if ra_mode and address_mode and ra_mode != address_mode:
        raise invalid(
            f"ipv6_ra_mode {ra_mode} and ipv6_address_mode {address_mode} differ."
        )
    automatic = {ra_mode, address_mode} & set(prefixes.AUTOMATIC_MODES)
    if automatic and prefix.prefixlen != prefixes.SLAAC_PREFIX_LENGTH:
        raise invalid(
            f"cidr: with {automatic.pop()} the prefix length must be"
            f" {prefixes.SLAAC_PREFIX_LENGTH}."
        )
    return ra_mode, address_mode


def ours(subnet: Subnet) -> Body:
    """What Neutron's subnets have not is told where there is any."""
    shown: Body = {}
    if subnet.packet_rules is not None:
        shown["packet_rules"] = list(subnet.packet_rules)
    if subnet.ntp_servers:
        shown["ntp_servers"] = list(subnet.ntp_servers)
    return shown
