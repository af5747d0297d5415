"""The network agent on a real kernel, in namespaces that the host does not notice.

Each scenario (``scenarios.py``) is a process in a network and a mount namespace of its
own; when it ends, whatever happened in it, the kernel takes everything away.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from test.functional.compute.apart import need_networks, run_apart
from test.functional.compute.network_agent.scenarios import SCENARIOS

SECONDS_MAX = 240.0
# Texts that hold one of each thing that can be written.
GOLDEN = Path(__file__).parents[3] / "unit/compute/network/agent/golden"
PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "busybox": "busybox",
    "curl": "curl",
    "ping": "iputils-ping",
    "nc": "netcat-openbsd",
    "dhclient": "isc-dhcp-client",
    "wg": "wireguard-tools",
    "wireguard-go": "wireguard-go",
}


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    need_networks(PROGRAMS)
    if not Path("/dev/net/tun").exists():
        pytest.skip("no taps on this kernel")


@pytest.mark.parametrize("name", ["host.nft", "router.nft"])
def test_nft_understands_every_kind_of_rule(name: str) -> None:
    words = ["unshare", "--net", "nft", "--check", "--file", str(GOLDEN / name)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["dhcp.conf", "router.conf"])
def test_dnsmasq_understands_every_kind_of_option(name: str) -> None:
    words = ["dnsmasq", "--test", f"--conf-file={GOLDEN / name}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_on_a_real_kernel(name: str) -> None:
    module = "test.functional.compute.network_agent.scenarios"
    run_apart(module, name, seconds=SECONDS_MAX)
