"""Pools: members, and how one of them is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.balancer import rules, tables, tls_rules
from compute.balancer.changes import members, monitors
from compute.balancer.changes.balancers import KIND as BALANCERS
from compute.balancer.changes.locking import (
    add,
    begin,
    begin_of,
    change,
    doom,
    new_part,
    touch,
)
from compute.balancer.changes.tls_fields import POOL_FIELDS, shown_of_pool
from compute.balancer.frame.definition import Definition
from compute.balancer.frame.fields import (
    BOOLEAN,
    ID,
    OBJECT,
    OBJECTS,
    Field,
    Fields,
    words,
)
from compute.balancer.frame.kind import Clause, Item, Kind
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import Work
from compute.balancer.haproxy.backends import BALANCE
from compute.balancer.model import (
    HTTP,
    HTTPS,
    PROXY,
    PROXYV2,
    TCP,
    UDP,
    Balancer,
    Listener,
    Policy,
    Pool,
)
from compute.core.errors import BadRequest, Conflict, NotSupported

NOT_HERE = ("SCTP",)
FIELDS = Fields(
    Field("loadbalancer_id", ID, default="", update=False, column="balancer_id"),
    Field("listener_id", ID, default="", update=False, column="-"),
    Field(
        "protocol",
        words(HTTP, HTTPS, TCP, PROXY, PROXYV2, UDP, *NOT_HERE),
        required=True,
        update=False,
    ),
    Field(
        "lb_algorithm",
        words(*BALANCE),
        required=True,
        column="algorithm",
    ),
    Field("session_persistence", OBJECT, default=None, column="persistence"),
    Field("tls_enabled", BOOLEAN, default=False),
    Field("members", OBJECTS, default=(), update=False, column="-"),
    Field("healthmonitor", OBJECT, default=None, update=False, column="-"),
    *POOL_FIELDS,
)


def create(work: Work, attributes: Item) -> Pool:
    """A new pool of a balancer, or of a listener as its default one."""
    listener = None
    balancer_id = attributes["loadbalancer_id"]
    if attributes["listener_id"]:
        listener = _listener(work, attributes["listener_id"])
        if balancer_id and balancer_id != listener.balancer_id:
            raise BadRequest("The listener is of another load balancer")
        balancer_id = listener.balancer_id
    if not balancer_id:
        raise BadRequest("Must specify at least one of: loadbalancer_id, listener_id")
    balancer = BALANCERS.find(work, balancer_id)
    if listener is not None:
        rules.check_protocols(listener.protocol, attributes["protocol"])
        if listener.default_pool_id:
            raise Conflict(
                f"Listener {listener.id} already has a default pool"
                f" {listener.default_pool_id}"
            )
    pool = make(work, begin(work, balancer), attributes)
    if listener is not None:
        work.save(tables.listeners, listener, default_pool_id=pool.id)
        touch(work, tables.listeners, listener.id)
    return pool


def make(work: Work, balancer: Balancer, attributes: Item) -> Pool:
    """A new pool, with the members and the monitor that are given with it."""
    if attributes["protocol"] in NOT_HERE:
        raise NotSupported(
            f"Provider 'haproxy' does not support pools of {attributes['protocol']}"
        )
    check_quota(work, "pool", balancer.project_id)
    values = FIELDS.columns(attributes)
    values.pop("balancer_id")
    values |= _checked(attributes["protocol"], attributes)
    values["tls"] = _tls(balancer, attributes["tls_enabled"], {}, attributes)
    pool = Pool(**new_part(work, balancer), **values)
    add(work, tables.pools, pool, attributes["tags"])
    for nested in attributes.get("members") or ():
        members.make(work, balancer, pool, members.FIELDS.new(nested))
    if attributes.get("healthmonitor"):
        nested = {**attributes["healthmonitor"], "pool_id": pool.id}
        monitors.make(work, balancer, pool, monitors.FIELDS.new(nested))
    return pool


def update(work: Work, pool: Pool, attributes: Item) -> Pool:
    """Change a pool."""
    balancer = begin_of(work, pool)
    values = FIELDS.columns(attributes) | _checked(pool.protocol, attributes)
    is_enabled = attributes.get("tls_enabled", pool.tls_enabled)
    values["tls"] = _tls(balancer, is_enabled, pool.tls or {}, attributes)
    return change(work, tables.pools, pool, values, attributes)


def delete(work: Work, pool: Pool) -> None:
    """Take it away with its members; not while a policy leads to it."""
    users = work.records(
        Policy, tables.policies, tables.policies.c.redirect_pool_id == pool.id
    )
    if users:
        raise Conflict(f"Pool {pool.id} is in use by L7 policy {users[0].id}")
    begin_of(work, pool)
    listeners = tables.listeners
    for listener in work.records(
        Listener, listeners, listeners.c.default_pool_id == pool.id
    ):
        work.save(listeners, listener, default_pool_id="")
        touch(work, listeners, listener.id)
    doom(work, tables.members, tables.members.c.pool_id == pool.id)
    doom(work, tables.monitors, tables.monitors.c.pool_id == pool.id)
    doom(work, tables.pools, tables.pools.c.id == pool.id)


def _checked(protocol: str, attributes: Item) -> Item:
    found: Item = {}
    if attributes.get("tls_enabled") and protocol == UDP:
        raise rules.wrong("tls_enabled cannot be used with pools of the protocol UDP")
    if "session_persistence" in attributes:
        given = attributes["session_persistence"]
        found["persistence"] = rules.persistence(given, protocol)
    return found


def _tls(
    balancer: Balancer, is_enabled: bool, before: Mapping[str, Any], given: Item
) -> Item:
    """As it is kept; each change means the secrets as they are now."""
    found = tls_rules.pool_tls(is_enabled, {**before, **given})
    return {**found, "revision": balancer.generation} if found else {}


def _listener(work: Work, identifier: str) -> Listener:
    from compute.balancer.changes.listeners import KIND as LISTENERS

    return LISTENERS.find(work, identifier)


def listeners_of(work: Work, pool_ids: Sequence[str]) -> dict[str, list[str]]:
    """The listeners that lead to each pool, by default or by a policy."""
    listeners, policies = tables.listeners, tables.policies
    found: dict[str, list[str]] = {}
    by_default = sa.select(
        listeners.c.default_pool_id.label("pool"), listeners.c.id.label("listener")
    ).where(listeners.c.default_pool_id.in_(pool_ids))
    by_policy = sa.select(
        policies.c.redirect_pool_id.label("pool"),
        policies.c.listener_id.label("listener"),
    ).where(policies.c.redirect_pool_id.in_(pool_ids))
    for statement in (by_default, by_policy):
        for row in work.rows(statement):
            known = found.setdefault(row["pool"], [])
            if row["listener"] not in known:
                known.append(row["listener"])
    return found


def _present(work: Work, pools: Sequence[Pool]) -> list[Item]:
    wanted = [each.id for each in pools]
    led = listeners_of(work, wanted)
    held: dict[str, list[Item]] = {}
    watched: dict[str, str] = {}
    table = tables.members
    for row in work.rows(
        sa.select(table.c.id, table.c.pool_id)
        .where(table.c.pool_id.in_(wanted))
        .order_by(table.c.created_at, table.c.id)
    ):
        held.setdefault(row["pool_id"], []).append({"id": row["id"]})
    monitor = tables.monitors
    for row in work.rows(
        sa.select(monitor.c.id, monitor.c.pool_id).where(monitor.c.pool_id.in_(wanted))
    ):
        watched[row["pool_id"]] = row["id"]
    return [
        {
            "loadbalancers": [{"id": each.balancer_id}],
            "listeners": [{"id": listener} for listener in led.get(each.id, [])],
            "protocol": each.protocol,
            "lb_algorithm": each.algorithm,
            "session_persistence": _persistence(each),
            "members": held.get(each.id, []),
            "healthmonitor_id": watched.get(each.id),
            "tls_enabled": each.tls_enabled,
            **shown_of_pool(each.tls or {}),
        }
        for each in pools
    ]


def _persistence(pool: Pool) -> Item | None:
    if not pool.persistence:
        return None
    return {
        "type": pool.persistence["type"],
        "cookie_name": pool.persistence.get("cookie_name"),
        "persistence_timeout": pool.persistence.get("persistence_timeout"),
        "persistence_granularity": pool.persistence.get("persistence_granularity"),
    }


def _by_listener(values: list[str]) -> Clause:
    listeners, policies = tables.listeners, tables.policies
    return sa.or_(
        tables.pools.c.id.in_(
            sa.select(listeners.c.default_pool_id).where(listeners.c.id.in_(values))
        ),
        tables.pools.c.id.in_(
            sa.select(policies.c.redirect_pool_id).where(
                policies.c.listener_id.in_(values)
            )
        ),
    )


def _by_monitor(values: list[str]) -> Clause:
    monitors_table = tables.monitors
    return tables.pools.c.id.in_(
        sa.select(monitors_table.c.pool_id).where(monitors_table.c.id.in_(values))
    )


KIND = Kind(
    word="pool",
    singular="pool",
    plural="pools",
    title="Pool",
    table=tables.pools,
    record=Pool,
    present=_present,
    columns={
        "loadbalancer_id": "balancer_id",
        "protocol": "protocol",
        "lb_algorithm": "algorithm",
        "tls_enabled": "tls_enabled",
    },
    special={
        "listener_id": _by_listener,
        "healthmonitor_id": _by_monitor,
        "health_monitor_id": _by_monitor,
    },
)
DEFINITION = Definition(KIND, FIELDS, create, update, delete)
