"""Flavors: what operators offer load balancers as, each after a profile.

A profile is a set of limits, written down as JSON; a flavor is what users name.  A load
balancer keeps what its flavor meant when it was made: no profile changes that some
flavor has, and no flavor goes that some load balancer has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.frame.kind import Item
from compute.balancer.frame.work import Work
from compute.balancer.haproxy.frontends import CONNECTIONS_MAX
from compute.core.errors import BadRequest, Conflict, NotFound, NotSupported

CONNECTIONS, TOPOLOGY, SINGLE = "connection_limit", "loadbalancer_topology", "SINGLE"
CAPABILITIES = {
    CONNECTIONS: (
        "How many connections or flows of UDP each listener serves at once:"
        f" 1 to {CONNECTIONS_MAX}."
    ),
    TOPOLOGY: "SINGLE: one process that another host begins when its host is lost.",
}
DATA_CHARACTERS_MAX = 4096
FLAVORS_MAX = 1000


def parse_data(text: str) -> dict[str, Any]:
    """A profile's ``flavor_data``.  ``BadRequest``, 501."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("flavor_data: it is not JSON.") from None
    if not isinstance(found, dict):
        raise BadRequest("flavor_data: it is no object of JSON.")
    for name, value in found.items():
        if name not in CAPABILITIES:
            raise BadRequest(f"flavor_data: {name[:64]!r} is no flavor capability.")
        if name == TOPOLOGY and value != SINGLE:
            raise NotSupported(f"flavor_data: {TOPOLOGY} is {SINGLE} here.")
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if name == CONNECTIONS and not (is_number and 1 <= value <= CONNECTIONS_MAX):
            raise BadRequest(f"flavor_data: {CONNECTIONS} is 1 to {CONNECTIONS_MAX}.")
    return found


def meaning(work: Work, flavor_id: str) -> Mapping[str, Any]:
    """What a new load balancer of the flavor keeps.  ``BadRequest``."""
    if not flavor_id:
        return {}
    flavors, profiles = tables.flavors, tables.flavor_profiles
    found = work.rows(
        sa.select(flavors.c.enabled, profiles.c.data)
        .join(profiles, profiles.c.id == flavors.c.profile_id)
        .where(flavors.c.id == flavor_id)
    )
    if not found:
        raise BadRequest(f"Validation failure: flavor {flavor_id} not found.")
    if not found[0]["enabled"]:
        raise BadRequest(f"The selected flavor {flavor_id} is not enabled.")
    return {"connections_max": found[0]["data"].get(CONNECTIONS, 0)}


def row_of(work: Work, table: sa.Table, title: str, identifier: str) -> Item:
    """One, or ``NotFound``."""
    found = work.rows(table.select().where(table.c.id == identifier))
    if not found:
        raise NotFound(f"{title} {identifier[:64]} not found.")
    return dict(found[0])


def add(work: Work, table: sa.Table, values: Item) -> Item:
    """A new one; there is an end to them."""
    count = work.rows(sa.select(sa.func.count().label("all")).select_from(table))
    if count[0]["all"] >= FLAVORS_MAX:
        raise Conflict(f"There are {FLAVORS_MAX} already.")
    row = {"id": work.identifiers.uuid(), "created_at": work.now, **values}
    work.connection.execute(table.insert().values(**row))
    return row


def refuse_same_name(work: Work, name: str, besides: str = "") -> None:
    """Users name flavors: 409 for a second one of that name."""
    table = tables.flavors
    found = sa.select(table.c.id).where(table.c.name == name, table.c.id != besides)
    if work.rows(found):
        raise Conflict(f"A flavor of {name[:64]!r} already exists.")


def refuse_while_used(work: Work, column: sa.Column[str], title: str, of: str) -> None:
    """409 while something has it."""
    if work.rows(sa.select(column).where(column == of).limit(1)):
        raise Conflict(f"{title} {of} is in use and cannot be modified.")
