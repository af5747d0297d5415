"""Load balancers with real haproxy, in namespaces that the host does not notice.

Each scenario (``scenarios.py``) is a process in namespaces of its own; when it ends,
whatever happened in it, the kernel takes everything away.
"""

from __future__ import annotations

import pytest

from test.functional.compute.apart import need_networks, run_apart
from test.functional.compute.balancer.scenarios import NAMES

SECONDS_MAX = 240.0
PROGRAMS = {
    "wg": "wireguard-tools",
    "wireguard-go": "wireguard-go",
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "haproxy": "haproxy",
    "curl": "curl",
    "nc": "netcat-openbsd",
    "ps": "procps",
}


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    need_networks(PROGRAMS)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_with_real_haproxy(name: str) -> None:
    module = "test.functional.compute.balancer.scenarios"
    run_apart(module, name, seconds=SECONDS_MAX)
