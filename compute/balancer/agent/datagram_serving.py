"""Serves listeners of UDP: loads the kernel's rules, counts flows, ends dead ones'.

Nothing runs for it: the rules serve on without the agent, with the members that were
well when it left.  All calls block; callers are on native threads.
"""

from __future__ import annotations

import json
import secrets
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compute.balancer.agent.datagram_rules import (
    TABLE,
    Standing,
    digest_of,
    family_of,
    is_well,
    key_of,
    marks_of,
    rules_text,
    transaction,
)
from compute.balancer.agent.flow_lines import Flow, parse_flows
from compute.balancer.agent.places import namespace_inode, run_inside
from compute.balancer.agent.statistics import Figures
from compute.balancer.counters import Traffic
from compute.balancer.datagrams import DatagramListener
from compute.balancer.view import Served
from objectstore.kernel.errors import Unavailable

SHOWN_CHARACTERS_MAX = 500
ORIGIN_BYTES = 8
# Below /proc/sys, by the version of IP.
FORWARDING = {"ip": "net/ipv4/ip_forward", "ip6": "net/ipv6/conf/all/forwarding"}
# Members and clients are on one network: nobody is to be told of the shorter way.  (Of
# all interfaces and of each: either may say yes.)
NO_REDIRECTS = (
    "for each in /proc/sys/net/ipv4/conf/*/send_redirects;"
    ' do echo 0 >"$each" || exit 1; done'
)


@dataclass(frozen=True, slots=True)
class DatagramOutcome:
    """``figures`` of members and listeners; ``counters``: who counts each listener."""

    figures: Figures = Figures()
    counters: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class DatagramServing:
    """All load balancers of one host.  Remembers where it has made or found nothing to
    be served, by the namespace's inode."""

    def __init__(self) -> None:
        self._empty: dict[str, int] = {}

    def serve(self, wanted: Served, states: Mapping[str, str]) -> DatagramOutcome:
        """Serve what it says; ``Unavailable`` when that cannot be done now."""
        balancer_id, inode = wanted.balancer_id, namespace_inode(wanted.balancer_id)
        if not wanted.datagrams:
            if self._empty.get(balancer_id) != inode and wanted.address:
                self._clear(wanted)
                self._empty[balancer_id] = inode
            return DatagramOutcome()
        self._empty.pop(balancer_id, None)
        family = family_of(wanted.address)
        flows = _flows(balancer_id, family)
        held = Counter(flow.mark for flow in flows)
        text = rules_text(wanted.address, wanted.datagrams, states, held)
        digest = digest_of(text)
        standing = _standing(balancer_id, family)
        if standing.digest != digest:
            origin = secrets.token_hex(ORIGIN_BYTES)
            loaded = transaction(family, text, digest, standing, origin)
            _checked(run_inside(balancer_id, ["nft", "-f", "-"], loaded))
            _forward(balancer_id, family, 1)
            standing = _standing(balancer_id, family)
        _end_flows(balancer_id, family, flows, wanted.datagrams, states)
        return _outcome(wanted.datagrams, states, standing, flows)

    def forget(self, known: Sequence[str]) -> None:
        """Remember nothing of any but these."""
        self._empty = {key: self._empty[key] for key in self._empty if key in known}

    def _clear(self, served: Served) -> None:
        """Take away what stands, if anything does."""
        family = family_of(served.address)
        if not _standing(served.balancer_id, family).chains:
            return
        _forward(served.balancer_id, family, 0)
        command = ["nft", "delete", "table", family, TABLE]
        _checked(run_inside(served.balancer_id, command))
        _delete_flows(served.balancer_id, family, [])


def _outcome(
    listeners: Sequence[DatagramListener],
    states: Mapping[str, str],
    standing: Standing,
    flows: Sequence[Flow],
) -> DatagramOutcome:
    servers: dict[str, list[str]] = {}
    for listener in listeners:
        for member in listener.members:
            word = states.get(member.id, "no check") if member.is_on else "MAINT"
            servers.setdefault(member.id, []).append(word)
    ports = Counter(flow.port for flow in flows)
    traffic = {}
    for listener in listeners:
        key = key_of(listener.id)
        traffic[listener.id] = Traffic(
            ports[listener.port],
            standing.counters.get(f"in_{key}", 0),
            standing.counters.get(f"out_{key}", 0),
            0,
            standing.counters.get(f"new_{key}", 0),
        )
    origin = standing.origin
    return DatagramOutcome(
        Figures(servers, traffic), {each.id: origin for each in listeners}
    )


def _standing(balancer_id: str, family: str) -> Standing:
    """What stands; nothing where there is no table."""
    command = ["nft", "-j", "-t", "list", "table", family, TABLE]
    done = run_inside(balancer_id, command)
    if done.returncode:
        if "No such file" in done.stderr:
            return Standing()
        raise Unavailable(_shown(done))
    try:
        items = json.loads(done.stdout)["nftables"]
    except (ValueError, KeyError) as error:
        raise Unavailable(f"nft: {error!r}") from None
    counters = [item["counter"] for item in items if "counter" in item]
    return Standing(
        frozenset(item["chain"]["name"] for item in items if "chain" in item),
        frozenset(item["map"]["name"] for item in items if "map" in item),
        {
            each["name"]: each["packets" if each["name"][:4] == "new_" else "bytes"]
            for each in counters
        },
    )


def _forward(balancer_id: str, family: str, switch: int) -> None:
    script = f"echo {switch} >/proc/sys/{FORWARDING[family]} || exit 1; {NO_REDIRECTS}"
    _checked(run_inside(balancer_id, ["sh", "-c", script]))


def _flows(balancer_id: str, family: str) -> list[Flow]:
    command = ["conntrack", "-L", "-f", _conntrack(family), "-p", "udp"]
    return parse_flows(_checked(run_inside(balancer_id, command)).stdout)


def _end_flows(
    balancer_id: str,
    family: str,
    flows: Sequence[Flow],
    listeners: Sequence[DatagramListener],
    states: Mapping[str, str],
) -> None:
    """A flow stays where it is as long as it lives: those of members that are gone, or
    not well, would be lost until they are silent."""
    alive = {
        marks_of(listener)[member.id]
        for listener in listeners
        for member in listener.members
        if is_well(member, states)
    }
    dead = {flow.mark for flow in flows if flow.mark and flow.mark not in alive}
    for mark in sorted(dead):
        _delete_flows(balancer_id, family, ["-m", str(mark)])


def _delete_flows(balancer_id: str, family: str, which: list[str]) -> None:
    command = ["conntrack", "-D", "-f", _conntrack(family), "-p", "udp", *which]
    run_inside(balancer_id, command)  # (that there are none by now is no mistake)


def _conntrack(family: str) -> str:
    return "ipv6" if family == "ip6" else "ipv4"


def _checked(
    done: subprocess.CompletedProcess[str],
) -> subprocess.CompletedProcess[str]:
    if done.returncode:
        raise Unavailable(_shown(done))
    return done


def _shown(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr or done.stdout).strip()[:SHOWN_CHARACTERS_MAX]
