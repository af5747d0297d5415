"""What is on a host that no view owns: found and removed, for ``compute doctor``.

The running agent does this at every step for its own view.  These functions do it
where none runs: after its host was taken out of service, or at the end of a test.
"""

from __future__ import annotations

from compute.network.agent import operations as do
from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.model import Desired
from compute.network.agent.network_agent import ManagedHost
from compute.network.agent.operations import Operation
from compute.network.agent.plan.plan import leftovers
from compute.network.agent.settings import AgentSettings
from compute.network.view import HostView
from objectstore.kernel.errors import Unavailable

_WORDS: dict[type[Operation], str] = {
    do.AttachUplink: "a device on a bridge that is not its own",
    do.CloseListener: "a listener of the metadata service",
    do.DropRules: "rules of packets",
    do.DropTable: "a table of nftables",
    do.LeaveFrames: "a program for a trunk's frames",
    do.RemoveFiles: "files of a dnsmasq",
    do.RemoveLink: "a device",
    do.RemoveNamespace: "a namespace",
    do.StopProcess: "a dnsmasq",
}


def find_leftovers(
    host: ManagedHost, settings: AgentSettings, view: HostView | None
) -> list[tuple[str, str]]:
    """Name and kind of each thing of ours that ``view`` (None: nobody) does not own."""
    return [_describe(one) for one in leftovers(_owned(settings, view), host.observe())]


def remove_leftovers(
    host: ManagedHost, settings: AgentSettings, view: HostView | None
) -> list[tuple[str, str]]:
    """Remove them; what was removed.  Raises ``Unavailable`` when one stays."""
    owned = _owned(settings, view)
    found = leftovers(owned, host.observe())
    failed = host.apply(found, owned)
    if failed:
        raise Unavailable(f"{len(failed)} leftovers stay, the first: {failed[0][1]}")
    return [_describe(one) for one in found]


def _owned(settings: AgentSettings, view: HostView | None) -> Desired:
    if view is None:
        return Desired()
    # Zones do not matter here: nothing is a leftover because of its zone.
    return desired_state(view, settings, assign_zones(view.networks, {}))


def _describe(operation: Operation) -> tuple[str, str]:
    process = getattr(operation, "process", None)
    name = operation.concerns if process is None else str(process)
    return name, _WORDS[type(operation)]
