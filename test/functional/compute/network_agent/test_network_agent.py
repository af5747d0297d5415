"""The network agent on a real kernel, in namespaces that the host does not notice.

Each scenario (``scenarios.py``) is a process in a network and a mount namespace of its
own; when it ends, whatever happened in it, the kernel takes everything away.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from test.functional.compute.apart import UNSHARE
from test.functional.compute.network_agent.scenarios import SCENARIOS

SECONDS_MAX = 240.0
START = 'mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up && exec "$@"'
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
}


def _missing() -> list[str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [
        package
        for name, package in PROGRAMS.items()
        if not shutil.which(name, path=path)
    ]


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    """Install what is missing; skip where that cannot be."""
    if os.geteuid():
        pytest.skip("namespaces and taps need root")
    missing = _missing()
    if missing and shutil.which("apt-get"):
        install = [
            "apt-get",
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "-o",
            "DPkg::Lock::Timeout=200",
            *missing,
        ]
        for words in (install, ["apt-get", "update", "-q"], install):
            if _missing():  # else the first try was enough
                subprocess.run(words, capture_output=True, timeout=SECONDS_MAX)
    missing = _missing()
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    probe = [*UNSHARE, "sh", "-c", f"{START.replace('exec', '')}", "-", "ip", "link",
             "add", "probe", "type", "bridge"]  # fmt: skip
    done = subprocess.run(probe, capture_output=True, text=True, timeout=30)
    if done.returncode or not Path("/dev/net/tun").exists():
        pytest.skip(f"no bridges or taps on this kernel: {done.stderr.strip()}")


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
    process = subprocess.Popen(
        [*UNSHARE, "sh", "-c", START, "-", sys.executable, "-m", module, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"did not end:\n{output}")
    assert process.returncode == 0, output
