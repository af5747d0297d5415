"""A host in memory for the network agent: operations change a picture of it.

The picture is what ``Host.observe`` gives of a real one, so a plan that is carried out
here and made again must be empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from compute.network.agent import operations as do
from compute.network.agent.host.shapers import UNKNOWN
from compute.network.agent.model import (
    EVERYBODY,
    HOST,
    Desired,
    Link,
    Listener,
    Namespace,
    Observed,
    SeenLink,
    SeenNamespace,
    SeenProcess,
    SeenRules,
    WireGuard,
)
from compute.network.agent.operations import Operation
from compute.network.agent.rules.flows import PortFlows
from compute.network.agent.vlans.programs import program_name
from compute.network.agent.vlans.turns import VlanTurn
from objectstore.kernel.errors import RingstackError, Unavailable


def empty_namespace() -> SeenNamespace:
    return SeenNamespace(links={"lo": SeenLink("lo", 1, is_up=True)})


@dataclass
class MemoryHost:
    """``fails`` names what cannot be done (``concerns`` of operations); ``is_blind``:
    it cannot be looked at."""

    namespaces: dict[str, SeenNamespace] = field(
        default_factory=lambda: {HOST: empty_namespace()}
    )
    processes: dict[str, SeenProcess] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    listeners: dict[str, Listener] = field(default_factory=dict)
    flows: dict[str, PortFlows] = field(default_factory=dict)
    wireguards: dict[str, WireGuard] = field(default_factory=dict)
    turns: dict[str, str] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    done: list[do.Operation] = field(default_factory=list)
    last_process: int = 100
    is_blind: bool = False

    def observe(self) -> Observed:
        if self.is_blind:
            raise Unavailable("told to be blind")
        return Observed(
            namespaces=dict(self.namespaces),
            processes=dict(self.processes),
            directories=frozenset(self.directories),
            listeners=dict(self.listeners),
            flows=dict(self.flows),
            wireguards=dict(self.wireguards),
            turns=dict(self.turns),
        )

    def apply(
        self, operations: list[do.Operation], desired: Desired
    ) -> list[tuple[do.Operation, RingstackError]]:
        failed: list[tuple[do.Operation, RingstackError]] = []
        for operation in operations:
            if operation.concerns in self.fails:
                failed.append((operation, Unavailable("told to fail")))
            else:
                self.do(operation, desired)
                self.done.append(operation)
        return failed

    def settle(self, desired: Desired) -> None:
        self.flows = dict(desired.flows)

    # ---- one operation -----------------------------------------------------------

    def do(self, operation: do.Operation, desired: Desired) -> None:
        match operation:
            case do.LoadRules(namespace=name, text=text):
                told = desired.namespaces.get(name, Namespace(name))
                strange = self.namespaces[name].rules.strange
                rules = SeenRules(True, text, strange)
                self._change(
                    name,
                    rules=rules,
                    floating=dict(told.floating),
                    forwarded=dict(told.forwarded),
                )
            case do.DropRules():
                self._change(HOST, rules=SeenRules())
            case do.DropTable(concerns=table, namespace=name):
                rules = self.namespaces[name].rules
                left = rules.strange - {table}
                self._change(name, rules=replace(rules, strange=left))
            case do.SetSysctl(namespace=name, key=key, value=value):
                sysctls = {**self.namespaces[name].sysctls, key: value}
                self._change(name, sysctls=sysctls)
            case do.AddNamespace(concerns=name):
                assert name not in self.namespaces
                self.namespaces[name] = empty_namespace()
            case do.RemoveNamespace(concerns=name):
                del self.namespaces[name]
            case do.AddLink(link=link):
                self._add_link(link)
            case do.ChangeLink(link=link):
                seen = self.namespaces[HOST].links[link.name]
                self._put(HOST, self._as_told(seen, link))
            case do.ChangeInner(namespace=name, inner=inner):
                seen = self.namespaces[name].links[inner.name]
                is_up = seen.is_up or inner.is_up
                up = replace(seen, mac=inner.mac, mtu=inner.mtu, is_up=is_up)
                self._put(name, up)
            case do.RemoveLink(concerns=name):
                if name in self.namespaces[HOST].links:  # or gone with its other end
                    self.remove_link(name)
            case do.AttachUplink(concerns=name, bridge=bridge):
                seen = self.namespaces[HOST].links[name]
                self._put(HOST, replace(seen, bridge=bridge))
            case do.AddAddress(namespace=name, device=device, address=address):
                seen = self.namespaces[name].links[device]
                self._put(name, replace(seen, addresses=seen.addresses | {address}))
            case do.RemoveAddress(namespace=name, device=device, address=address):
                seen = self.namespaces[name].links[device]
                self._put(name, replace(seen, addresses=seen.addresses - {address}))
            case do.AddForward(concerns=name, forward=forward):
                seen = self.namespaces[HOST].links[name]
                # One way for an address, as many as you like for everybody.
                kept = {
                    one
                    for one in seen.forwards
                    if one.mac == EVERYBODY or one.mac != forward.mac
                }
                self._put(HOST, replace(seen, forwards=frozenset(kept | {forward})))
            case do.RemoveForward(concerns=name, forward=forward):
                seen = self.namespaces[HOST].links[name]
                self._put(HOST, replace(seen, forwards=seen.forwards - {forward}))
            case do.AddRoute(namespace=name, route=route):
                routes = {
                    one
                    for one in self.namespaces[name].routes
                    if one.destination != route.destination
                }
                self._change(name, routes=frozenset(routes | {route}))
            case do.RemoveRoute(namespace=name, route=route):
                self._change(name, routes=self.namespaces[name].routes - {route})
            case do.OpenListener(listener=listener):
                self.listeners[listener.namespace] = listener
            case do.CloseListener(concerns=name):
                del self.listeners[name]
            case do.ShapeDevice(shaping=shaping):
                seen_there = self.namespaces[shaping.namespace]
                assert shaping.device in seen_there.links
                assert shaping.through in ("", *seen_there.links)
                side = (shaping.device, shaping.is_arriving)
                self._clear(*side)
                shapings = {**seen_there.shapings, side: shaping.text}
                self._change(shaping.namespace, shapings=shapings)
            case do.UnshapeDevice(namespace=name):
                side = (operation.device, operation.is_arriving)
                self._clear(*side)
                shapings = dict(self.namespaces[name].shapings)
                shapings.pop(side, None)
                self._change(name, shapings=shapings)
            case do.TurnFrames(turn=turn):
                self._turn(turn)
            case do.LeaveFrames(concerns=device):
                self.turns.pop(device, None)
            case do.SetPeers(concerns=name, wireguard=wireguard):
                assert name in self.namespaces[HOST].links
                self.wireguards[name] = wireguard
            case do.JudgeFlows() | do.EndTranslations() | do.EndForwarded():
                pass
            case _:
                self._do_process(operation)

    def _clear(self, device: str, is_arriving: bool) -> None:
        """A program goes with the queue that it stands at."""
        if is_arriving:
            self.turns.pop(device, None)

    def _turn(self, turn: VlanTurn) -> None:
        links = self.namespaces[HOST].links
        program = turn.program({name: seen.index for name, seen in links.items()})
        assert program is not None and turn.device in links
        self.turns[turn.device] = program_name(program)
        if turn.is_joining:
            self._put(HOST, replace(links[turn.device], is_up=True))

    def _do_process(self, operation: Operation) -> None:
        match operation:
            case do.StartDnsmasq(dnsmasq=dnsmasq):
                assert dnsmasq.namespace not in self.processes
                assert dnsmasq.namespace in self.namespaces
                self.last_process += 1
                self.directories.add(dnsmasq.namespace)
                self.processes[dnsmasq.namespace] = SeenProcess(
                    self.last_process,
                    dnsmasq.digest,
                    True,
                    (dnsmasq.hosts, dnsmasq.options, dnsmasq.names),
                )
            case do.ReloadDnsmasq(dnsmasq=dnsmasq):
                files = (dnsmasq.hosts, dnsmasq.options, dnsmasq.names)
                seen = self.processes[dnsmasq.namespace]
                self.processes[dnsmasq.namespace] = replace(seen, files=files)
            case do.StopProcess(process=process):
                self.processes = {
                    name: seen
                    for name, seen in self.processes.items()
                    if seen.process != process
                }
            case do.RemoveFiles(concerns=name):
                self.directories.discard(name)
            case _:
                raise AssertionError(operation)

    # ---- devices -----------------------------------------------------------------

    def remove_link(self, name: str) -> None:
        """Gone, the other end of a veth too, and ports are free of the bridge."""
        links = dict(self.namespaces[HOST].links)
        index = links.pop(name).index
        # The other end of a veth that is here as well, and programs at either.
        links = {key: seen for key, seen in links.items() if seen.index != index}
        self.turns = {key: self.turns[key] for key in self.turns if key in links}
        self.wireguards.pop(name, None)
        # Tunnels go with what they go through.
        links = {key: seen for key, seen in links.items() if seen.through != name}
        links = {
            key: replace(seen, bridge="" if seen.bridge == name else seen.bridge)
            for key, seen in links.items()
        }
        # Queues go with their device; what went through it goes nowhere.
        shapings = {
            side: UNKNOWN if text.endswith(f" {name}\n") else text
            for side, text in self.namespaces[HOST].shapings.items()
            if side[0] != name
        }
        self._change(HOST, links=links, shapings=shapings)
        for namespace in list(self.namespaces):
            if namespace != HOST:
                kept = {
                    key: seen
                    for key, seen in self.namespaces[namespace].links.items()
                    if seen.index != index
                }
                self._change(namespace, links=kept)

    def _add_link(self, link: Link) -> None:
        assert link.name not in self.namespaces[HOST].links
        assert not link.through or link.through in self.namespaces[HOST].links
        self.last_process += 1
        seen = SeenLink(
            link.name,
            self.last_process,
            link.kind.value,
            segment=link.segment,
            local=link.local,
            through=link.through,
        )
        self._put(HOST, self._as_told(seen, link))
        if link.inner is not None:
            # Both ends have one index here: that is how they find each other.
            inner = link.inner
            end = SeenLink(inner.name, seen.index, "veth", "", inner.mtu, inner.is_up)
            self._put(link.inner_namespace, replace(end, mac=inner.mac))

    def _as_told(self, seen: SeenLink, link: Link) -> SeenLink:
        assert not link.bridge or link.bridge in self.namespaces[HOST].links
        return replace(
            seen,
            alias=link.alias,
            mtu=link.mtu,
            is_up=link.is_up,
            bridge=link.bridge,
            mac=link.mac,
        )

    def _put(self, namespace: str, seen: SeenLink) -> None:
        links = {**self.namespaces[namespace].links, seen.name: seen}
        self._change(namespace, links=links)

    def _change(self, namespace: str, **what: object) -> None:
        self.namespaces[namespace] = replace(self.namespaces[namespace], **what)  # type: ignore[arg-type]
