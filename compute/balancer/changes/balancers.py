"""Load balancers: their rows.  What they need of the network is ``vips.py``'s."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.changes.locking import begin, doom
from compute.balancer.frame.fields import ADDRESS, ID, OBJECTS, TEXT, Field, Fields
from compute.balancer.frame.kind import TAGS, Item, Kind
from compute.balancer.frame.work import Work
from compute.balancer.model import Balancer, Deed, Listener
from compute.balancer.placing import choose_host
from compute.core.errors import BadRequest

PROVIDER = "haproxy"
PROVIDER_TEXT = "An haproxy process of its own for each load balancer"
# Beside the VIP; the network lets no port have more than 64.
ADDRESSES_MAX = 20
MORE_ADDRESSES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "subnet_id": ID,
            "ip_address": {**ADDRESS, "type": ["string", "null"]},
        },
        "required": ["subnet_id"],
        "additionalProperties": False,
    },
    "maxItems": ADDRESSES_MAX,
}
GROUPS_MAX = 10
GROUPS = {"type": "array", "items": ID, "maxItems": GROUPS_MAX, "uniqueItems": True}
FIELDS = Fields(
    Field("vip_address", ADDRESS, default="", update=False),
    Field("vip_port_id", ID, default="", update=False),
    Field("vip_subnet_id", ID, default="", update=False),
    Field("vip_network_id", ID, default="", update=False),
    Field("vip_qos_policy_id", ID, default=""),
    Field("provider", TEXT, default=PROVIDER, update=False, column="-"),
    Field("vip_vnic_type", {"enum": ["normal"]}, default="normal", column="-"),
    Field("listeners", OBJECTS, default=(), update=False, column="-"),
    Field("pools", OBJECTS, default=(), update=False, column="-"),
    Field("additional_vips", MORE_ADDRESSES, default=(), update=False, column="-"),
    Field("vip_sg_ids", GROUPS, default=()),
    Field("flavor_id", ID, default="", update=False),
    unsupported=("availability_zone",),
)


def check_provider(name: str) -> None:
    """There is one."""
    if name not in (PROVIDER, ""):
        raise BadRequest(f"Provider '{name[:64]}' is not enabled.")


def update(work: Work, balancer: Balancer, attributes: Item) -> Balancer:
    """Change a load balancer."""
    balancer = begin(work, balancer)
    if attributes.get("vip_sg_ids"):
        _refuse_groups_beside_prefixes(work, balancer)
    if "tags" in attributes:
        TAGS.set(work.connection, balancer.id, attributes["tags"])
    return work.save(tables.balancers, balancer, **FIELDS.columns(attributes))


def set_groups(work: Work, balancer_id: str, group_ids: Sequence[str] | None) -> None:
    """The groups of a load balancer that is being changed."""
    balancer = work.find(Balancer, tables.balancers, balancer_id)
    if balancer is not None:
        work.save(tables.balancers, balancer, vip_sg_ids=group_ids)


def _refuse_groups_beside_prefixes(work: Work, balancer: Balancer) -> None:
    table = tables.listeners
    mine = work.records(Listener, table, table.c.balancer_id == balancer.id)
    if any(each.allowed_cidrs for each in mine):
        raise BadRequest("vip_sg_ids: listeners with allowed_cidrs want none")


def delete(work: Work, balancer: Balancer, *, cascade: bool) -> None:
    """Begin to take it away; with all that it has only when told so."""
    has = any(True for _ in work.tree(balancer).parts())
    if has and not cascade:
        raise BadRequest(
            f"Cannot delete Load Balancer {balancer.id} - it has children",
            kind="ValidationException",
        )
    begin(work, balancer, Deed.DELETE)
    for table in tables.PARTS:
        doom(work, table, table.c.balancer_id == balancer.id)


def fail_over(work: Work, balancer: Balancer) -> Balancer:
    """Begin anew, on another host when there is one; the keeper moves its port."""
    begun = begin(work, balancer, Deed.FAIL_OVER)
    host = choose_host(work, besides=balancer.host) or balancer.host
    work.wake([host])
    return work.save(tables.balancers, begun, host=host)


def _present(work: Work, balancers: Sequence[Balancer]) -> list[Item]:
    wanted = [each.id for each in balancers]
    held: dict[str, dict[str, list[Item]]] = {"listeners": {}, "pools": {}}
    for name, table in (("listeners", tables.listeners), ("pools", tables.pools)):
        for row in work.rows(
            sa.select(table.c.id, table.c.balancer_id)
            .where(table.c.balancer_id.in_(wanted))
            .order_by(table.c.created_at, table.c.id)
        ):
            held[name].setdefault(row["balancer_id"], []).append({"id": row["id"]})
    return [
        {
            "vip_address": each.vip_address,
            "vip_port_id": each.vip_port_id or None,
            "vip_subnet_id": each.vip_subnet_id or None,
            "vip_network_id": each.vip_network_id or None,
            "vip_qos_policy_id": each.vip_qos_policy_id or None,
            "vip_vnic_type": "normal",
            "flavor_id": each.flavor_id or None,
            "vip_sg_ids": list(each.vip_sg_ids or ()),
            "additional_vips": [dict(one) for one in each.additional_vips or ()],
            "provider": PROVIDER,
            "listeners": held["listeners"].get(each.id, []),
            "pools": held["pools"].get(each.id, []),
        }
        for each in balancers
    ]


KIND = Kind(
    word="loadbalancer",
    singular="loadbalancer",
    plural="loadbalancers",
    title="Load Balancer",
    table=tables.balancers,
    record=Balancer,
    present=_present,
    columns={
        name: name
        for name in (
            "vip_address",
            "vip_port_id",
            "vip_subnet_id",
            "vip_network_id",
            "vip_qos_policy_id",
            "flavor_id",
        )
    },
    special={
        "provider": lambda values: sa.literal(PROVIDER in values),
        "availability_zone": lambda values: sa.false(),
    },
    nulls=frozenset({"availability_zone"}),
)
