"""Where a server group is: what its rule is about."""

from __future__ import annotations

from collections import Counter

from compute.core.sql.database import Connection
from compute.instance.parts import Parts, Stores
from compute.instance.records import Server, ServerGroup


def places_of_group(
    stores: Stores, connection: Connection, group_id: str, without: str = ""
) -> Counter[str]:
    """How many of its live members are on each host, or on their way to it; one server
    (by its id) does not count.  Of no group ("") there are none."""
    if not group_id:
        return Counter()
    rows = stores.servers.of_group(connection, group_id)
    hosts = {row.id: row.host for row in rows if row.id != without}
    found = Counter(host for host in hosts.values() if host)
    for move in stores.migrations.open_among(connection, hosts):
        if move.dest and move.dest != hosts[move.server_id]:
            found[move.dest] += 1
    return found


def places_of_others(
    stores: Stores, connection: Connection, server: Server
) -> Counter[str]:
    """On which hosts the others of the server's group are."""
    return places_of_group(stores, connection, server.group_id, server.id)


def group_of(parts: Parts, server: Server) -> tuple[ServerGroup | None, Counter[str]]:
    """The server's group, and where its others are, as a plan begins: who claims looks
    again whether they still are there."""
    stores = parts.stores
    return parts.database.read(
        lambda connection: (
            stores.groups.get(connection, server.group_id),
            places_of_others(stores, connection, server),
        )
    )
