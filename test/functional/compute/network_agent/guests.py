"""Fake guests: a namespace with one device, joined to its port's tap by a cable."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

from compute.network.port_names import tap_name
from compute.network.view import Port
from objectstore.kernel import concurrency

SECONDS_MAX = 30.0

# Called by udhcpc with what it was told in the environment.
DHCP_SCRIPT = """#!/bin/sh
case "$1" in
bound|renew)
    ip address replace "$ip/$mask" dev "$interface"
    [ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
    set -- $staticroutes
    while [ $# -ge 2 ]; do
        ip route replace "$1" via "$2"
        shift 2
    done
    [ -n "$staticroutes" ] || [ -z "$router" ] || ip route replace default via "$router"
    env > "$(dirname "$0")/lease.$interface"
    ;;
esac
"""


def run(*words: str, check: bool = True, seconds: float = SECONDS_MAX) -> str:
    """The program's output; the greenlets of this process run on meanwhile."""

    def blocking() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, capture_output=True, text=True, timeout=seconds, check=False
        )

    done = concurrency.offload(blocking)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Connection:
    """One TCP connection, held open by a process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def hears(self, seconds: float = 5.0) -> str:
        """The next line; "" when none comes in time, or the connection has ended."""
        stream = self._process.stdout
        assert stream is not None

        def wait() -> bytes:
            if select.select([stream], [], [], seconds)[0]:
                return os.read(stream.fileno(), 1000)
            return b""

        return concurrency.offload(wait).decode().strip()

    def echoes(self, seconds: float = 5.0) -> bool:
        """Whether what is sent comes back."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"still there?\n")
        self._process.stdin.flush()
        return self.hears(seconds) == "still there?"

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class Guest:
    """One fake guest.  Its namespace's name does not look like the agent's own."""

    def __init__(self, name: str, port: Port, directory: Path) -> None:
        self.name = name
        self.port = port
        self.directory = directory / name
        self.directory.mkdir()
        self._cable: subprocess.Popen[bytes] | None = None
        run("ip", "netns", "add", name)
        self.run("ip", "link", "set", "lo", "up")

    def plug_in(self, *subports: Guest) -> None:
        """Open the port's tap, as a hypervisor does when the guest starts.  Subports'
        frames go by the same cable, tagged."""
        module = "test.functional.compute.network_agent.cable"
        words = [sys.executable, "-m", module, tap_name(self.port.id)]
        for end in (self, *subports):
            words += [end.name, "eth0", end.port.mac, str(end.port.vlan)]
        self._cable = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert self._cable.stdout is not None
        line = concurrency.offload(self._cable.stdout.readline)
        assert line == b"plugged in\n"

    def unplug(self) -> None:
        """The guest is gone."""
        if self._cable is not None:
            self._cable.kill()
            self._cable.wait()
            assert self._cable.stdout is not None
            self._cable.stdout.close()
            self._cable = None
        run("ip", "netns", "del", self.name)

    def run(self, *words: str, check: bool = True) -> str:
        """Run a program inside the guest."""
        return run("nsenter", f"--net=/run/netns/{self.name}", *words, check=check)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a program inside the guest; its output is a pipe."""
        return subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.name}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def serve(self, port: int) -> None:
        """Answer on a TCP port: the guest's name, then whatever is sent."""
        program = str(Path(__file__).parent / "answer.py")
        process = self.start(sys.executable, program, str(port), self.port.dns_name)
        assert process.stdout is not None
        assert concurrency.offload(process.stdout.readline) == b"open\n"

    def connect(self, address: str, port: int) -> Connection:
        """A TCP connection from inside the guest."""
        return Connection(self.start("nc", address, str(port)))

    def dhcp(self, tries: int = 5, calls_itself: str = "") -> dict[str, str]:
        """Ask for an address; what the server said, {} when nobody answered."""
        script = self.directory / "dhcp"
        script.write_text(DHCP_SCRIPT)
        script.chmod(0o755)
        answer = self.directory / "lease.eth0"
        answer.unlink(missing_ok=True)
        words = ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-T", "1"]
        options: list[str] = []
        for option in ("mtu", "staticroutes", "bootfile"):
            options += ["-O", option]
        if calls_itself:
            options += ["-x", f"hostname:{calls_itself}"]
        self.run(*words, "-t", str(tries), *options, "-s", str(script), check=False)
        if not answer.exists():
            return {}
        lines = answer.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def pings(self, address: str, *, count: int = 1, source: str = "") -> bool:
        """Whether an answer comes."""
        words = ["ping", "-c", str(count), "-W", "1", "-i", "0.2", address]
        if source:
            words += ["-I", source]
        return " 0% packet loss" in self.run(*words, check=False)

    def reaches(self, address: str, port: int) -> bool:
        """Whether anything comes back, be it a refusal: rules that drop are silent."""
        text = self.run("nc", "-vz", "-w", "1", address, str(port), check=False)
        return "refused" in text or "succeeded" in text
