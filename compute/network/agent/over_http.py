"""The control plane as the network room's internal API."""

from __future__ import annotations

from compute.network.client import NetworkClient
from compute.network.report import AgentReport
from compute.network.view import HostView
from compute.network.view_wire import decode_view, encode_report


class HttpControlPlane:
    """``ControlPlane`` through the room's client."""

    def __init__(self, client: NetworkClient) -> None:
        self._client = client

    def fetch(self, host: str, since: int) -> HostView | None:
        """See ``ControlPlane``.  ``Corrupt`` for a view of another version."""
        content = self._client.host_view(host, since)
        return None if content is None else decode_view(content)

    def report(self, report: AgentReport) -> None:
        """See ``ControlPlane``."""
        self._client.report(report.host, encode_report(report))
