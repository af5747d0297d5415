"""The difference between what should be and what is, as operations in good order.

Pure.  An empty plan means that the host is as desired.  The order matters:

1. rules come first, so that no tap is ever open without them;
2. things are made from the outside in: namespaces, bridges, devices, addresses,
   routes, then the services that need them, and taps last, when all that a guest
   needs is there;
3. what nobody owns any more is taken away after that, services before their ground.
"""

from __future__ import annotations

from collections.abc import Iterator

from compute.network.agent import operations as do
from compute.network.agent.model import (
    HOST,
    Desired,
    LinkKind,
    Namespace,
    Observed,
    SeenLink,
    SeenNamespace,
)
from compute.network.agent.names import (
    BRIDGE_PREFIX,
    is_own_device,
    is_own_namespace,
)
from compute.network.agent.plan.link_changes import address_changes, link_changes
from compute.network.agent.plan.turn_changes import turn_changes
from compute.network.agent.rules.flows import has_lost
from compute.network.port_names import tap_name

LOOPBACK = "lo"


def plan(desired: Desired, observed: Observed) -> list[do.Operation]:
    """What makes the host as desired."""
    shapings = list(_shapings(desired, observed))
    return [
        *_rules(desired, observed),
        *_namespaces(desired, observed),
        *_links(desired, observed),
        *_contents(desired, observed),
        *_services(desired, observed),
        *_taps(desired, observed),
        *shapings,
        *turn_changes(desired, observed, shapings),
        *leftovers(desired, observed),
        *_flows(desired, observed),
    ]


# ---- rules ---------------------------------------------------------------------


def _rules(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    for key, value in desired.sysctls:
        if observed.host.sysctls.get(key) != value:
            yield do.SetSysctl(do.RULES, HOST, key, value)
    if desired.rules and observed.host.rules.text != desired.rules:
        yield do.LoadRules(do.RULES, HOST, desired.rules)


def _flows(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    """After the new rules are loaded; before, a flow could begin again."""
    for port_id, now in desired.flows.items():
        before = observed.flows.get(port_id)
        if before is not None and before != now and has_lost(before, now):
            yield do.JudgeFlows(tap_name(port_id), port_id)
    for name, namespace in desired.namespaces.items():
        seen = observed.namespaces.get(name, SeenNamespace())
        for address, fixed in sorted(seen.floating.items()):
            if namespace.floating.get(address) != fixed:
                yield do.EndTranslations(name, name, address, fixed)
        for key, inner in sorted(seen.forwarded.items()):
            if namespace.forwarded.get(key) != inner:
                yield do.EndForwarded(name, name, key)


# ---- devices -------------------------------------------------------------------


def _namespaces(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    for name, namespace in desired.namespaces.items():
        seen = observed.namespaces.get(name)
        if seen is None:
            yield do.AddNamespace(name)
            seen = SeenNamespace()
        for key, value in namespace.sysctls:
            if seen.sysctls.get(key) != value:
                yield do.SetSysctl(name, name, key, value)
        # Before anything leads into it: a router translates from its first packet on.
        if namespace.rules and seen.rules.text != namespace.rules:
            yield do.LoadRules(name, name, namespace.rules)


def _links(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    """Bridges, then what is on them; taps wait until everything else is there."""
    bridges = [x for x in desired.links.values() if x.kind is LinkKind.BRIDGE]
    others = [x for x in desired.links.values() if x.kind is LinkKind.VETH]
    tunnels = [x for x in desired.links.values() if x.kind is LinkKind.TUNNEL]
    speeds = [x for x in desired.links.values() if x.kind is LinkKind.SPEED]
    ways = [x for x in desired.links.values() if x.kind is LinkKind.WIREGUARD]
    for link in [*bridges, *others, *ways]:
        yield from link_changes(link, observed)
    for name, wireguard in desired.wireguards.items():
        if observed.wireguards.get(name) != wireguard:
            yield do.SetPeers(name, wireguard)
    for link in [*tunnels, *speeds]:
        yield from link_changes(link, observed)
    for interface, bridge in desired.uplinks.items():
        seen = observed.host.links.get(interface)
        if seen is not None and seen.bridge != bridge:
            yield do.AttachUplink(interface, bridge)


def _taps(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    for link in desired.links.values():
        if link.kind is LinkKind.TAP:
            yield from link_changes(link, observed)


def _shapings(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    """What waits in the queues of a device that is told anew is lost."""
    for shaping in desired.shapings.values():
        seen = observed.namespaces.get(shaping.namespace, SeenNamespace())
        if seen.shapings.get((shaping.device, shaping.is_arriving)) != shaping.text:
            yield do.ShapeDevice(shaping.concerns, shaping)
    wanted = {
        (each.namespace, each.device, each.is_arriving)
        for each in desired.shapings.values()
    }
    for name, seen in sorted(observed.namespaces.items()):
        for device, is_arriving in sorted(seen.shapings):
            is_ours = name in desired.namespaces or device in desired.links
            if is_ours and (name, device, is_arriving) not in wanted:
                yield do.UnshapeDevice(device, name, device, is_arriving)


def _contents(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    """What is in namespaces besides the ends of veths."""
    for name, namespace in desired.namespaces.items():
        seen = observed.namespaces.get(name, SeenNamespace())
        loopback = seen.links.get(LOOPBACK, SeenLink(LOOPBACK))
        yield from address_changes(
            name, name, LOOPBACK, namespace.loopback, loopback.addresses
        )
        yield from _routes(name, namespace, seen)


def _routes(
    name: str, namespace: Namespace, seen: SeenNamespace
) -> Iterator[do.Operation]:
    kept = {route.destination for route in namespace.routes}
    for route in sorted(seen.routes - namespace.routes, key=str):
        if route.destination not in kept:
            yield do.RemoveRoute(name, name, route)
    for route in sorted(namespace.routes - seen.routes, key=str):
        yield do.AddRoute(name, name, route)


# ---- services ------------------------------------------------------------------


def _services(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    for name, dnsmasq in desired.processes.items():
        seen = observed.processes.get(name)
        if seen is not None and not (seen.is_at_home and seen.digest == dnsmasq.digest):
            yield do.StopProcess(name, seen.process)
            seen = None
        if seen is None:
            yield do.StartDnsmasq(name, dnsmasq)
        elif seen.files != (dnsmasq.hosts, dnsmasq.options, dnsmasq.names):
            yield do.ReloadDnsmasq(name, dnsmasq, seen.process)
    for name, listener in desired.listeners.items():
        there = observed.namespaces.get(name, SeenNamespace()).links
        is_cut_off = listener.device != "" and listener.device not in there
        if observed.listeners.get(name) != listener or is_cut_off:
            yield do.OpenListener(name, listener)


# ---- leftovers -----------------------------------------------------------------


def leftovers(desired: Desired, observed: Observed) -> list[do.Operation]:
    """What takes away everything of ours that ``desired`` does not name."""
    return list(_leftovers(desired, observed))


def _devices(desired: Desired) -> set[str]:
    """Names of all devices that the host's own namespace should have."""
    inner = {
        link.inner.name
        for link in desired.links.values()
        if link.inner is not None and link.inner_namespace == HOST
    }
    return desired.links.keys() | inner


def _leftovers(desired: Desired, observed: Observed) -> Iterator[do.Operation]:
    links = _devices(desired)
    for device in sorted(observed.turns.keys() - desired.turns.keys()):
        yield do.LeaveFrames(device)
    for name in sorted(observed.listeners.keys() - desired.listeners.keys()):
        yield do.CloseListener(name)
    for name in sorted(observed.processes.keys() - desired.processes.keys()):
        yield do.StopProcess(name, observed.processes[name].process)
    for process in sorted(observed.strays):
        yield do.StopProcess("", process)
    for name in sorted(observed.directories - desired.processes.keys()):
        yield do.RemoveFiles(name)
    for name, seen in sorted(observed.host.links.items()):
        if name not in links and is_own_device(name, seen.alias):
            yield do.RemoveLink(name)
        elif (
            seen.bridge.startswith(BRIDGE_PREFIX)
            and name not in links
            and name not in desired.uplinks
        ):
            yield do.AttachUplink(name, "")
    for name in sorted(observed.namespaces.keys() - desired.namespaces.keys()):
        if is_own_namespace(name):
            yield do.RemoveNamespace(name)
    if not desired.rules and observed.host.rules.exists:
        yield do.DropRules(do.RULES)
    for name in sorted(observed.namespaces):
        if name == HOST or name in desired.namespaces:  # others go as a whole
            for table in sorted(observed.namespaces[name].rules.strange):
                yield do.DropTable(table, name)
