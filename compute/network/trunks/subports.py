"""Ports become subports of a trunk, and cease to be."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.concerns import hosts_of_port
from compute.network.frame.subjects import of_host
from compute.network.frame.work import Work
from compute.network.links.bindings import add_binding, binding_of, drop_binding
from compute.network.links.ports import change_port
from compute.network.model import Port
from compute.network.port_names import OWNER_SUBPORT
from compute.network.trunks.members import NOBODYS, subports_of
from compute.network.trunks.model import SEGMENTATION_TYPE, Subport, Trunk
from compute.network.trunks.port_rules import check_free, find_subport, no_subport
from compute.network.trunks.statuses import settle_trunks
from compute.network.trunks.subport_fields import Wanted


def attach(work: Work, trunk: Trunk, wanted: Sequence[Wanted]) -> None:
    """The ports are the trunk's from now on, and where its parent is."""
    parent = parent_of(work, trunk)
    held = subports_of(work, [trunk.id])[trunk.id]
    for one in wanted:
        check_free(trunk, held, one.vlan)
        port = find_subport(work, one.port_id, parent)
        subport = Subport(port.id, trunk.id, one.vlan)
        work.connection.execute(
            tables.subports.insert().values(
                port_id=port.id, trunk_id=trunk.id, vlan=one.vlan
            )
        )
        held = [*held, subport]
        place = {"device_owner": OWNER_SUBPORT, "binding:host_id": parent.host}
        changed = change_port(work, port, place)
        coming = binding_of(work, parent.id)
        if coming:
            add_binding(work, changed, coming)
    _told(work, trunk, parent)


def detach(work: Work, trunk: Trunk, port_ids: Collection[str]) -> None:
    """The ports are nobody's."""
    held = {each.port_id for each in subports_of(work, [trunk.id])[trunk.id]}
    for port_id in dict.fromkeys(port_ids):
        if port_id not in held:
            raise no_subport(trunk, port_id)
        table = tables.subports
        work.connection.execute(table.delete().where(table.c.port_id == port_id))
        port = work.find(Port, tables.ports, port_id)
        assert port is not None, "its row names it"
        drop_binding(work, port)
        change_port(work, port, NOBODYS)
    _told(work, trunk, parent_of(work, trunk))


def parent_of(work: Work, trunk: Trunk) -> Port:
    """Its parent port."""
    found = work.find(Port, tables.ports, trunk.port_id)
    assert found is not None, "its row names it"
    return found


def _told(work: Work, trunk: Trunk, parent: Port) -> None:
    """The parent's host does what has changed, and so the host that is made ready."""
    hosts = hosts_of_port(work.connection, parent.id, parent.host)
    work.concern(of_host(host) for host in hosts)
    work.touch(hosts)
    settle_trunks(work, [parent.id])


def shown_subport(subport: Subport) -> Body:
    """A subport as the API writes it."""
    return {
        "port_id": subport.port_id,
        "segmentation_type": SEGMENTATION_TYPE,
        "segmentation_id": subport.vlan,
    }
