"""What the agent asks of the control plane: a port with two calls.

Truth is the view; a message that something changed only makes the agent ask sooner.
"""

from __future__ import annotations

from typing import Protocol

from compute.network.report import AgentReport
from compute.network.view import HostView


class ControlPlane(Protocol):
    """The network API as agents see it."""

    def fetch(self, host: str, since: int) -> HostView | None:
        """The host's view; None when its revision is still ``since``.

        Raises ``Unavailable`` when nobody can say.
        """

    def report(self, report: AgentReport) -> None:
        """Tell what is true on the host; also that the agent lives.

        Raises ``Unavailable`` when nobody listens.
        """
