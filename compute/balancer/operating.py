"""How the parts of a load balancer fare: from what haproxy says of its servers.  Pure.

* member: ``ONLINE``, ``ERROR`` (its probes fail), ``DRAINING`` (weight 0),
  ``NO_MONITOR`` (nobody probes it), ``OFFLINE`` (switched off, or not served);
* pool: ``ERROR`` when all of its probed members fail, ``DEGRADED`` when some do,
  ``OFFLINE`` when no listener leads to it;
* load balancer: as bad as the worst of its pools.

What an administrator has switched off is ``OFFLINE``; so is what nobody has told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from compute.balancer.model import (
    DEGRADED,
    DRAINING,
    ERROR,
    NO_MONITOR,
    OFFLINE,
    ONLINE,
    Member,
    Tree,
    living,
)

# The first word of haproxy's status of a server.
_WORDS = {
    "UP": ONLINE,
    "DOWN": ERROR,
    "no": NO_MONITOR,
    "DRAIN": DRAINING,
    "NOLB": DRAINING,
    "MAINT": OFFLINE,
}
_WORST_FIRST = (ERROR, DRAINING, OFFLINE, NO_MONITOR, ONLINE)

Servers = Mapping[str, Sequence[str]]
"""What haproxy says of each member: a status from each backend that has it."""


def member_status(words: Iterable[str]) -> str:
    """``UP 1/3``, ``no check`` ... from each backend, in one word of the API's."""
    found = {_WORDS.get(word.split(" ")[0], OFFLINE) for word in words if word}
    return next((status for status in _WORST_FIRST if status in found), OFFLINE)


def operating_statuses(
    tree: Tree, servers: Servers, frontends: Iterable[str]
) -> dict[str, str]:
    """The operating status of everything in the tree, by id."""
    tree = living(tree)
    served = set(frontends)
    members = {each.id: _member(each, servers) for each in tree.members}
    led_to = tree.pools_led_to()
    pools = {}
    for pool in tree.pools:
        if not pool.admin_up or pool.id not in led_to:
            pools[pool.id] = OFFLINE
            continue
        pools[pool.id] = _pool([members[each.id] for each in tree.members_of(pool.id)])
    found = {**members, **pools}
    for listener in tree.listeners:
        is_on = listener.admin_up and listener.id in served
        found[listener.id] = ONLINE if is_on else OFFLINE
    for each in (*tree.monitors, *tree.policies, *tree.rules):
        found[each.id] = ONLINE if each.admin_up else OFFLINE
    found[tree.balancer.id] = (
        _balancer(pools.values()) if tree.balancer.admin_up else OFFLINE
    )
    return found


def _member(member: Member, servers: Servers) -> str:
    if not member.admin_up:
        return OFFLINE
    if member.id not in servers:
        return OFFLINE
    status = member_status(servers[member.id])
    # Of who is not probed haproxy says nothing else.
    is_well = status in (ONLINE, NO_MONITOR)
    return DRAINING if is_well and not member.weight else status


def _pool(members: Sequence[str]) -> str:
    if not members:
        return ONLINE
    if ERROR not in members:
        return ONLINE if set(members) != {OFFLINE} else OFFLINE
    probed = [each for each in members if each not in (OFFLINE, NO_MONITOR)]
    return ERROR if set(probed) == {ERROR} else DEGRADED


def _balancer(pools: Iterable[str]) -> str:
    found = set(pools)
    if ERROR in found:
        return ERROR
    return DEGRADED if DEGRADED in found else ONLINE
