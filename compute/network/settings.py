"""What an operator may set of the network room."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """The network room."""

    mtu: int = option(
        1500,
        "The MTU of the wires between hosts; tunnelled networks have 50 less, 130 less"
        " where tunnels are encrypted",
        minimum=118,
        maximum=65535,
    )
    encrypt_tunnels: bool = option(
        False,
        "Whether what guests say across hosts is encrypted (WireGuard, UDP port 51889)",
    )
    mac_prefix: str = option(
        "fa:16:3e", "The first three bytes of the MAC addresses that are made"
    )
    physical_network: str = option(
        "", "The uplink that an administrator's flat networks use when none is named"
    )
    external_network: str = option(
        "public", "The external network made at the first start; empty: none"
    )
    external_prefix: str = option(
        "172.24.4.0/24", "The addresses of that network; its first is the host's"
    )
    external_masquerade: bool = option(
        True, "Hosts hide external networks without uplink behind their own address"
    )
    shared_network: str = option(
        "shared", "The network for all projects made at the first start; empty: none"
    )
    shared_prefix: str = option("10.32.0.0/20", "The addresses of that network")
    automatic_prefix: str = option(
        "10.64.0.0/10", "Where the networks made for projects have their addresses"
    )
    automatic_prefix_length: int = option(
        24, "How long the prefix of each of these is", minimum=8, maximum=29
    )
    dns_servers: str = option(
        "", "Name servers of these subnets, separated by commas; empty: the DHCP's own"
    )
    agent_down_seconds: float = option(
        75.0, "An agent that is silent for so long counts as dead", minimum=1
    )
    quota_network: int = option(100, "Networks of a project; -1: any number")
    quota_subnet: int = option(100, "Subnets of a project; -1: any number")
    quota_subnetpool: int = option(-1, "Subnet pools of a project; -1: any number")
    quota_port: int = option(500, "Ports of a project; -1: any number")
    quota_router: int = option(10, "Routers of a project; -1: any number")
    quota_floatingip: int = option(50, "Floating IPs of a project; -1: any number")
    quota_security_group: int = option(
        10, "Security groups of a project; -1: any number"
    )
    quota_security_group_rule: int = option(100, "Rules of a project; -1: any number")
    quota_rbac_policy: int = option(10, "RBAC policies of a project; -1: any number")
    quota_trunk: int = option(50, "Trunks of a project; -1: any number")

    @property
    def dns_server_list(self) -> tuple[str, ...]:
        """``dns_servers`` as addresses."""
        parts = (part.strip() for part in self.dns_servers.split(","))
        return tuple(part for part in parts if part)
