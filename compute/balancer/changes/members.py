"""Members: the servers of a pool, one by one or all at once."""

from __future__ import annotations

from collections.abc import Sequence

from compute.balancer import rules, tables
from compute.balancer.changes.locking import (
    add,
    balancer_of,
    begin,
    begin_of,
    change,
    doom,
    new_part,
    touch,
)
from compute.balancer.frame.definition import Definition, Parent
from compute.balancer.frame.fields import (
    ADDRESS,
    BOOLEAN,
    ID,
    PORT,
    Field,
    Fields,
    words,
)
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import Work
from compute.balancer.model import (
    NO_MONITOR,
    OFFLINE,
    Balancer,
    Member,
    Monitor,
    Pool,
)
from compute.core.errors import BadRequest, Conflict

WEIGHT_MAX = 256
FIELDS = Fields(
    Field("pool_id", ID, default="", update=False, column="-"),
    Field("address", ADDRESS, required=True, update=False),
    Field("protocol_port", PORT, required=True, update=False, column="port"),
    Field("ip_address", ADDRESS, default="", update=False, column="-"),
    Field(
        "weight", {"type": "integer", "minimum": 0, "maximum": WEIGHT_MAX}, default=1
    ),
    Field("backup", BOOLEAN, default=False),
    Field("subnet_id", ID, default="", update=False),
    Field("monitor_address", ADDRESS, default=""),
    Field("monitor_port", PORT, default=0),
    Field("vnic_type", words("normal"), default="normal", update=False, column="-"),
    unsupported=("request_sriov",),
)
# Which member of a batch is which.
PLACE = ("address", "protocol_port")


def create(work: Work, attributes: Item) -> Member:
    """A new member of the pool that the path names."""
    pool = _pool(work, attributes["pool_id"])
    balancer = begin_of(work, pool)
    touch(work, tables.pools, pool.id)
    return make(work, balancer, pool, attributes)


def make(work: Work, balancer: Balancer, pool: Pool, attributes: Item) -> Member:
    """A new member of the pool."""
    check_quota(work, "member", balancer.project_id)
    attributes = _checked(attributes)
    table = tables.members
    place = _place(attributes)
    neighbours = work.records(
        Member,
        table,
        table.c.pool_id == pool.id,
        table.c.port == attributes["protocol_port"],
    )
    if any(rules.place(each.address, each.port) == place for each in neighbours):
        raise Conflict(
            f"Another member on this pool is already using ip {attributes['address']}"
            f" on protocol_port {attributes['protocol_port']}"
        )
    member = Member(
        **new_part(work, balancer),
        pool_id=pool.id,
        operating_status=OFFLINE if _is_probed(work, pool) else NO_MONITOR,
        **FIELDS.columns(attributes),
    )
    return add(work, table, member, attributes["tags"])


def update(work: Work, member: Member, attributes: Item) -> Member:
    """Change a member."""
    begin_of(work, member)
    touch(work, tables.pools, member.pool_id)
    return _set(work, member, attributes)


def delete(work: Work, member: Member) -> None:
    """Take it away."""
    begin_of(work, member)
    touch(work, tables.pools, member.pool_id)
    doom(work, tables.members, tables.members.c.id == member.id)


def replace_all(
    work: Work, pool: Pool, wanted: Sequence[Item], *, keeps_others: bool
) -> None:
    """Make these the pool's members: known by address and port they are changed, others
    are new, and those that are not named are taken away, unless they are kept."""
    balancer = begin(work, balancer_of(work, pool.balancer_id))
    touch(work, tables.pools, pool.id)
    table = tables.members
    there = {
        rules.place(each.address, each.port): each
        for each in work.records(Member, table, table.c.pool_id == pool.id)
    }
    seen: set[tuple[str, int]] = set()
    for body in wanted:
        attributes = _checked(FIELDS.new(body))
        place = _place(attributes)
        if place in seen:
            raise Conflict(f"Member {place[0]}:{place[1]} is named twice")
        seen.add(place)
        if place in there:
            given = FIELDS.new(body)
            changes = {
                name: given[name] for name in body if name in given and name in _CHANGED
            }
            _set(work, there[place], changes)
        else:
            make(work, balancer, pool, attributes)
    if not keeps_others:
        gone = [each.id for place, each in there.items() if place not in seen]
        doom(work, table, table.c.id.in_(gone))


_CHANGED = frozenset(
    {
        "name",
        "description",
        "admin_state_up",
        "tags",
        "weight",
        "backup",
        "monitor_address",
        "monitor_port",
    }
)


def _set(work: Work, member: Member, attributes: Item) -> Member:
    values = FIELDS.columns(_checked(attributes))
    return change(work, tables.members, member, values, attributes)


def _place(attributes: Item) -> tuple[str, int]:
    return rules.place(attributes["address"], attributes["protocol_port"])


def _checked(attributes: Item) -> Item:
    found = dict(attributes)
    for name in ("address", "monitor_address"):
        if found.get(name):
            found[name] = rules.member_address(found[name], name)
    return found


def _is_probed(work: Work, pool: Pool) -> bool:
    table = tables.monitors
    return bool(work.records(Monitor, table, table.c.pool_id == pool.id))


def _pool(work: Work, identifier: str) -> Pool:
    found = work.find(Pool, tables.pools, identifier)
    if found is None:
        raise BadRequest(f"Pool {identifier} not found.")
    return found


def _present(work: Work, members: Sequence[Member]) -> list[Item]:
    return [
        {
            "address": each.address,
            "protocol_port": each.port,
            "weight": each.weight,
            "backup": each.backup,
            "subnet_id": each.subnet_id or None,
            "monitor_address": each.monitor_address or None,
            "monitor_port": each.monitor_port or None,
            "vnic_type": "normal",
        }
        for each in members
    ]


KIND = Kind(
    word="member",
    singular="member",
    plural="members",
    title="Member",
    table=tables.members,
    record=Member,
    present=_present,
    columns={
        "address": "address",
        "protocol_port": "port",
        "weight": "weight",
        "backup": "backup",
        "subnet_id": "subnet_id",
        "monitor_address": "monitor_address",
        "monitor_port": "monitor_port",
        # Clients name what the path names, too.
        "pool_id": "pool_id",
    },
    lacks=("description",),
)


def definition(pools: Kind[Pool]) -> Definition[Member]:
    """With the pools, which members are below."""
    parent = Parent("pools/{of}/members", pools, "pool_id")  # type: ignore[arg-type]
    return Definition(KIND, FIELDS, create, update, delete, parent)
