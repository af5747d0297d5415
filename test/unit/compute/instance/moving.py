"""What tests of moves ask of a house: where servers and ports are, what is held."""

from __future__ import annotations

from typing import Any

from test.unit.compute.instance.house import House

ADMIN = "admin"
NOTHING, SMALL, LARGE = (0, 0, 0, 0), (1, 512, 1, 1), (2, 1024, 2, 1)
LIVE = {"host": None, "block_migration": "auto"}


def host_of(house: House, server_id: str) -> str:
    return str(house.show(server_id)["OS-EXT-SRV-ATTR:host"])


def used(house: House) -> dict[str, tuple[int, int, int, int]]:
    hosts = house.database.read(house.wiring.stores.hosts.all)
    return {
        host.host: (
            host.vcpus_used,
            host.memory_used_mib,
            host.disk_used_gib,
            host.servers,
        )
        for host in hosts
    }


def act(house: House, server_id: str, name: str, value: Any = None, **who: Any) -> None:
    who.setdefault("roles", ADMIN)
    got = house.act(server_id, name, value, **who)
    assert got.status < 300, (name, got.status, got.body)


def guests(house: House, server_id: str) -> dict[str, str]:
    return {
        name: str(states[server_id])
        for name, kit in house.kits.items()
        if server_id in (states := kit.hypervisor.states())
    }


def port_hosts(house: House, server_id: str) -> set[str]:
    return {port.host for port in house.network.ports_of_device(server_id)}


def migrations(house: House, query: str = "", **who: Any) -> Any:
    who.setdefault("roles", ADMIN)
    return house.ok("GET", f"/os-migrations{query}", **who)["migrations"]


def others(house: House, *hosts: str) -> set[str]:
    return set(house.kits) - set(hosts)


def silence(house: House, host: str) -> None:
    """The host's agent is heard of no more; the others go on."""
    house.clock.advance(house.settings.down_after + 1)
    house.agent = house.new_agent(
        f"all but {host}", {n: k for n, k in house.kits.items() if n != host}
    )
    house.agent.report()
