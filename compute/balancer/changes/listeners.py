"""Listeners: the ports that a load balancer serves."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.balancer import rules, tables, tls_rules
from compute.balancer.changes import policies, pools
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
from compute.balancer.changes.tls_fields import LISTENER_FIELDS, shown_of_listener
from compute.balancer.frame.definition import Definition
from compute.balancer.frame.fields import (
    ID,
    OBJECT,
    OBJECTS,
    PORT,
    Field,
    Fields,
    words,
)
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import Work
from compute.balancer.haproxy.frontends import CONNECTIONS_MAX
from compute.balancer.model import (
    UDP,
    UNLIMITED,
    Balancer,
    Listener,
    Policy,
    Pool,
)
from compute.core.errors import BadRequest, Conflict, NotSupported

# A day: what is longer is no time-out.
MILLISECONDS_MAX = 86400000
_TIME = {"type": "integer", "minimum": 0, "maximum": MILLISECONDS_MAX}
NOT_HERE = ("SCTP",)
CIDRS = {
    "type": "array",
    "items": {"type": "string", "maxLength": 64},
    "maxItems": rules.CIDRS_MAX,
}
FIELDS = Fields(
    Field("loadbalancer_id", ID, update=False, column="balancer_id", default=None),
    Field(
        "protocol", words(*rules.POOL_PROTOCOLS, *NOT_HERE), required=True, update=False
    ),
    Field("protocol_port", PORT, required=True, update=False, column="port"),
    Field(
        "connection_limit",
        {"type": "integer", "minimum": UNLIMITED, "maximum": CONNECTIONS_MAX},
        default=UNLIMITED,
    ),
    Field("default_pool_id", ID, default=""),
    Field("default_pool", OBJECT, default=None, update=False, column="-"),
    Field("l7policies", OBJECTS, default=(), update=False, column="-"),
    Field("insert_headers", OBJECT, default={}),
    Field("timeout_client_data", _TIME, default=50000),
    Field("timeout_member_connect", _TIME, default=5000),
    Field("timeout_member_data", _TIME, default=50000),
    Field("timeout_tcp_inspect", _TIME, default=0),
    Field("allowed_cidrs", CIDRS, default=()),
    *LISTENER_FIELDS,
)


def create(work: Work, attributes: Item) -> Listener:
    """A new listener of the balancer that is named."""
    if not attributes["loadbalancer_id"]:
        raise BadRequest("A loadbalancer_id is needed to create a listener")
    balancer = BALANCERS.find(work, attributes["loadbalancer_id"])
    check_quota(work, "listener", balancer.project_id)
    return make(work, begin(work, balancer), attributes)


def make(work: Work, balancer: Balancer, attributes: Item) -> Listener:
    """A new listener, with the pool and the policies that are given with it."""
    protocol, port = attributes["protocol"], attributes["protocol_port"]
    if protocol in NOT_HERE:
        raise NotSupported(
            f"Provider 'haproxy' does not support listeners of {protocol}"
        )
    transport = "udp" if protocol == UDP else "tcp"
    taken = work.records(
        Listener,
        tables.listeners,
        tables.listeners.c.balancer_id == balancer.id,
        tables.listeners.c.port == port,
        tables.listeners.c.transport == transport,
    )
    if taken:
        raise Conflict(
            f"Another Listener on this Load Balancer is already using protocol_port"
            f" {port}"
        )
    pool_id = attributes["default_pool_id"]
    if attributes.get("default_pool"):
        if pool_id:
            raise BadRequest("default_pool and default_pool_id are both given")
        nested = pools.FIELDS.new(attributes["default_pool"])
        rules.check_protocols(protocol, nested["protocol"])
        pool_id = pools.make(work, balancer, nested).id
    _check_pool(work, balancer.id, protocol, pool_id)
    values = FIELDS.columns({**attributes, "loadbalancer_id": balancer.id})
    values |= _checked(balancer, protocol, attributes)
    values["default_pool_id"] = pool_id
    values.pop("balancer_id")
    values["tls"] = _tls(balancer, protocol, {}, attributes)
    listener = Listener(**new_part(work, balancer), transport=transport, **values)
    add(work, tables.listeners, listener, attributes["tags"])
    for nested in attributes.get("l7policies") or ():
        policies.make(work, balancer, listener, policies.FIELDS.new(nested))
    return listener


def update(work: Work, listener: Listener, attributes: Item) -> Listener:
    """Change a listener."""
    balancer = begin_of(work, listener)
    if "default_pool_id" in attributes:
        pool_id = attributes["default_pool_id"]
        _check_pool(work, balancer.id, listener.protocol, pool_id)
        touch(work, tables.pools, pool_id, listener.default_pool_id)
    values = FIELDS.columns(attributes)
    values |= _checked(balancer, listener.protocol, attributes)
    before = listener.tls or {}
    values["tls"] = _tls(balancer, listener.protocol, before, attributes)
    return change(work, tables.listeners, listener, values, attributes)


def delete(work: Work, listener: Listener) -> None:
    """Take it away with its policies."""
    begin_of(work, listener)
    found = work.records(
        Policy, tables.policies, tables.policies.c.listener_id == listener.id
    )
    identifiers = [each.id for each in found]
    doom(work, tables.rules, tables.rules.c.policy_id.in_(identifiers))
    doom(work, tables.policies, tables.policies.c.id.in_(identifiers))
    doom(work, tables.listeners, tables.listeners.c.id == listener.id)


def _checked(balancer: Balancer, protocol: str, attributes: Item) -> Item:
    found: Item = {}
    if "insert_headers" in attributes:
        given = attributes["insert_headers"]
        found["insert_headers"] = rules.insert_headers(given, protocol)
    if "allowed_cidrs" in attributes:
        versions = {ipaddress.ip_address(each).version for each in balancer.addresses}
        given = list(attributes["allowed_cidrs"])
        if given and balancer.vip_sg_ids:
            raise BadRequest(
                "allowed_cidrs: who reaches the load balancer is said by its vip_sg_ids"
            )
        found["allowed_cidrs"] = rules.prefixes(given, versions)
    return found


def _tls(
    balancer: Balancer, protocol: str, before: Mapping[str, Any], given: Item
) -> Item:
    """As it is kept; each change means the secrets as they are now."""
    found = tls_rules.listener_tls(protocol, {**before, **given})
    return {**found, "revision": balancer.generation} if found else {}


def _check_pool(work: Work, balancer_id: str, protocol: str, pool_id: str) -> None:
    if not pool_id:
        return
    pool = work.find(Pool, tables.pools, pool_id)
    if pool is None or pool.balancer_id != balancer_id:
        raise BadRequest(f"Pool {pool_id} not found.")
    rules.check_protocols(protocol, pool.protocol)


def _present(work: Work, listeners: Sequence[Listener]) -> list[Item]:
    table = tables.policies
    found: dict[str, list[Item]] = {}
    wanted = [each.id for each in listeners]
    for row in work.rows(
        sa.select(table.c.id, table.c.listener_id)
        .where(table.c.listener_id.in_(wanted))
        .order_by(table.c.position)
    ):
        found.setdefault(row["listener_id"], []).append({"id": row["id"]})
    return [
        {
            "loadbalancers": [{"id": each.balancer_id}],
            "protocol": each.protocol,
            "protocol_port": each.port,
            "connection_limit": each.connection_limit,
            "default_pool_id": each.default_pool_id or None,
            "insert_headers": dict(each.insert_headers),
            "l7policies": found.get(each.id, []),
            "timeout_client_data": each.timeout_client_data,
            "timeout_member_connect": each.timeout_member_connect,
            "timeout_member_data": each.timeout_member_data,
            "timeout_tcp_inspect": each.timeout_tcp_inspect,
            "allowed_cidrs": list(each.allowed_cidrs) or None,
            **shown_of_listener(each.tls or {}),
        }
        for each in listeners
    ]


KIND = Kind(
    word="listener",
    singular="listener",
    plural="listeners",
    title="Listener",
    table=tables.listeners,
    record=Listener,
    present=_present,
    columns={
        "loadbalancer_id": "balancer_id",
        "load_balancer_id": "balancer_id",
        "protocol": "protocol",
        "protocol_port": "port",
        "connection_limit": "connection_limit",
        "default_pool_id": "default_pool_id",
        "timeout_client_data": "timeout_client_data",
        "timeout_member_connect": "timeout_member_connect",
        "timeout_member_data": "timeout_member_data",
        "timeout_tcp_inspect": "timeout_tcp_inspect",
    },
)
DEFINITION = Definition(KIND, FIELDS, create, update, delete)
