"""What hosts' views cost where a network is big: CPU of the room, and of agents.

    python -m test.bench.compute.big_networks [--ports 10000] [--hosts 20]

One network has all the ports, spread over the hosts, each of which serves its addresses
and names; a host beside them has a network of its own.  Rooms and database (SQLite) are
one process.  Each figure is of one host's question, the mean of all that ask.
"""

from __future__ import annotations

import argparse
import ipaddress
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compute.network import tables
from compute.network.client import NewPort
from compute.network.view_wire import decode_view
from test.unit.compute.network.house import OWNER, House

BESIDE = "beside"
PREFIX = ipaddress.ip_network("10.64.0.0/16")
# What the API has given out before: gateway, DHCP ports.
FIRST_ADDRESS = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        house = House(Path(directory))
        hosts = [f"host{number}" for number in range(wanted.hosts)]
        for number, host in enumerate([*hosts, BESIDE], 1):
            house.report(host, tunnels_end_at=f"192.0.2.{number}")
        network = furnish(house, hosts, wanted.ports)
        measure(house, hosts, network)
        house.close()


def furnish(house: House, hosts: Sequence[str], count: int) -> str:
    """The network and its ports; its id."""
    body = {"quota": {"port": -1}}
    house.ok("PUT", f"/v2.0/quotas/{OWNER}", body, roles="admin")
    network, _ = house.network(str(PREFIX))
    for host in hosts:
        house.client.create_ports(OWNER, [NewPort(network["id"], host=host)])
    other, _ = house.network("10.1.0.0/24")
    house.client.create_ports(OWNER, [NewPort(other["id"], host=BESIDE)])
    house.database.run(lambda connection: fill(connection, network["id"], hosts, count))
    house.network("10.2.0.0/24")  # a change, which says that there is something new
    return str(network["id"])


def fill(connection: Any, network_id: str, hosts: Sequence[str], count: int) -> None:
    """Many ports like the one that is there, past the API."""
    ports, addresses, held = tables.ports, tables.addresses, tables.port_groups
    first = connection.execute(
        ports.select().where(
            ports.c.host == hosts[0],
            ports.c.network_id == network_id,
            ports.c.device_owner == "compute:nova",
        )
    ).first()
    groups = connection.execute(
        held.select().where(held.c.port_id == first.id)
    ).fetchall()
    address = connection.execute(
        addresses.select().where(addresses.c.port_id == first.id)
    ).first()
    made = [
        {
            **first._mapping,
            "id": f"{number:08x}-0000-4000-8000-000000000000",
            "mac": ":".join(f"{byte:02x}" for byte in (2, *number.to_bytes(5))),
            "host": hosts[number % len(hosts)],
        }
        for number in range(count)
    ]
    connection.execute(ports.insert(), made)
    given = [PREFIX[FIRST_ADDRESS + number] for number in range(count)]
    connection.execute(
        addresses.insert(),
        [
            {
                **address._mapping,
                "address": str(each),
                "number": f"{int(each):032x}",
                "port_id": port["id"],
            }
            for port, each in zip(made, given, strict=True)
        ],
    )
    connection.execute(
        held.insert(),
        [
            {"port_id": port["id"], "group_id": group.group_id}
            for port in made
            for group in groups
        ],
    )


def measure(house: House, hosts: Sequence[str], network_id: str) -> None:
    """Print the figures."""
    known: dict[str, int] = {}

    def ask(title: str, asking: Sequence[str]) -> None:
        spent = decoding = 0.0
        views = sent = 0
        for host in asking:
            began = time.process_time()
            content = house.client.host_view(host, known.get(host, -1))
            spent += time.process_time() - began
            if content is not None:
                began = time.process_time()
                known[host] = decode_view(content).revision
                decoding += time.process_time() - began
                views, sent = views + 1, sent + len(content)
        each = len(asking)
        print(
            f"{title:44} {spent / each * 1000:8.1f} ms"
            f"  {views:3} of {each} views, {sent / each / 1024:7.0f} KiB each,"
            f" {decoding / each * 1000:6.1f} ms to read"
        )

    ask("first", [*hosts, BESIDE])
    ask("nothing changed", [*hosts, BESIDE])
    house.network("10.3.0.0/24")
    ask("another network changed: its hosts", hosts)
    ask("another network changed: a host beside", [BESIDE])
    house.client.create_ports(OWNER, [NewPort(network_id, host=hosts[0])])
    ask("a port came: hosts of the network", hosts)
    ask("a port came: a host beside", [BESIDE])


if __name__ == "__main__":
    main()
