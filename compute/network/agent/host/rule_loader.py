"""Loads rules with nft, and sees whether they are still what was loaded.

nft shows rules in words of its own, so a listing is only compared with the listing
that was taken right after loading, and only read when the rules' generation is another
than when it was last read.  What was loaded is forgotten with the process; a
new agent loads once more, which cuts nothing: flows are the kernel's memory, not the
rules'.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from compute.network.agent.commands import CommandFailed, run
from compute.network.agent.kernel_namespaces import command_prefix
from compute.network.agent.model import HOST, SeenRules
from compute.network.agent.names import TABLE
from compute.network.agent.rules.flows import Flow, PortFlows, ended, parse_flow
from compute.network.agent.rules.forwarding import loaded_map, parts_of

HOST_FAMILIES = ("inet", "bridge")
ROUTER_FAMILIES = ("ip", "ip6")
# An operation that ends flows leaves the rest to the next step.
ENDED_FLOWS_MAX = 5000
NOTHING_FOUND = "0 flow entries have been"

_FLOATING = re.compile(r"map floating_in \{(.*?)\n\t\}", re.DOTALL)
_PAIR = re.compile(r"([0-9.]+) : ([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a namespace's rules when their generation was this: of a router
    also its floating addresses (address: guest's) and the ports that it forwards."""

    generation: int
    rules: SeenRules
    floating: dict[str, str] = field(default_factory=dict)
    forwarded: dict[str, str] = field(default_factory=dict)


class RuleLoader:
    """Remembers for each namespace what text it loaded and how nft showed it."""

    def __init__(self) -> None:
        self._loaded: dict[str, tuple[str, str]] = {}
        self._looks: dict[str, Look] = {}

    def load(self, namespace: str, text: str) -> None:
        """Put the text's tables in the place of those that are there."""
        self.forget(namespace)
        run(*command_prefix(namespace), "nft", "-f", "-", text=text)
        listing = _listing(namespace)
        if listing is not None:
            self._loaded[namespace] = (text, _digest(listing))

    def seen(self, namespace: str, generation: int) -> Look:
        """What is loaded.  ``generation``: of the rules just now
        (``rule_generation``); 0: unknown."""
        last = self._looks.get(namespace)
        if last is None or not generation or last.generation != generation:
            last = self._look(namespace, generation)
            self._looks[namespace] = last
        return last

    def _look(self, namespace: str, generation: int) -> Look:
        tables = _tables(namespace)
        ours = {f"{family} {TABLE}" for family in _families(namespace)}
        strange = frozenset(tables - ours)
        listing = _listing(namespace) if ours <= tables else None
        if listing is None:
            rules = SeenRules(exists=bool(tables & ours), strange=strange)
            return Look(generation, rules)
        text, digest = self._loaded.get(namespace, (None, ""))
        is_ours = digest == _digest(listing)
        rules = SeenRules(True, text if is_ours else None, strange)
        return Look(generation, rules, _floating(listing), loaded_map(listing))

    def drop(self) -> None:
        """Remove the tables of the host's own namespace."""
        self.forget(HOST)
        for family in HOST_FAMILIES:
            # Adding first makes it no error that there is none.
            run("nft", f"add table {family} {TABLE}; delete table {family} {TABLE}")

    def drop_table(self, namespace: str, table: str) -> None:
        """Remove one table ("ip ringstack"); no error when there is none."""
        # The rules' generation changes: the next look reads them again.
        text = f"add table {table}; delete table {table}"
        run(*command_prefix(namespace), "nft", text)

    def forget(self, namespace: str) -> None:
        """What was known of the namespace's rules is true no more."""
        self._loaded.pop(namespace, None)
        self._looks.pop(namespace, None)


def end_unlawful_flows(port: PortFlows) -> int:
    """End the port's flows that its rules would not let begin; how many."""
    count = 0
    for address in sorted(port.addresses):
        for side in ("--orig-src", "--orig-dst"):
            for flow in ended(_flows(port.zone, side, address), port):
                if count < ENDED_FLOWS_MAX:
                    _end(port.zone, flow)
                    count += 1
    return count


def end_translations(namespace: str, address: str, fixed_address: str) -> None:
    """End the flows that go by way of a floating address, in both directions, and
    those of its guest, which would go on under another address."""
    for side, one in (
        ("--orig-dst", address),
        ("--reply-dst", address),
        ("--orig-src", fixed_address),
    ):
        _conntrack(namespace, "-D", "-f", "ipv4", side, one)


def end_forwarded(namespace: str, key: str) -> None:
    """End the flows that came to one forwarded port of a floating address."""
    address, protocol, port = parts_of(key)
    words = ("-p", protocol, "--orig-dst", address, "--orig-port-dst", port)
    _conntrack(namespace, "-D", "-f", "ipv4", *words)


def _flows(zone: int, side: str, address: str) -> list[Flow]:
    family = "ipv6" if ":" in address else "ipv4"
    words = ("-L", "-f", family, "--zone", str(zone), side, address)
    found = (parse_flow(line) for line in _conntrack(HOST, *words).splitlines())
    return [flow for flow in found if flow is not None]


def _end(zone: int, flow: Flow) -> None:
    family = "ipv6" if ":" in flow.source else "ipv4"
    words = ["-D", "-f", family, "--zone", str(zone), "-p", str(flow.protocol)]
    words += ["--orig-src", flow.source, "--orig-dst", flow.target]
    if flow.source_port:
        words += ["--orig-port-src", str(flow.source_port)]
        words += ["--orig-port-dst", str(flow.port)]
    _conntrack(HOST, *words)


def _conntrack(namespace: str, *words: str) -> str:
    """What conntrack says; that it found nothing is no failure."""
    try:
        return run(*command_prefix(namespace), "conntrack", *words)
    except CommandFailed as error:
        if NOTHING_FOUND not in str(error):
            raise
        return ""


def _families(namespace: str) -> tuple[str, ...]:
    return HOST_FAMILIES if namespace == HOST else ROUTER_FAMILIES


def _listing(namespace: str) -> str | None:
    """How nft shows our tables; None when one is missing."""
    nft = (*command_prefix(namespace), "nft", "-s", "list", "table")
    try:
        # One call each: nft reads only one table's content for a call.
        return "".join(run(*nft, family, TABLE) for family in _families(namespace))
    except CommandFailed:
        return None


def _tables(namespace: str) -> set[str]:
    """Tables that have our name, or begin with it: "family name"."""
    lines = run(*command_prefix(namespace), "nft", "list tables").splitlines()
    named = (line.removeprefix("table ").strip() for line in lines)
    return {each for each in named if each.partition(" ")[2].startswith(TABLE)}


def _floating(listing: str) -> dict[str, str]:
    found = _FLOATING.search(listing)
    return dict(_PAIR.findall(found[1])) if found else {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
