"""A server's ports: made, bound and given back, each safe to repeat.

A port with the server's id that the user did not bring is *ours*: it was made for
the server and goes with it, also when whoever made it died before telling anyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.core.errors import NotFound
from compute.instance.nics import security_group_ids, vifs_from
from compute.instance.records import Server
from compute.network.client import NetworkClient, NewPort, PortFacts

OWNER_PREFIX = "compute:"


def brought_ports(server: Server) -> set[str]:
    """The ports that the user brought."""
    asked = {each["port"] for each in server.networks or () if each.get("port")}
    return asked | {each["port_id"] for each in server.vifs if not each.get("ours")}


def plug_ports(
    network: NetworkClient, server: Server, host: str
) -> list[dict[str, Any]]:
    """After it: the server has a port on this host for each network that it asked
    for; its interfaces.  Raises what the network room raises."""
    there = network.ports_of_device(server.id)
    brought = brought_ports(server)
    spare = [port for port in there if port.id not in brought]
    owner = f"{OWNER_PREFIX}{server.availability_zone or 'nova'}"
    wanted: list[tuple[Mapping[str, str], PortFacts | None]] = []
    for asked in server.networks or ():
        found = None
        if asked.get("port"):
            found = network.bind_port(
                asked["port"],
                device_id=server.id,
                host=host,
                device_owner=owner,
                dns_name=server.hostname,
            )
        else:
            found = next((p for p in spare if p.network_id == asked["uuid"]), None)
            if found is not None:
                spare.remove(found)
                if found.host != host:
                    network.update_port(found.id, {"binding:host_id": host})
        wanted.append((asked, found))
    missing = [asked for asked, found in wanted if found is None]
    made = iter(_make(network, server, host, owner, missing))
    ports = [(asked, found or next(made)) for asked, found in wanted]
    for extra in spare:  # attached later, and moving with the server
        if extra.host != host:
            network.update_port(extra.id, {"binding:host_id": host})
    tags = {port.id: asked.get("tag", "") for asked, port in ports}
    order = [port.id for _, port in ports]
    return interfaces(network, server, order=order, tags=tags)


def _make(
    network: NetworkClient,
    server: Server,
    host: str,
    owner: str,
    missing: list[Mapping[str, str]],
) -> list[PortFacts]:
    if not missing:
        return []
    groups = security_group_ids(network, server.project_id, server.security_groups)
    return network.create_ports(
        server.project_id,
        [
            NewPort(
                network_id=asked["uuid"],
                device_id=server.id,
                device_owner=owner,
                host=host,
                fixed_address=asked.get("fixed_ip", ""),
                security_group_ids=groups,
                dns_name=server.hostname,
            )
            for asked in missing
        ],
    )


def interfaces(
    network: NetworkClient,
    server: Server,
    *,
    order: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The server's interfaces as they are now."""
    brought = brought_ports(server)
    places = {port_id: place for place, port_id in enumerate(order)}
    found = vifs_from(network.nics_of(server.id), server.vifs)
    for vif in found:
        vif["ours"] = vif["port_id"] not in brought
        vif["tag"] = (tags or {}).get(vif["port_id"]) or vif["tag"]
    return sorted(found, key=lambda vif: places.get(vif["port_id"], len(places)))


def release_port(network: NetworkClient, port_id: str, *, ours: bool) -> None:
    """Delete a port of ours, give another one back."""
    if ours:
        network.delete_port(port_id)
    else:
        network.unbind_port(port_id)


def release_ports(network: NetworkClient, server: Server) -> None:
    """After it: the server has no ports, and none are kept a place for."""
    if not server.vifs:
        network.forget_ports([server.id])  # it may never have been built
    brought = brought_ports(server)
    for port in network.ports_of_device(server.id):
        release_port(network, port.id, ours=port.id not in brought)


def move_ports(
    network: NetworkClient, server: Server, host: str
) -> list[dict[str, Any]]:
    """After it: those ports that the server has are on this host; its interfaces.
    None is made: what is missing was taken away meanwhile."""
    for port in network.ports_of_device(server.id):
        if port.host != host:
            try:
                network.update_port(port.id, {"binding:host_id": host})
            except NotFound:
                continue
    return interfaces(network, server)


def await_ports(network: NetworkClient, server: Server, host: str) -> None:
    """After it: the host is wired for the server's ports, beside the one that they
    are on."""
    for port in network.ports_of_device(server.id):
        network.add_binding(port.id, host)


def forsake_ports(network: NetworkClient, server: Server, host: str) -> None:
    """Take that back."""
    for port in network.ports_of_device(server.id):
        network.drop_binding(port.id, host)


def unhost_ports(network: NetworkClient, server: Server) -> None:
    """The server keeps its ports and their addresses, but they are on no host."""
    for port in network.ports_of_device(server.id):
        if port.host:
            try:
                network.update_port(port.id, {"binding:host_id": ""})
            except NotFound:
                continue
