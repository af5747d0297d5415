"""A process in network, mount and process namespaces of its own.

Whatever it does to its host, bridges, guests, daemons, the kernel takes away when it
ends, and the host never notices.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# It ends with whoever started it, and everything in it with it.
UNSHARE = (
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)
# The shell stays: as the first process of its namespace it must collect the dead, or
# libvirt waits for minutes for emulators that have ended.
START = 'mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up && "$@"'
# Program and the package that Debian has it in.
HOST_PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "libvirtd": "libvirt-daemon",
    "ssh": "openssh-client",
}


def need_a_host() -> None:
    """Skip, saying why, where no guests can run."""
    if os.geteuid():
        pytest.skip("namespaces and guests need root")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [
        package
        for program, package in HOST_PROGRAMS.items()
        if not shutil.which(program, path=path)
    ]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    pytest.importorskip("libvirt")


def run_apart(module: str, *arguments: str, seconds: float) -> str:
    """Run ``python -m module`` apart; what it printed.  It must succeed."""
    command = [*UNSHARE, "sh", "-c", START, "sh", sys.executable, "-m", module]
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        pytest.fail(f"not done after {seconds:g} s:\n{said[-4000:]}")
    assert process.returncode == 0, said[-6000:]
    return said
