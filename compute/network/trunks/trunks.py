"""Trunks: create, change, delete, and how the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, own
from compute.network.frame.fields import BOOLEAN, TEXT, UUID, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.model import DOWN
from compute.network.trunks.members import subports_of
from compute.network.trunks.model import Trunk
from compute.network.trunks.port_rules import check_enabled, find_parent
from compute.network.trunks.statuses import settle_trunks
from compute.network.trunks.subport_fields import SUBPORTS, wanted_subports
from compute.network.trunks.subports import attach, detach, shown_subport

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("admin_state_up", BOOLEAN, default=True),
    Field("port_id", UUID, required=True, update=False),
    Field("sub_ports", SUBPORTS, default=[], update=False),
)


def create_trunk(work: Work, body: Body) -> Trunk:
    """A port becomes a parent; it may have a guest already."""
    wanted = wanted_subports(body["sub_ports"])
    parent = find_parent(work, body["port_id"])
    trunk = Trunk(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        port_id=parent.id,
        admin_up=body["admin_state_up"],
        status=DOWN,
    )
    work.insert(tables.trunks, trunk)
    attach(work, trunk, wanted)
    settle_trunks(work, [parent.id])
    return trunk


def update_trunk(work: Work, trunk: Trunk, body: Body) -> Trunk:
    """Rename it, or lock it."""
    plain = {
        "name": "name",
        "description": "description",
        "admin_state_up": "admin_up",
    }
    values = {column: body[name] for name, column in plain.items() if name in body}
    return work.save(tables.trunks, trunk, **values)


def delete_trunk(work: Work, trunk: Trunk) -> None:
    """The ports are ports again; a guest loses what it had by tags."""
    check_enabled(trunk)
    held = subports_of(work, [trunk.id])[trunk.id]
    detach(work, trunk, [each.port_id for each in held])
    work.delete(tables.trunks, trunk)


def _present(work: Work, trunks: Sequence[Trunk]) -> list[Body]:
    held = subports_of(work, [trunk.id for trunk in trunks])
    return [
        {
            "port_id": trunk.port_id,
            "admin_state_up": trunk.admin_up,
            "status": trunk.status,
            "sub_ports": [shown_subport(each) for each in held[trunk.id]],
        }
        for trunk in trunks
    ]


COLLECTION = Collection(
    singular="trunk",
    plural="trunks",
    title="Trunk",
    kind="Trunk",
    table=tables.trunks,
    record=Trunk,
    present=_present,
    visible=own(tables.trunks),
    columns={
        "admin_state_up": "admin_up",
        "port_id": "port_id",
        "status": "status",
    },
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_trunk,
    update=update_trunk,
    delete=delete_trunk,
    quota="trunk",
)
