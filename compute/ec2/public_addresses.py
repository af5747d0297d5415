"""Public addresses that instances get when they are started, and lose with their end.

A floating address needs a port, and a server's are made while it is built.  So an
order notes on the server that one is wanted; whoever looks at instances next and finds
the port there gives it one.  That may be the order itself, which waits a little, or
any process that is asked for instances, as clients do until theirs run.  An address
whose server is gone, whoever took it away, is given back in the same manner.
"""

from __future__ import annotations

import logging
from typing import Any

from compute.ec2.external import external_network
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.inventory import LAUNCHED, Inventory, Thing, is_launched
from compute.ec2.marking import there_or_not
from compute.ec2.words import RESERVED
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Rejected

# Of a server: it is to have one.
WISH = f"{RESERVED}public-address"
# An order waits so long for the ports; later ones are found by whoever looks.
PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.5
_CONFLICT, _FORBIDDEN = 409, 403

_logger = logging.getLogger("compute.ec2")


def server_of(address: Thing) -> str:
    """The uuid of the server that an address was given to at its start, or empty."""
    text = str(address["description"])
    return text.removeprefix(LAUNCHED) if is_launched(address) else ""


def check_room(inventory: Inventory, count: int) -> None:
    """``Ec2Error`` when there is no room for so many more, before anything is made."""
    external_network(inventory)
    path = ("quotas", inventory.signer.project_id, "details")
    quota = inventory.rooms.get("network", *path)["quota"]["floatingip"]
    if 0 <= quota["limit"] < quota["used"] + count:
        text = "The project's floating addresses do not suffice for these instances"
        raise Ec2Error("AddressLimitExceeded", text)


def settle(inventory: Inventory) -> Inventory:
    """Give addresses to those that wait for one, and take back those that nobody has;
    what the project has after that."""
    waiting = [server for server in inventory.servers if _wants(server)]
    addresses = inventory.launched_addresses
    held = {address["port_id"] for address in addresses}
    changed = False
    for server in waiting:
        ports = inventory.ports_by_server.get(server["id"], [])
        if ports and not {port["id"] for port in ports} & held:
            changed |= _give(inventory, server, ports[0])
    there = inventory.servers_by_id
    for address in addresses:
        if not address["port_id"] and server_of(address) not in there:
            changed |= _take(inventory, address)
    return inventory.look_again() if changed else inventory


def _wants(server: Thing) -> bool:
    return bool(server["metadata"].get(WISH)) and server["status"] != "ERROR"


def _give(inventory: Inventory, server: Thing, port: Thing) -> bool:
    if port["id"] in inventory.address_by_port:
        return False
    wanted: dict[str, Any] = {
        "port_id": port["id"],
        "description": f"{LAUNCHED}{server['id']}",
        "project_id": server["tenant_id"],
    }
    try:
        wanted["floating_network_id"] = external_network(inventory)
        inventory.rooms.post("network", "floatingips", body={"floatingip": wanted})
    except Rejected as error:
        # Others were first, this caller only reads, or its subnet does not lead out
        # (yet): whoever looks next tries again.
        _logger.info("no address for server %s: %s", server["id"], error.text)
        return error.status == _CONFLICT
    return True


def _take(inventory: Inventory, address: Thing) -> bool:
    try:
        with there_or_not():
            inventory.rooms.delete("network", "floatingips", address["id"])
    except Rejected as error:
        if error.status != _FORBIDDEN:
            raise
        return False
    return True


def settle_soon(inventory: Inventory, is_ours: Any) -> Inventory:
    """The same, as soon as the servers of an order have their ports, if that is soon;
    ``is_ours`` tells of a server whether it is one of them."""
    waited = 0.0
    while True:
        inventory = settle(inventory.look_again())
        missing = [
            server
            for server in inventory.servers
            if is_ours(server)
            and _wants(server)
            and not inventory.ports_by_server.get(server["id"])
        ]
        if not missing or waited >= PATIENCE_SECONDS:
            return inventory
        sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


def take_from(inventory: Inventory, server_id: str) -> None:
    """Give back the address of a server that ends."""
    for address in inventory.launched_addresses:
        if server_of(address) == server_id:
            _take(inventory, address)


def take_from_port(inventory: Inventory, port_id: str) -> None:
    """Give back the address that a port got at its server's start: another comes."""
    for address in inventory.launched_addresses:
        if address["port_id"] == port_id:
            _take(inventory, address)
