"""What is on a host that no view owns: found and removed, for ``compute doctor``.

The running agent does this at every step for its own view.  These functions do it
where none runs: after its host was taken out of service, or at the end of a test.
"""

from __future__ import annotations

from compute.network.agent.desired import desired_state
from compute.network.agent.host_rules import assign_zones
from compute.network.agent.model import Desired
from compute.network.agent.network_agent import ManagedHost
from compute.network.agent.operations import Operation
from compute.network.agent.plan import leftovers
from compute.network.agent.settings import AgentSettings
from compute.network.view import HostView
from objectstore.kernel.errors import Unavailable


def find_leftovers(
    host: ManagedHost, settings: AgentSettings, view: HostView | None
) -> list[str]:
    """One line for each thing of ours that ``view`` (None: nobody) does not own."""
    return [_describe(one) for one in leftovers(_owned(settings, view), host.observe())]


def remove_leftovers(
    host: ManagedHost, settings: AgentSettings, view: HostView | None
) -> list[str]:
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


def _describe(operation: Operation) -> str:
    kind = type(operation).__name__
    process = getattr(operation, "process", None)
    return f"{kind} {process if process is not None else operation.concerns}"
