"""L7 policies: what becomes of some of a listener's requests.

Positions are 1, 2, 3 ... without gaps: who comes in between moves the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.balancer import rules, tables
from compute.balancer.changes import rules_of_policies
from compute.balancer.changes.locking import (
    add,
    begin_of,
    change,
    doom,
    new_part,
    touch,
)
from compute.balancer.frame.definition import Definition
from compute.balancer.frame.fields import ID, OBJECTS, Field, Fields, words
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import Work
from compute.balancer.model import (
    PENDING_DELETE,
    READING,
    Balancer,
    Listener,
    Policy,
    Pool,
)
from compute.core.errors import BadRequest, NotFound

POSITION_MAX = 2147483647
CODES = (301, 302, 303, 307, 308)
LONG = {"type": "string", "maxLength": 1024}
FIELDS = Fields(
    Field("listener_id", ID, default="", update=False),
    Field(
        "action",
        words("REJECT", *rules.REDIRECTS),
        required=True,
    ),
    Field(
        "position",
        {"type": "integer", "minimum": 1, "maximum": POSITION_MAX},
        default=POSITION_MAX,
    ),
    Field("redirect_pool_id", ID, default=""),
    Field("redirect_url", LONG, default=""),
    Field("redirect_prefix", LONG, default=""),
    Field("redirect_http_code", {"enum": list(CODES)}, default=0),
    Field("rules", OBJECTS, default=(), update=False, column="-"),
)
_COMPARED = ("action", *rules.REDIRECTS.values(), "redirect_http_code")


def create(work: Work, attributes: Item) -> Policy:
    """A new policy of the listener that is named."""
    if not attributes["listener_id"]:
        raise BadRequest("A listener_id is needed to create an L7 policy")
    listener = _listener(work, attributes["listener_id"])
    balancer = begin_of(work, listener)
    touch(work, tables.listeners, listener.id)
    return make(work, balancer, listener, attributes)


def make(
    work: Work, balancer: Balancer, listener: Listener, attributes: Item
) -> Policy:
    """A new policy of the listener, with the rules that are given with it."""
    if listener.protocol not in READING:
        names = " or ".join(READING)
        raise rules.wrong(f"L7 policies need a listener of the protocol {names}")
    check_quota(work, "l7policy", balancer.project_id)
    values = FIELDS.columns(attributes)
    rules.check_policy(values)
    _check_pool(work, balancer.id, listener, values)
    values.pop("listener_id")
    policy = Policy(**new_part(work, balancer), listener_id=listener.id, **values)
    add(work, tables.policies, policy, attributes["tags"])
    policy = _place(work, policy, attributes["position"])
    for nested in attributes.get("rules") or ():
        given = rules_of_policies.FIELDS.new(nested)
        rules_of_policies.make(work, balancer, policy, given)
    return policy


def update(work: Work, policy: Policy, attributes: Item) -> Policy:
    """Change a policy.  With another action, where the former one led is forgotten."""
    balancer = begin_of(work, policy)
    touch(work, tables.listeners, policy.listener_id)
    values = FIELDS.columns(attributes)
    if values.get("action", policy.action) != policy.action:
        for name in (*rules.REDIRECTS.values(), "redirect_http_code"):
            values.setdefault(name, 0 if name == "redirect_http_code" else "")
    now = {name: getattr(policy, name) for name in _COMPARED}
    rules.check_policy({**now, **values})
    listener = work.find(Listener, tables.listeners, policy.listener_id)
    assert listener is not None
    _check_pool(work, balancer.id, listener, values)
    changed = change(work, tables.policies, policy, values, attributes)
    if "position" in attributes:
        return _place(work, changed, attributes["position"])
    return changed


def delete(work: Work, policy: Policy) -> None:
    """Take it away with its rules; those behind it move up."""
    begin_of(work, policy)
    touch(work, tables.listeners, policy.listener_id)
    doom(work, tables.rules, tables.rules.c.policy_id == policy.id)
    doom(work, tables.policies, tables.policies.c.id == policy.id)
    for place, each in enumerate(_others(work, policy), 1):
        work.save(tables.policies, each, position=place)


def _others(work: Work, policy: Policy) -> list[Policy]:
    table = tables.policies
    found = work.records(
        Policy,
        table,
        table.c.listener_id == policy.listener_id,
        table.c.id != policy.id,
        table.c.provisioning_status != PENDING_DELETE,
    )
    return sorted(found, key=lambda each: each.position)


def _place(work: Work, policy: Policy, wanted: int) -> Policy:
    """The policy at that position, or the last."""
    order = _others(work, policy)
    order.insert(min(wanted - 1, len(order)), policy)
    placed = policy
    for place, each in enumerate(order, 1):
        saved = work.save(tables.policies, each, position=place)
        if each.id == policy.id:
            placed = saved
    return placed


def _check_pool(work: Work, balancer_id: str, listener: Listener, values: Item) -> None:
    pool_id = values.get("redirect_pool_id")
    if not pool_id:
        return
    pool = work.find(Pool, tables.pools, pool_id)
    if pool is None or pool.balancer_id != balancer_id:
        raise BadRequest(f"Pool {pool_id} not found.")
    rules.check_protocols(listener.protocol, pool.protocol)
    touch(work, tables.pools, pool_id)


def _listener(work: Work, identifier: str) -> Listener:
    from compute.balancer.changes.listeners import KIND as LISTENERS

    try:
        return LISTENERS.find(work, identifier)
    except NotFound as error:
        raise BadRequest(error.text) from None


def _present(work: Work, policies: Sequence[Policy]) -> list[Item]:
    table = tables.rules
    found: dict[str, list[Item]] = {}
    wanted = [each.id for each in policies]
    for row in work.rows(
        sa.select(table.c.id, table.c.policy_id)
        .where(table.c.policy_id.in_(wanted))
        .order_by(table.c.created_at, table.c.id)
    ):
        found.setdefault(row["policy_id"], []).append({"id": row["id"]})
    return [
        {
            "listener_id": each.listener_id,
            "action": each.action,
            "position": each.position,
            "redirect_pool_id": each.redirect_pool_id or None,
            "redirect_url": each.redirect_url or None,
            "redirect_prefix": each.redirect_prefix or None,
            "redirect_http_code": each.redirect_http_code or None,
            "rules": found.get(each.id, []),
        }
        for each in policies
    ]


KIND = Kind(
    word="l7policy",
    singular="l7policy",
    plural="l7policies",
    title="L7 Policy",
    table=tables.policies,
    record=Policy,
    present=_present,
    columns={
        name: name
        for name in (
            "listener_id",
            "action",
            "position",
            "redirect_pool_id",
            "redirect_url",
            "redirect_prefix",
            "redirect_http_code",
        )
    },
)
DEFINITION = Definition(KIND, FIELDS, create, update, delete)
