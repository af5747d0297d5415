"""Who hears of a port that has come to a host, left one, or changed its groups."""

from __future__ import annotations

from compute.network.frame.work import Work
from compute.network.links import networks
from compute.network.links.dhcp_ports import keep_dhcp_ports
from compute.network.links.segments import keep_segment, tunnelled_hosts
from compute.network.model import Port
from compute.network.port_names import OWNER_DHCP
from compute.network.routing.placement import place_routers_of_network
from compute.network.security.watchers import hosts_that_watch


def moved(work: Work, port: Port, host_before: str) -> None:
    """The port is on its host now: everybody concerned hears."""
    work.touch([host_before, port.host])
    if port.host and port.host != host_before:
        keep_segment(work, port.network_id)
    if port.host != host_before:
        work.touch(tunnelled_hosts(work, port.network_id))
    if port.is_guest and port.host != host_before:
        keep_dhcp_ports(work, port.network_id)
        place_routers_of_network(work, port.network_id)
    elif port.device_owner == OWNER_DHCP:
        work.touch(networks.hosts_of_network(work, port.network_id))


def watched(work: Work, groups: list[str]) -> None:
    """Who lets members of these groups in, or out, hears of them."""
    work.touch(hosts_that_watch(work, groups))
