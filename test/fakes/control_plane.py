"""A control plane in memory: hands out the view it was given, keeps the reports."""

from __future__ import annotations

from compute.network.report import AgentReport
from compute.network.view import HostView
from objectstore.kernel.errors import Unavailable


class MemoryControlPlane:
    """``view`` is what the next fetch gives; ``is_away`` makes every call fail."""

    def __init__(self, view: HostView) -> None:
        self.view = view
        self.reports: list[AgentReport] = []
        self.is_away = False

    def fetch(self, host: str, since: int) -> HostView | None:
        self._answer()
        assert host == self.view.host
        return None if self.view.revision == since else self.view

    def report(self, report: AgentReport) -> None:
        self._answer()
        self.reports.append(report)

    def active_ports(self) -> set[str]:
        """Those that the last report calls active."""
        ports = self.reports[-1].ports if self.reports else ()
        return {status.port_id for status in ports if status.is_active}

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("the control plane is away")
