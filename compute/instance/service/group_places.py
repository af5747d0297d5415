"""Where a server group is: what its rule is about."""

from __future__ import annotations

from collections import Counter

from compute.core.database import Connection
from compute.instance.wiring import Stores


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
