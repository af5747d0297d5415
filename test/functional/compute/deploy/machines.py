"""Machines that one may sign in to: sshd's in namespaces, each with a root of its own.

A machine has its own network, processes, name and mounts.  Its root is this machine's,
seen through an overlay: what it writes is its own.  ``power_off`` is a plug pulled;
``power_on`` finds the disks as they were then.
"""

from __future__ import annotations

import shlex
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

WIRE = "wire"
NETWORK = "192.168.79"
HERE = f"{NETWORK}.1"
SSHD = "/usr/sbin/sshd"
UP_SECONDS = 20.0
# Of this machine's root what a machine must not see, or gets anew.
OWN = ("run", "tmp", "root", "srv", "var/log", "var/lib/ringstack", "etc/ringstack")


@dataclass(slots=True)
class Bare:
    """A bare machine."""

    name: str
    address: str
    directory: Path
    authorized: str  # the public key that may sign in as root
    _child: subprocess.Popen[bytes] | None = field(default=None)

    def power_on(self) -> None:
        """Sshd, and nothing else."""
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        key = self.directory / "host_key"
        if not key.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
        script = self.directory / "init.sh"
        script.write_text(self._init(), "utf-8")
        with (self.directory / "init.log").open("ab") as log:
            self._child = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self.name, "unshare", "--mount"),
                    *("--propagation=slave", "--uts", "--ipc", "--pid", "--fork"),
                    *("--kill-child", "sh", str(script)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        last = time.monotonic() + UP_SECONDS
        while not _answers(self.address):
            if self._child.poll() is not None or time.monotonic() > last:
                raise AssertionError((self.directory / "init.log").read_text("utf-8"))
            time.sleep(0.05)

    def power_off(self) -> None:
        """Every process of it is killed."""
        assert self._child is not None
        # Unshare's child is the machine's first process: with it all others die.
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()
        self._child = None
        last = time.monotonic() + UP_SECONDS
        while _answers(self.address) and time.monotonic() < last:
            time.sleep(0.05)

    def _init(self) -> str:
        here = shlex.quote(str(self.directory))
        root = f"{here}/root"
        own = [f"mount -t tmpfs none {root}/{name}" for name in ("run", "tmp")]
        return "\n".join(
            [
                "set -e",
                # What others unmount meanwhile is not held here.
                "mount --make-rslave /",
                f"mount -t overlay none {root} -o lowerdir=/,upperdir={here}/upper,"
                f"workdir={here}/work",
                *own,
                f"mount -t proc none {root}/proc",
                f"mount --rbind /dev {root}/dev",
                f"mkdir -p {root}/run/sshd {root}/srv/node {root}/root/.ssh",
                f"chmod 700 {root}/root {root}/root/.ssh",
                f"echo {shlex.quote(self.authorized)} >{root}/root/.ssh/authorized_keys",  # noqa: E501
                f"cp {here}/host_key {root}/run/sshd/host_key",
                f"chmod 600 {root}/run/sshd/host_key",
                f"hostname {self.name}",
                f"cd {root} && pivot_root . mnt",
                "umount -l /mnt",
                f"{SSHD} -e -f /dev/null -p 22 -h /run/sshd/host_key"
                " -o PermitRootLogin=prohibit-password -o UsePAM=no -o MaxStartups=50"
                " -o PidFile=none -o StrictModes=no",
                # The first process collects the dead.
                "while :; do sleep 3600 & wait; done",
                "",
            ]
        )


def lay_wire(names: list[str], directory: Path, authorized: str) -> list[Bare]:
    """A network of machines and us."""
    run("ip", "link", "add", WIRE, "type", "bridge")
    run("ip", "address", "add", f"{HERE}/24", "dev", WIRE)
    run("ip", "link", "set", WIRE, "up")
    machines = []
    for number, name in enumerate(names, 11):
        address = f"{NETWORK}.{number}"
        run("ip", "netns", "add", name)
        outer = f"to-{name}"
        run("ip", "link", "add", outer, "type", "veth", "peer", "wire0", "netns", name)
        run("ip", "link", "set", outer, "master", WIRE, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{address}/24", "dev", "wire0"),
            ("link", "set", "wire0", "up"),
        ):
            run("ip", "-n", name, *words)
        machines.append(Bare(name, address, directory / name, authorized))
    return machines


def run(*command: str) -> None:
    """It must succeed."""
    subprocess.run(command, check=True)


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1):
            return True
    except OSError:
        return False
