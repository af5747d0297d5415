"""What can be asked of a server that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE, NETWORK
from compute.orchestration.resources.nova.server_order import PLACE_TAG, TAG
from objectstore.kernel.errors import Rejected

Server = Mapping[str, Any]
_MAC = "OS-EXT-IPS-MAC:mac_addr"
_CONSOLES = {"novnc": "vnc", "serial": "serial"}
_PLAIN = {
    "name": "name",
    "accessIPv4": "accessIPv4",
    "accessIPv6": "accessIPv6",
    "instance_name": "OS-EXT-SRV-ATTR:instance_name",
}


def attribute(work: Work, server: Server, name: str) -> Any:
    """One of the type's attributes."""
    if name == "show":
        return server
    if name in _PLAIN:
        return server.get(_PLAIN[name])
    if name == "tags":
        tags = server.get("tags") or ()
        return [each for each in tags if not each.startswith((TAG, PLACE_TAG))]
    if name == "networks":
        return plain_addresses(server, _networks(work, server))
    if name == "addresses":
        return full_addresses(server, _ports(work, server))
    if name == "first_address":
        return first_address(server)
    if name == "console_urls":
        return _consoles(work)
    return {}


def first_address(server: Server) -> str:
    """One that the server has, "" when it has none yet."""
    for entries in server["addresses"].values():
        for each in entries:
            return str(each["addr"])
    return ""


def plain_addresses(server: Server, ids: Mapping[str, str]) -> dict[str, list[str]]:
    """Addresses by the networks' names, and by their ids."""
    found: dict[str, list[str]] = {}
    for name, entries in server["addresses"].items():
        addresses = [str(each["addr"]) for each in entries]
        found[name] = addresses
        if name in ids:
            found[ids[name]] = addresses
    return found


def full_addresses(
    server: Server, ports: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Addresses as Nova shows them, each with its port (``ports``: by their hardware
    addresses); by the networks' names, and by their ids."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, entries in server["addresses"].items():
        shown = []
        for each in entries:
            port = ports.get(each[_MAC], {})
            shown.append({**each, "port": port.get("id")})
            if port:
                found[port["network_id"]] = shown
        found[name] = shown
    return found


def _ports(work: Work, server: Server) -> dict[str, Mapping[str, Any]]:
    query = {"device_id": server["id"]}
    ports = work.cloud.pages(NETWORK, "ports", "ports", **query)
    return {port["mac_address"]: port for port in ports}


def _networks(work: Work, server: Server) -> dict[str, str]:
    full = full_addresses(server, _ports(work, server))
    return {
        name: identifier
        for name in server["addresses"]
        for identifier, entries in full.items()
        if identifier != name and entries is full[name]
    }


def _consoles(work: Work) -> dict[str, str]:
    found = {}
    path = ("servers", work.physical_id, "remote-consoles")
    for kind, protocol in _CONSOLES.items():
        body = {"remote_console": {"protocol": protocol, "type": kind}}
        try:
            answer = work.cloud.post(COMPUTE, *path, body=body)
        except Rejected:
            # This host has no console of the kind, or the server does not run.
            continue
        found[kind] = str(answer["remote_console"]["url"])
    return found
