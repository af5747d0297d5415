"""Bridges, taps, namespaces and rules on this host that its view does not own."""

from __future__ import annotations

from collections.abc import Iterator

from compute.app.doctor.finding import Finding
from compute.network.agent.service import NetworkAgentService


def stray_networks(service: NetworkAgentService) -> Iterator[Finding]:
    """The running agent removes such things within seconds; what it is just making
    is in the view already."""
    for name, kind in service.strays():
        yield Finding("network", name, kind, service.remove_strays)
