"""haproxy processes, and their files, of no load balancer that lives on this host."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from compute.app.doctor.finding import Finding
from compute.balancer.agent.service import BalancerAgentService


def stray_balancers(service: BalancerAgentService) -> Iterator[Finding]:
    """The running agent removes such things within seconds."""
    for balancer_id in service.strays():
        removal = partial(service.remove, balancer_id)
        yield Finding("load balancer", balancer_id, "haproxy, or its files", removal)
