"""What dnsmasq is told: DHCP and DHCPv6 with known ports only, router advertisements.

A network with a port of the DHCP service (``network:dhcp``) has a dnsmasq in a
namespace of its own, that leases to every known port its own fixed addresses and to
nobody else anything.  A router has one that sends the advertisements of the IPv6
subnets it leads to, for guests take the sender for their gateway.

The configuration follows from subnets; ports are in the hosts and options files,
which are read again on SIGHUP: a new port costs no restart.  Text that users gave
(names, values of options) is dropped where it could be taken for something else,
because one bad line would cost the whole network its DHCP.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from compute.network.agent.metadata_address import METADATA_PREFIX
from compute.network.agent.model import Dnsmasq
from compute.network.agent.names import dhcp_namespace, inner_device
from compute.network.host_names import HostName
from compute.network.view import DhcpOption, Ipv6Mode, Network, Port, Subnet

# One entry per known port and room for more; dnsmasq's own limit is a thousand.
LEASES_MAX = 65536
ADVERTISE_SECONDS = 60
# An interface's MTU below this is not sent: IPv4 guests refuse it (RFC 2132: 68).
MTU_MIN = 68

TAG = "set:"

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOMAIN = re.compile(r"([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}\.?")
_OPTION_NAME = re.compile(r"[a-z0-9-]{1,64}")
# Printable, and nothing that begins a comment or a quotation.
_OPTION_VALUE = re.compile(r'[^\x00-\x1f\x7f"#\\]{1,1024}')
# Names that users of the field give to options that dnsmasq calls otherwise.
OPTION_NAMES = {
    "mtu": "26",
    "interface-mtu": "26",
    "tftp-server-name": "tftp-server",
    "domain-name-servers": "dns-server",
    "routers": "router",
}


def network_dnsmasq(
    network: Network,
    service: Port,
    ports: Iterable[Port],
    routed: frozenset[str],
    lease_seconds: int,
    resolvers: Sequence[str] = (),
) -> Dnsmasq:
    """The DHCP service of a network.

    ``service`` is its own port; ``ports`` are the network's local ports; ``routed``
    are ids of subnets whose router sends advertisements itself; ``resolvers`` are asked
    for names that are none of the network's.
    """
    guests = sorted((port for port in ports if port.is_guest), key=lambda p: p.id)
    served = [subnet for subnet in network.subnets if subnet.dhcp]
    own = {fixed.subnet_id: fixed.address for fixed in service.addresses}
    config = [*_base(inner_device(service.id), port=53), *_domain(network)]
    config += [f"server={resolver}" for resolver in resolvers]
    config.append("dhcp-ignore=tag:!known")
    # Guests do not say themselves what they are called: the cloud has told us.
    config.append("dhcp-ignore-names")
    for subnet in served:
        config += _range(subnet, lease_seconds, advertise=subnet.id not in routed)
        config += _subnet_options(network, subnet, own.get(subnet.id, ""))
    if any(_advertised(subnet, routed) for subnet in served):
        # A lifetime of zero: an address for everybody, a gateway for nobody.
        config.append("enable-ra")
        config.append(f"ra-param={inner_device(service.id)},{ADVERTISE_SECONDS},0")
    return Dnsmasq(
        namespace=dhcp_namespace(network.id),
        config=_text(config),
        hosts=_text(_hosts(guests, served, network.names)),
        options=_text(line for port in guests for line in _options(port)),
        names=_text(_names(network)),
    )


def router_dnsmasq(
    namespace: str, interfaces: Sequence[tuple[Port, Network]]
) -> Dnsmasq | None:
    """The advertisements of a router; None when it leads to no such subnet."""
    config: list[str] = []
    has_leases = False
    for port, network in interfaces:
        mine = {fixed.subnet_id for fixed in port.addresses}
        subnets = [
            subnet
            for subnet in network.subnets
            if subnet.id in mine
            and subnet.version == 6
            and subnet.ra_mode is not Ipv6Mode.NONE
        ]
        if not subnets:
            continue
        device = inner_device(port.id)
        config.append(f"interface={device}")
        config.append(f"ra-param={device},mtu:{network.mtu},{ADVERTISE_SECONDS}")
        for subnet in subnets:
            config.append(_advertised_range(subnet))
            config += _dns6(subnet)
            has_leases |= subnet.ra_mode is Ipv6Mode.STATEFUL
    if not config:
        return None
    base = [*_base("", port=0), "enable-ra"]
    if has_leases:
        # Leases are the DHCP service's to give; a router only says that there are.
        base.append("dhcp-ignore=tag:!known")
    return Dnsmasq(namespace, _text([*base, *config]))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _base(device: str, port: int) -> list[str]:
    lines = [
        f"port={port}",
        "bind-interfaces",
        "except-interface=lo",
        "no-hosts",
        "no-resolv",
        "no-poll",
        "user=root",
        "group=root",
        "dhcp-authoritative",
        f"dhcp-lease-max={LEASES_MAX}",
        # Replies must not wait for a ping of an address that nobody else can have.
        "no-ping",
        "quiet-dhcp",
        "quiet-dhcp6",
        "quiet-ra",
    ]
    return [*lines, f"interface={device}"] if device else lines


def _domain(network: Network) -> list[str]:
    domain = network.dns_domain.rstrip(".")
    if not domain or not _DOMAIN.fullmatch(domain):
        return []
    return [f"domain={domain}", f"local=/{domain}/", "expand-hosts"]


def _tag(subnet: Subnet) -> str:
    return f"subnet-{subnet.id}"


def _range(subnet: Subnet, lease_seconds: int, *, advertise: bool) -> list[str]:
    network = ipaddress.ip_network(subnet.cidr)
    start = network.network_address
    tag = f"set:{_tag(subnet)}"
    if isinstance(network, ipaddress.IPv4Network):
        lease = f"{network.netmask},{lease_seconds}s"
        return [f"dhcp-range={tag},{start},static,{lease}"]
    if subnet.address_mode is Ipv6Mode.STATEFUL:
        return [f"dhcp-range={tag},{start},static,{network.prefixlen},{lease_seconds}s"]
    if advertise and subnet.ra_mode is not Ipv6Mode.NONE:
        return [_advertised_range(subnet)]
    if subnet.address_mode is Ipv6Mode.STATELESS:
        return [f"dhcp-range={tag},{start},static,{network.prefixlen}"]
    return []


def _advertised(subnet: Subnet, routed: frozenset[str]) -> bool:
    is_ours = subnet.version == 6 and subnet.id not in routed
    return is_ours and subnet.ra_mode is not Ipv6Mode.NONE


def _advertised_range(subnet: Subnet) -> str:
    network = ipaddress.ip_network(subnet.cidr)
    mode = {
        Ipv6Mode.SLAAC: "ra-only",
        Ipv6Mode.STATELESS: "ra-stateless",
        Ipv6Mode.STATEFUL: "static",
    }[subnet.ra_mode]
    start, length = network.network_address, network.prefixlen
    return f"dhcp-range=set:{_tag(subnet)},{start},{mode},{length}"


def _subnet_options(network: Network, subnet: Subnet, own: str) -> Iterator[str]:
    if subnet.version == 6:
        yield from _dns6(subnet)
        return
    tag = f"tag:{_tag(subnet)}"
    # An empty option takes away what dnsmasq would say of itself.
    yield f"dhcp-option={tag},option:router,{subnet.gateway}".rstrip(",")
    servers = [*subnet.dns_servers] or ([own] if own else [])
    if servers:
        yield f"dhcp-option={tag},option:dns-server,{','.join(servers)}"
    if subnet.ntp_servers:
        yield f"dhcp-option={tag},option:ntp-server,{','.join(subnet.ntp_servers)}"
    if network.mtu >= MTU_MIN:
        yield f"dhcp-option={tag},26,{network.mtu}"
    routes = [(route.destination, route.nexthop) for route in subnet.host_routes]
    if own:
        routes.append((METADATA_PREFIX, own))
    if routes and subnet.gateway:
        # Who understands this option must not look at the router option (RFC 3442).
        routes.append(("0.0.0.0/0", subnet.gateway))
    if routes:
        words = ",".join(f"{destination},{via}" for destination, via in routes)
        yield f"dhcp-option={tag},option:classless-static-route,{words}"


def _dns6(subnet: Subnet) -> Iterator[str]:
    servers = ",".join(
        f"[{server}]" for server in subnet.dns_servers if _version(server) == 6
    )
    if servers:
        yield f"dhcp-option=tag:{_tag(subnet)},option6:dns-server,{servers}"


def _hosts(
    guests: Iterable[Port], served: Sequence[Subnet], names: Iterable[HostName]
) -> Iterator[str]:
    """Lines for leases.  The resolver answers the names in them too: a port has none
    whose name is not told, for it may be somebody else's."""
    told = {(each.address, each.name.partition(".")[0]) for each in names}
    leased = {
        subnet.id
        for subnet in served
        if subnet.version == 4 or subnet.address_mode is Ipv6Mode.STATEFUL
    }
    stateless = {
        subnet.id
        for subnet in served
        if subnet.address_mode is Ipv6Mode.STATELESS and subnet.version == 6
    }
    for port in guests:
        # dnsmasq (2.86 to 2.90 at least) dies when it reads hosts anew after it has
        # answered one that has a tag: only those have one that need it.
        tag = f",{TAG}{_port_tag(port)}" if port.dhcp_options else ""
        head = f"{port.mac}{tag}"
        is_told = any(
            (fixed.address, port.dns_name) in told for fixed in port.addresses
        )
        is_label = _LABEL.fullmatch(port.dns_name)
        name = f",{port.dns_name}" if is_label and is_told else ""
        for fixed in port.addresses:
            if fixed.subnet_id in leased:
                yield f"{head}{name},{_bracketed(fixed.address)}"
        if any(fixed.subnet_id in stateless for fixed in port.addresses):
            # Makes it known, so that its questions for options are answered.
            yield f"{head}{name}"


def _names(network: Network) -> Iterator[str]:
    """Lines for the resolver: guests find each other by name."""
    for host in network.names:
        if _DOMAIN.fullmatch(host.name):
            yield f"{host.address} {host.name}"


def _options(port: Port) -> Iterator[str]:
    for option in port.dhcp_options:
        name = _option_name(option)
        if name and _OPTION_VALUE.fullmatch(option.value):
            yield f"tag:{_port_tag(port)},{name},{option.value}"


def _option_name(option: DhcpOption) -> str:
    """In dnsmasq's words; "" for one that cannot be."""
    name = OPTION_NAMES.get(option.name, option.name)
    if not _OPTION_NAME.fullmatch(name):
        return ""
    kind = "option" if option.version == 4 else "option6"
    if name.isdigit() and option.version == 4:
        return name if 1 <= int(name) <= 254 else ""
    return f"{kind}:{name}"


def _port_tag(port: Port) -> str:
    return f"port-{port.id}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version
