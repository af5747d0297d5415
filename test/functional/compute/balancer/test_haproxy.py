"""Load balancers with real haproxy, in namespaces that the host does not notice.

Each scenario (``scenarios.py``) is a process in namespaces of its own; when it ends,
whatever happened in it, the kernel takes everything away.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

from test.functional.compute.apart import START, UNSHARE
from test.functional.compute.balancer.scenarios import NAMES

SECONDS_MAX = 240.0
PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "haproxy": "haproxy",
    "curl": "curl",
    "nc": "netcat-openbsd",
    "ps": "procps",
}


def _missing() -> list[str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [
        package
        for program, package in PROGRAMS.items()
        if not shutil.which(program, path=path)
    ]


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    """Install what is missing; skip where that cannot be."""
    if os.geteuid():
        pytest.skip("namespaces and taps need root")
    if shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends",
                   "-o", "DPkg::Lock::Timeout=200"]  # fmt: skip
        for words in (install, ["apt-get", "update", "-q"], install):
            missing = _missing()
            if missing:
                more = missing if words is install else []
                subprocess.run(
                    [*words, *more], capture_output=True, timeout=SECONDS_MAX
                )
    missing = _missing()
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    probe = [*UNSHARE, "sh", "-c", START, "-", "ip", "link", "add", "probe", "type",
             "bridge"]  # fmt: skip
    done = subprocess.run(probe, capture_output=True, text=True, timeout=30)
    if done.returncode:
        pytest.skip(f"no bridges on this kernel: {done.stderr.strip()}")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_with_real_haproxy(name: str) -> None:
    module = "test.functional.compute.balancer.scenarios"
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
