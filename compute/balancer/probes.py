"""What a host probes by itself: members by PING, and all of pools of UDP.  Pure.

Haproxy probes the others: it has no probes for these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compute.balancer.model import PING, UDP, Member, Monitor, Tree, living


@dataclass(frozen=True, slots=True)
class Probe:
    """How one member is asked whether it lives.  ``rise``, ``fall``: after how many
    answers, or silences, in a row it is believed.  The last four are HTTP's."""

    member_id: str
    type: str
    address: str
    port: int
    delay: int
    timeout: int
    rise: int
    fall: int
    method: str = ""
    path: str = ""
    codes: str = ""
    host: str = ""


def probes(tree: Tree) -> tuple[Probe, ...]:
    """Of the members that some listener leads to, and that are switched on."""
    tree = living(tree)
    if not tree.balancer.admin_up:
        return ()
    return tuple(_probes(tree))


def _probes(tree: Tree) -> Iterator[Probe]:
    led_to = tree.pools_led_to()
    for pool in tree.pools:
        monitor = tree.probing(pool.id)
        if monitor is None or not pool.admin_up or pool.id not in led_to:
            continue
        if pool.protocol == UDP or monitor.type == PING:
            for member in tree.members_of(pool.id):
                if member.admin_up:
                    yield _probe(member, monitor)


def _probe(member: Member, monitor: Monitor) -> Probe:
    return Probe(
        member.id,
        monitor.type,
        member.monitor_address or member.address,
        member.monitor_port or member.port,
        monitor.delay,
        monitor.timeout,
        monitor.max_retries,
        monitor.max_retries_down,
        monitor.http_method,
        monitor.url_path,
        monitor.expected_codes.replace(" ", ""),
        monitor.domain_name,
    )
