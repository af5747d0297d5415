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
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from test.scratch import scratch_directory

# It ends with whoever started it, and everything in it with it.
UNSHARE = (
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--net",
    "--mount",
    # Or it would hold what others, who run beside it, unmount meanwhile.
    "--propagation=slave",
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
    "/usr/lib/libvirt/libvirt_lxc": "libvirt-daemon-driver-lxc",
    "ssh": "openssh-client",
}


# A mirror may be slow, and another installation be under way.
INSTALL_SECONDS_MAX = 240.0


def missing_packages(programs: Mapping[str, str]) -> list[str]:
    """The packages of those programs that are not here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [
        package
        for program, package in programs.items()
        if not shutil.which(program, path=path)
    ]


def need_a_host() -> None:
    """Skip, saying why, where no guests can run."""
    if os.geteuid():
        pytest.skip("namespaces and guests need root")
    missing = missing_packages(HOST_PROGRAMS)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    pytest.importorskip("libvirt")


def need_networks(programs: Mapping[str, str]) -> None:
    """Install the packages of those programs; skip, saying why, where that cannot be,
    or where the kernel has no bridges."""
    if os.geteuid():
        pytest.skip("namespaces and taps need root")
    if shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends",
                   "-o", "DPkg::Lock::Timeout=200"]  # fmt: skip
        for words in (install, ["apt-get", "update", "-q"], install):
            if missing := missing_packages(programs):  # else the first was enough
                more = missing if words is install else []
                subprocess.run(
                    [*words, *more], capture_output=True, timeout=INSTALL_SECONDS_MAX
                )
    if missing := missing_packages(programs):
        pytest.skip(f"not installed: {', '.join(missing)}")
    probe = [*UNSHARE, "sh", "-c", START, "sh", "ip", "link", "add", "probe", "type",
             "bridge"]  # fmt: skip
    done = subprocess.run(probe, capture_output=True, text=True, timeout=30)
    if done.returncode:
        pytest.skip(f"no bridges on this kernel: {done.stderr.strip()}")


# What the real guests of one lane (see test.scheduling) may take together, tried again
# or not: on a machine too slow for that, the rest of them is skipped.
LANE_SECONDS_MAX = 600.0
# With less than that there is no use to begin.
WORTH_SECONDS = 60.0


class Lane:
    """The real guests of this process, one after the other."""

    def __init__(self) -> None:
        self.spent_seconds = 0.0

    def run(self, module: str, *arguments: str, seconds: float) -> str:
        """Run ``python -m module DIRECTORY`` apart; what it printed.  It must succeed,
        within that time; skipped, with the reason, when the lane has none left."""
        need_a_host()
        left = LANE_SECONDS_MAX - self.spent_seconds
        if left < WORTH_SECONDS:
            self._skip()
        began = time.monotonic()
        with scratch_directory() as directory:
            try:
                said = run_apart(
                    module, str(directory), *arguments, seconds=min(seconds, left)
                )
            except TimedOut as error:
                if left < seconds:
                    print(error)
                    self._skip(f"; this one was ended after the last {left:.0f} s")
                pytest.fail(str(error))
            finally:
                self.spent_seconds += time.monotonic() - began
        print(said)
        return said

    def _skip(self, more: str = "") -> None:
        pytest.skip(
            f"real guests have had {self.spent_seconds:.0f} s of this machine, and"
            f" {LANE_SECONDS_MAX:.0f} s are for all of them{more}"
        )


LANE = Lane()


class TimedOut(AssertionError):
    """It was ended; the text says what it had printed."""


def run_apart(module: str, *arguments: str, seconds: float) -> str:
    """Run ``python -m module`` apart; what it printed.  It must succeed, and in time
    (``TimedOut``)."""
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
        raise TimedOut(f"not done after {seconds:g} s:\n{said[-4000:]}") from None
    assert process.returncode == 0, said[-6000:]
    return said
