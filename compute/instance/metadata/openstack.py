"""The OpenStack tree of a server's metadata: ``openstack/<version>/...``.

Later versions hold what earlier ones do; each content appears from the version on in
which cloud-init and others may expect it.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Any

import orjson

from compute.instance.block_devices import BlockDevice, volumes_of
from compute.instance.records import Server

FOLSOM, GRIZZLY, HAVANA = "2012-08-10", "2013-04-04", "2013-10-17"
LIBERTY, NEWTON_ONE, NEWTON_TWO = "2015-10-15", "2016-06-30", "2016-10-06"
OCATA, ROCKY, VICTORIA = "2017-02-22", "2018-08-27", "2020-10-14"
LATEST = "latest"
VERSIONS = (
    FOLSOM,
    GRIZZLY,
    HAVANA,
    LIBERTY,
    NEWTON_ONE,
    NEWTON_TWO,
    OCATA,
    ROCKY,
    VICTORIA,
)
# What each document first appeared in.
DOCUMENTS = {
    "meta_data.json": FOLSOM,
    "user_data": FOLSOM,
    "password": GRIZZLY,
    "vendor_data.json": HAVANA,
    "network_data.json": LIBERTY,
    "vendor_data2.json": NEWTON_TWO,
}
DNS_SERVICE_TYPE = "dns"


def documents_of(server: Server, version: str) -> list[str]:
    """The names in the directory of that version."""
    moment = VERSIONS[-1] if version == LATEST else version
    return [
        name
        for name, since in DOCUMENTS.items()
        if since <= moment and (name != "user_data" or server.user_data)
    ]


def document(server: Server, version: str, name: str) -> bytes | None:
    """One document; None when there is none of that name in that version."""
    if name not in documents_of(server, version):
        return None
    if name == "user_data":
        return user_data(server)
    if name == "password":
        return server.sealed_password.encode()
    if name == "meta_data.json":
        moment = VERSIONS[-1] if version == LATEST else version
        return orjson.dumps(meta_data(server, moment))
    if name == "network_data.json":
        return orjson.dumps(network_data(server.vifs))
    return b"{}"


def user_data(server: Server) -> bytes:
    """The bytes that the user gave."""
    return base64.b64decode(server.user_data)


def meta_data(server: Server, version: str = VERSIONS[-1]) -> dict[str, Any]:
    """``meta_data.json``."""
    found: dict[str, Any] = {"uuid": server.id}
    if server.metadata:
        found["meta"] = dict(server.metadata)
    if server.key_name:
        found["public_keys"] = {server.key_name: server.key_public}
    found |= {
        "hostname": server.hostname,
        "name": server.name,
        "launch_index": server.launch_index,
        "availability_zone": server.availability_zone or "nova",
    }
    if version >= GRIZZLY:
        # The guest's first entropy; the same at each reading, unknown to others.
        found["random_seed"] = _seed(server)
    if version >= LIBERTY:
        found["project_id"] = server.project_id
    if server.key_name and version >= LIBERTY:
        found["keys"] = [
            {
                "name": server.key_name,
                "type": server.key_type,
                "data": server.key_public,
            }
        ]
    if version >= NEWTON_ONE:
        volumes = volumes_of(server.block_devices)
        found["devices"] = [
            *(_nic_device(vif) for vif in server.vifs if vif.get("tag")),
            *(_disk_device(device) for device in volumes if device.tag),
        ]
    if version >= ROCKY:
        found["dedicated_cpus"] = []
    if server.personality:
        found["files"] = [
            {"path": each["path"], "content_path": f"/content/{number:04d}"}
            for number, each in enumerate(server.personality)
        ]
    return found


def _seed(server: Server) -> str:
    # Both ids are made by the system's own source of randomness: 244 bits.
    text = f"{server.id}/{server.reservation_id}/{server.created_at}"
    return base64.b64encode(hashlib.sha512(text.encode()).digest()).decode()


def _nic_device(vif: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "nic",
        "bus": "none",
        "address": "none",
        "mac": vif["mac"],
        "tags": [vif["tag"]],
    }


def _disk_device(device: BlockDevice) -> dict[str, Any]:
    return {
        "type": "disk",
        "bus": device.bus or "virtio",
        "address": "none",
        "serial": device.volume_id,
        "path": device.device,
        "tags": [device.tag],
    }


def network_data(vifs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """``network_data.json``: links, networks and services."""
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    services: list[dict[str, Any]] = []
    for vif in vifs:
        link_id = f"tap{vif['port_id'][:11]}"
        links.append(
            {
                "id": link_id,
                "vif_id": vif["port_id"],
                "type": "bridge",
                "mtu": vif.get("mtu"),
                "ethernet_mac_address": vif["mac"],
            }
        )
        for address in vif.get("addresses", ()):
            networks.append(_network(len(networks), link_id, vif, address))
            for server in address.get("dns", ()):
                entry = {"type": DNS_SERVICE_TYPE, "address": server}
                if entry not in services:
                    services.append(entry)
    return {"links": links, "networks": networks, "services": services}


def _network(
    number: int, link_id: str, vif: Mapping[str, Any], address: Mapping[str, Any]
) -> dict[str, Any]:
    version = address["version"]
    network: dict[str, Any] = {
        "id": f"network{number}",
        "type": f"ipv{version}_dhcp" if address.get("dhcp") else f"ipv{version}",
        "link": link_id,
        "network_id": vif["network_id"],
    }
    if address.get("dhcp"):
        return network
    interface = ipaddress.ip_interface(
        f"{address['address']}/{address.get('prefix_length', 32)}"
    )
    everywhere = "0.0.0.0" if version == 4 else "::"
    routes = [
        {
            "network": str(ipaddress.ip_network(route["destination"]).network_address),
            "netmask": str(ipaddress.ip_network(route["destination"]).netmask),
            "gateway": route["nexthop"],
        }
        for route in address.get("routes", ())
    ]
    if address.get("gateway"):
        routes.append(
            {
                "network": everywhere,
                "netmask": everywhere,
                "gateway": address["gateway"],
            }
        )
    network |= {
        "ip_address": str(interface.ip),
        "netmask": str(interface.netmask),
        "routes": routes,
        "services": [
            {"type": DNS_SERVICE_TYPE, "address": each}
            for each in address.get("dns", ())
        ],
    }
    return network
