"""The dnsmasq processes: their files, starting, re-reading, ending, and finding them.

They are daemons of their own, so they outlive the agent, and guests keep their DHCP
while it is away.  A new agent finds them by their command line: the configuration file
is in our state directory, in a directory named after the namespace, and is itself
named after the digest of its content.

All calls block; callers are on native threads.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

from compute.core.ending import end_process
from compute.network.agent.commands import run
from compute.network.agent.desired.dhcp import TAG
from compute.network.agent.host.leases import kept_leases
from compute.network.agent.kernel_namespaces import command_prefix, inode_of
from compute.network.agent.model import Dnsmasq, SeenProcess

# dnsmasq ends at once; one that hangs is not worth waiting for.
STOP_SECONDS = 2.0
CONFIG_OPTION = "--conf-file="

_Files = tuple[str, str, str]


class DnsmasqProcesses:
    """All of one agent, told apart by namespace."""

    def __init__(self, state_directory: Path) -> None:
        self._directory = state_directory / "dnsmasq"
        # What each has last read: forgotten with the agent, then told once more.
        self._read: dict[int, _Files] = {}

    def seen(self) -> tuple[dict[str, SeenProcess], set[int]]:
        """One process for each namespace, and those that are one too many."""
        found: dict[str, SeenProcess] = {}
        strays: set[int] = set()
        for process, config in self._running():
            namespace = config.parent.name
            if namespace in found:
                strays.add(process)
                continue
            found[namespace] = SeenProcess(
                process,
                config.stem,
                is_at_home=_inode_of_process(process) == inode_of(namespace),
                files=self._read.get(process),
            )
        self._read = {
            seen.process: seen.files
            for seen in found.values()
            if seen.files is not None
        }
        return found, strays

    def directories(self) -> set[str]:
        """Namespaces for which there are files."""
        with contextlib.suppress(FileNotFoundError):
            return set(os.listdir(self._directory))
        return set()

    def start(self, dnsmasq: Dnsmasq) -> None:
        """Write the files and start it; ``CommandFailed`` says what it dislikes."""
        home = self._directory / dnsmasq.namespace
        self._write(dnsmasq)
        config = home / f"{dnsmasq.digest}.conf"
        for old in home.glob("*.conf"):
            if old != config:
                old.unlink()
        config.write_text(f"{dnsmasq.config}{self._paths(home)}")
        self._keep_leases(dnsmasq, "")
        prefix = command_prefix(dnsmasq.namespace)
        run(*prefix, "dnsmasq", f"{CONFIG_OPTION}{config}")
        for process, path in self._running():
            if path == config:
                self._read[process] = _files(dnsmasq)

    def reload(self, dnsmasq: Dnsmasq, process: int) -> None:
        """Write the files of ports; it reads them, or is started anew where an old
        lease would be in a new port's way, or where it could not bear reading."""
        before = self._read.pop(process, ("", "", ""))
        # One that has lost its files is as good as one that cannot bear reading.
        is_tagged = TAG in self._text(dnsmasq.namespace, "hosts", default=TAG)
        self._write(dnsmasq)
        if is_tagged or self._has_contradictions(dnsmasq, before[0]):
            self.stop(process)
            self._keep_leases(dnsmasq, before[0])
            self.start(dnsmasq)
            return
        os.kill(process, signal.SIGHUP)
        self._read[process] = _files(dnsmasq)

    def stop(self, process: int) -> None:
        """End a process of ours; silent when it is gone, or is another by now."""
        self._read.pop(process, None)
        end_process(process, lambda: self._config_of(process) is not None, STOP_SECONDS)

    def remove_files(self, namespace: str) -> None:
        """Remove its directory."""
        shutil.rmtree(self._directory / namespace, ignore_errors=True)

    # ---- files ---------------------------------------------------------------

    def _write(self, dnsmasq: Dnsmasq) -> None:
        home = self._directory / dnsmasq.namespace
        home.mkdir(parents=True, exist_ok=True)
        for name, text in zip(
            ("hosts", "options", "names"), _files(dnsmasq), strict=True
        ):
            # Whole or not at all: dnsmasq may read at any moment.
            new = home / f"{name}.new"
            new.write_text(text)
            new.rename(home / name)

    @staticmethod
    def _paths(home: Path) -> str:
        return (
            f"dhcp-hostsfile={home}/hosts\ndhcp-optsfile={home}/options\n"
            f"addn-hosts={home}/names\ndhcp-leasefile={home}/leases\n"
            f"pid-file={home}/pid\n"
        )

    def _has_contradictions(self, dnsmasq: Dnsmasq, hosts_before: str) -> bool:
        text = self._leases(dnsmasq.namespace)
        return kept_leases(text, dnsmasq.hosts, hosts_before) != text

    def _keep_leases(self, dnsmasq: Dnsmasq, hosts_before: str) -> None:
        text = self._leases(dnsmasq.namespace)
        kept = kept_leases(text, dnsmasq.hosts, hosts_before)
        if kept != text:
            (self._directory / dnsmasq.namespace / "leases").write_text(kept)

    def _leases(self, namespace: str) -> str:
        return self._text(namespace, "leases")

    def _text(self, namespace: str, name: str, default: str = "") -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self._directory / namespace / name).read_text()
        return default

    # ---- processes -----------------------------------------------------------

    def _running(self) -> list[tuple[int, Path]]:
        """Our processes and their configuration files, oldest first."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                config = self._config_of(int(name))
                if config is not None:
                    found.append((int(name), config))
        return sorted(found)

    def _config_of(self, process: int) -> Path | None:
        """None for a process that is not ours (a dead one has no command line)."""
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        if len(words) < 2 or os.path.basename(words[0]) != b"dnsmasq":
            return None
        option = words[1].decode(errors="replace")
        path = Path(option.removeprefix(CONFIG_OPTION))
        is_ours = path.parent.parent == self._directory
        return path if option.startswith(CONFIG_OPTION) and is_ours else None


def _files(dnsmasq: Dnsmasq) -> _Files:
    return dnsmasq.hosts, dnsmasq.options, dnsmasq.names


def _inode_of_process(process: int) -> int:
    try:
        return os.stat(f"/proc/{process}/ns/net").st_ino
    except OSError:
        return -1
