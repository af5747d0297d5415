"""Which hosts an agent may look after."""

from __future__ import annotations

import pytest

from compute.agent.settings import HypervisorKind
from compute.app.hosts import check_networks
from compute.network.agent.settings import NetworkKind
from objectstore.kernel.errors import Unavailable


@pytest.mark.parametrize("guests", [HypervisorKind.LIBVIRT, HypervisorKind.LXC])
def test_real_guests_have_real_networks(guests: HypervisorKind) -> None:
    with pytest.raises(Unavailable, match="hypervisor = sim"):
        check_networks(NetworkKind.SIM, guests)
    check_networks(NetworkKind.LINUX, guests)


def test_simulated_guests_have_either() -> None:
    for networks in NetworkKind:
        check_networks(networks, HypervisorKind.SIM)
