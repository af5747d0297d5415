"""The host as the agent meets it: what is there, and doing what a plan says.

Reading takes milliseconds and so does most of what is done, but everything goes
through the kernel or a process: it runs on native threads, one call after the other,
in the order of the plan.  An operation that fails does not keep the others from
being tried; the caller is told which did.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from compute.network.agent import kernel_namespaces
from compute.network.agent import operations as do
from compute.network.agent.commands import run
from compute.network.agent.host import neighbours
from compute.network.agent.host.dnsmasq_processes import DnsmasqProcesses
from compute.network.agent.host.rule_loader import (
    RuleLoader,
    end_forwarded,
    end_translations,
    end_unlawful_flows,
)
from compute.network.agent.host.seen_namespaces import seen_namespace
from compute.network.agent.host.shapers import Shapers
from compute.network.agent.host.vlan_loader import VlanLoader
from compute.network.agent.host.wireguard import WireGuards
from compute.network.agent.metadata.listeners import MetadataListeners
from compute.network.agent.model import (
    HOST,
    Desired,
    Observed,
    SeenNamespace,
)
from compute.network.agent.names import is_own_namespace
from compute.network.agent.netlink import addresses, devices
from compute.network.agent.rules.flows import PortFlows
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError, Unavailable

logger = logging.getLogger("compute.network.agent")


class Host:
    """One host's networks.  Methods are called on the hub's thread, one at a time."""

    def __init__(self, state_directory: Path, listeners: MetadataListeners) -> None:
        self._listeners = listeners
        self._rules = RuleLoader()
        self._shapers = Shapers()
        self._processes = DnsmasqProcesses(state_directory)
        self._wireguards = WireGuards(state_directory)
        self._vlans = VlanLoader()
        # What ports' flows were last judged by; a new agent takes them as they are.
        self._flows: dict[str, PortFlows] = {}

    # ---- what is there -------------------------------------------------------

    def observe(self) -> Observed:
        """Everything that could be ours.  Raises ``Unavailable``."""
        return concurrency.offload(self._observe)

    def _observe(self) -> Observed:
        namespaces = {HOST: self._seen(HOST)}
        for name in kernel_namespaces.names():
            if is_own_namespace(name):
                try:
                    namespaces[name] = self._seen(name)
                except Unavailable as error:
                    # A name without a namespace behind it: not there, to the plan.
                    logger.info("%s", error)
        processes, strays = self._processes.seen()
        return Observed(
            namespaces=namespaces,
            processes=processes,
            strays=frozenset(strays),
            directories=frozenset(self._processes.directories()),
            listeners=self._listeners.seen(),
            flows=dict(self._flows),
            wireguards=self._wireguards.seen(namespaces[HOST].links),
            turns=self._vlans.seen(namespaces[HOST].links),
        )

    def _seen(self, name: str) -> SeenNamespace:
        return seen_namespace(name, self._rules, self._shapers)

    # ---- doing -----------------------------------------------------------------

    def apply(
        self, operations: Sequence[do.Operation], desired: Desired
    ) -> list[tuple[do.Operation, RingstackError]]:
        """Do them in order; those that failed, and why."""
        failed: list[tuple[do.Operation, RingstackError]] = []
        for operation in operations:
            try:
                self._do(operation, desired)
            except RingstackError as error:
                failed.append((operation, error))
        return failed

    def settle(self, desired: Desired) -> None:
        """All that ``desired`` asked for was done: what ports lose from now on is
        measured against it."""
        self._flows = dict(desired.flows)

    def _do(self, operation: do.Operation, desired: Desired) -> None:
        match operation:
            case do.OpenListener(listener=listener):
                self._listeners.open(listener)
            case do.CloseListener(concerns=namespace):
                self._listeners.close(namespace)
            case do.JudgeFlows(port_id=port_id):
                concurrency.offload(end_unlawful_flows, desired.flows[port_id])
            case _:
                concurrency.offload(self._do_natively, operation)

    def _do_natively(self, operation: do.Operation) -> None:
        """Each kind of operation has its method."""
        try:
            _ACTIONS[type(operation)](self, operation)
        except OSError as error:
            raise Unavailable(f"{operation.concerns}: {error}") from error

    def _load_rules(self, operation: do.LoadRules) -> None:
        self._rules.load(operation.namespace, operation.text)

    def _drop_rules(self, _: do.DropRules) -> None:
        self._rules.drop()

    def _drop_table(self, operation: do.DropTable) -> None:
        self._rules.drop_table(operation.namespace, operation.concerns)

    def _set_sysctl(self, operation: do.SetSysctl) -> None:
        if operation.key.startswith("net/bridge/"):
            # The setting comes with a module that nobody may have needed yet.
            with contextlib.suppress(Unavailable):
                run("modprobe", "-q", "br_netfilter")
        kernel_namespaces.set_sysctl(
            operation.namespace, operation.key, operation.value
        )

    def _add_namespace(self, operation: do.AddNamespace) -> None:
        name = operation.concerns
        self._rules.forget(name)
        self._shapers.forget(name)
        kernel_namespaces.add(name)
        kernel_namespaces.inside(name, lambda: devices.set_up("lo"))

    def _remove_namespace(self, operation: do.RemoveNamespace) -> None:
        self._rules.forget(operation.concerns)
        self._shapers.forget(operation.concerns)
        kernel_namespaces.remove(operation.concerns)

    def _add_link(self, operation: do.AddLink) -> None:
        link = operation.link
        devices.add_link(link, kernel_namespaces.path_of(link.inner_namespace))
        inner = link.inner
        if inner is not None:
            kernel_namespaces.inside(
                link.inner_namespace, lambda: devices.change_inner(inner)
            )

    def _change_link(self, operation: do.ChangeLink) -> None:
        devices.change_link(operation.link)

    def _change_inner(self, operation: do.ChangeInner) -> None:
        kernel_namespaces.inside(
            operation.namespace, lambda: devices.change_inner(operation.inner)
        )

    def _remove_link(self, operation: do.RemoveLink) -> None:
        devices.remove_link(operation.concerns)

    def _attach_uplink(self, operation: do.AttachUplink) -> None:
        devices.attach(operation.concerns, operation.bridge)

    def _add_address(self, operation: do.AddAddress) -> None:
        def add() -> None:
            addresses.add_address(operation.device, operation.address)
            neighbours.announce(operation.device, operation.address.split("/")[0])

        kernel_namespaces.inside(operation.namespace, add)

    def _remove_address(self, operation: do.RemoveAddress) -> None:
        kernel_namespaces.inside(
            operation.namespace,
            lambda: addresses.remove_address(operation.device, operation.address),
        )

    def _add_forward(self, operation: do.AddForward) -> None:
        addresses.add_forward(operation.concerns, operation.forward)

    def _remove_forward(self, operation: do.RemoveForward) -> None:
        addresses.remove_forward(operation.concerns, operation.forward)

    def _add_route(self, operation: do.AddRoute) -> None:
        kernel_namespaces.inside(
            operation.namespace, lambda: addresses.replace_route(operation.route)
        )

    def _remove_route(self, operation: do.RemoveRoute) -> None:
        kernel_namespaces.inside(
            operation.namespace, lambda: addresses.remove_route(operation.route)
        )

    def _shape(self, operation: do.ShapeDevice) -> None:
        self._shapers.apply(operation.shaping)

    def _unshape(self, operation: do.UnshapeDevice) -> None:
        self._shapers.clear(
            operation.namespace, operation.device, is_arriving=operation.is_arriving
        )

    def _turn_frames(self, operation: do.TurnFrames) -> None:
        self._vlans.apply(operation.turn)

    def _leave_frames(self, operation: do.LeaveFrames) -> None:
        self._vlans.clear(operation.concerns)

    def _start_dnsmasq(self, operation: do.StartDnsmasq) -> None:
        self._processes.start(operation.dnsmasq)

    def _reload_dnsmasq(self, operation: do.ReloadDnsmasq) -> None:
        self._processes.reload(operation.dnsmasq, operation.process)

    def _stop_process(self, operation: do.StopProcess) -> None:
        self._processes.stop(operation.process)

    def _remove_files(self, operation: do.RemoveFiles) -> None:
        self._processes.remove_files(operation.concerns)

    def _end_translations(self, operation: do.EndTranslations) -> None:
        end_translations(
            operation.namespace, operation.address, operation.fixed_address
        )

    def _end_forwarded(self, operation: do.EndForwarded) -> None:
        end_forwarded(operation.namespace, operation.key)

    def _set_peers(self, operation: do.SetPeers) -> None:
        self._wireguards.tell(operation.concerns, operation.wireguard)


_ACTIONS: dict[type[Any], Callable[[Host, Any], None]] = {
    do.LoadRules: Host._load_rules,
    do.DropRules: Host._drop_rules,
    do.DropTable: Host._drop_table,
    do.SetSysctl: Host._set_sysctl,
    do.AddNamespace: Host._add_namespace,
    do.RemoveNamespace: Host._remove_namespace,
    do.AddLink: Host._add_link,
    do.ChangeLink: Host._change_link,
    do.ChangeInner: Host._change_inner,
    do.RemoveLink: Host._remove_link,
    do.AttachUplink: Host._attach_uplink,
    do.AddAddress: Host._add_address,
    do.RemoveAddress: Host._remove_address,
    do.AddForward: Host._add_forward,
    do.RemoveForward: Host._remove_forward,
    do.AddRoute: Host._add_route,
    do.RemoveRoute: Host._remove_route,
    do.StartDnsmasq: Host._start_dnsmasq,
    do.ReloadDnsmasq: Host._reload_dnsmasq,
    do.StopProcess: Host._stop_process,
    do.RemoveFiles: Host._remove_files,
    do.EndTranslations: Host._end_translations,
    do.EndForwarded: Host._end_forwarded,
    do.ShapeDevice: Host._shape,
    do.UnshapeDevice: Host._unshape,
    do.SetPeers: Host._set_peers,
    do.TurnFrames: Host._turn_frames,
    do.LeaveFrames: Host._leave_frames,
}
