"""The control plane as the network room's internal API."""

from __future__ import annotations

from compute.network.client import NetworkClient
from compute.network.report import AgentReport
from compute.network.view import HostView
from compute.network.view_versions import VIEW_VERSION
from compute.network.view_wire import encode_report, read_view


class HttpControlPlane:
    """``ControlPlane`` through the room's client."""

    def __init__(self, client: NetworkClient) -> None:
        self._client = client
        self._spoken = VIEW_VERSION  # by the control plane, when it last told a view

    def fetch(self, host: str, since: int) -> HostView | None:
        """See ``ControlPlane``.  ``Corrupt`` for a view of another version."""
        content = self._client.host_view(host, since)
        if content is None:
            return None
        self._spoken, view = read_view(content)
        return view

    def report(self, report: AgentReport) -> None:
        """See ``ControlPlane``."""
        self._client.report(report.host, encode_report(report, self._spoken))
