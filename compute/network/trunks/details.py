"""``trunk_details`` of parent ports: what whoever starts their guest needs to know."""

from __future__ import annotations

from collections.abc import Sequence

from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.work import Work
from compute.network.model import Port
from compute.network.trunks.members import subports_of
from compute.network.trunks.model import SEGMENTATION_TYPE, Trunk


def trunk_details(work: Work, port_ids: Sequence[str]) -> dict[str, Body]:
    """Of those of these ports that are parents."""
    table = tables.trunks
    trunks = work.records(Trunk, table, table.c.port_id.in_(list(port_ids)))
    if not trunks:
        return {}
    held = subports_of(work, [trunk.id for trunk in trunks])
    wanted = [each.port_id for found in held.values() for each in found]
    ports = work.records(Port, tables.ports, tables.ports.c.id.in_(wanted))
    macs = {port.id: port.mac for port in ports}
    return {
        trunk.port_id: {
            "trunk_id": trunk.id,
            "sub_ports": [
                {
                    "port_id": each.port_id,
                    "segmentation_type": SEGMENTATION_TYPE,
                    "segmentation_id": each.vlan,
                    "mac_address": macs[each.port_id],
                }
                for each in held[trunk.id]
            ],
        }
        for trunk in trunks
    }
