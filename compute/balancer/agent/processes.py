"""The haproxy processes of a host: their files, starting, replacing, ending, finding.

They are daemons of their own and outlive the agent: load balancers serve while it is
away.  A new agent finds them by their command line, which names the configuration's
file: in a directory called after the load balancer, itself called after the digest of
what it says.

A changed configuration is a new process.  It takes the listening sockets over from the
one before (no connection is refused meanwhile), which ends when its last connection
does; so several processes of one load balancer are no mistake, and the youngest counts.
Of those that wait for their last connections only some are left: whoever changes a load
balancer often, and holds a connection to each, would have the host's memory.

All calls block; callers are on native threads.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compute.balancer.agent.key_files import KeyFiles
from compute.balancer.agent.places import (
    ENTER,
    inode_of,
    namespace_inode,
    run_inside,
)
from compute.balancer.agent.text import Surroundings, digest_of, whole_text
from compute.balancer.haproxy.backends import PEERS
from compute.balancer.haproxy.metrics import metrics_program
from compute.balancer.tls_files import SUFFIX
from compute.core.ending import end_process
from compute.core.sockets import leave_socket_directory, socket_directory
from objectstore.kernel.errors import Unavailable

STOP_SECONDS = 2.0
WAITING_MAX = 8
SHOWN_CHARACTERS_MAX = 500
_SUFFIX = ".cfg"


class Refused(Exception):
    """Haproxy dislikes the configuration; the text says why."""


@dataclass(frozen=True, slots=True)
class Process:
    """One haproxy of ours.  ``began``: in the kernel's ticks; ``is_at_home``: its
    namespace is still the one of that name."""

    number: int
    began: int
    balancer_id: str
    digest: str
    is_at_home: bool

    @property
    def name(self) -> str:
        """Tells it from every other there ever was on this host since its start."""
        return f"{self.number}-{self.began}"


class HaproxyProcesses:
    """All of one agent."""

    def __init__(self, state_directory: Path, user: str, group: str) -> None:
        self._directory = state_directory / "haproxy"
        self._empty = state_directory / "empty"
        self._sockets = Path(socket_directory(str(state_directory)))
        self._user, self._group = user, group
        self._keys = KeyFiles(state_directory)
        self._program = metrics_program()
        digest = hashlib.sha256(self._program.encode()).hexdigest()[:16]
        self._metrics = state_directory / f"metrics-{digest}.lua"

    def prepare(self) -> None:
        """The directories.  Only we may look in: sockets rule the processes."""
        for each in (self._directory, self._empty, self._sockets):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keys.sweep()
        if not self._metrics.exists():
            whole = self._metrics.with_suffix(".new")
            whole.write_text(self._program, encoding="utf-8")
            whole.replace(self._metrics)

    def leave(self) -> None:
        """Nothing is served: no directory of sockets stays beside ours, and no key."""
        self._keys.sweep()
        leave_socket_directory(str(self._sockets))

    def seen(self) -> dict[str, list[Process]]:
        """Our processes by load balancer, the youngest first."""
        found: dict[str, list[Process]] = {}
        for name in os.listdir("/proc"):
            process = self._process(int(name)) if name.isdigit() else None
            if process is not None:
                found.setdefault(process.balancer_id, []).append(process)
        for each in found.values():
            each.sort(key=lambda process: (process.began, process.number), reverse=True)
        return found

    def known(self) -> set[str]:
        """Load balancers for which there are files."""
        with contextlib.suppress(FileNotFoundError):
            return set(os.listdir(self._directory))
        return set()

    def socket_of(self, balancer_id: str) -> str:
        """Where its process answers."""
        # Short: haproxy puts more behind it while it makes the socket.
        return str(self._sockets / f"{balancer_id.replace('-', '')}.s")

    def has_namespace(self, balancer_id: str) -> bool:
        """Whether the network agent has made the load balancer's place."""
        return namespace_inode(balancer_id) != 0

    def digest(self, balancer_id: str, configuration: str) -> str:
        """Of what a process with that configuration was started with."""
        return digest_of(self._text(balancer_id, configuration))

    def start(
        self,
        balancer_id: str,
        configuration: str,
        before: list[Process],
        files: Mapping[str, str],
    ) -> None:
        """Start a process in the place of those before; ``files``: of keys, by name.
        ``Refused`` when haproxy dislikes the text, ``Unavailable`` when it could not be
        started."""
        with self._keys.written(balancer_id, files):
            self._start(balancer_id, configuration, before)

    def _start(
        self, balancer_id: str, configuration: str, before: list[Process]
    ) -> None:
        text = self._text(balancer_id, configuration)
        home = self._directory / balancer_id
        home.mkdir(parents=True, exist_ok=True)
        file = home / f"{digest_of(text)}{_SUFFIX}"
        file.write_text(text, encoding="utf-8")
        command = ["haproxy", "-f", str(file), "-L", PEERS]
        checked = run_inside(balancer_id, [*command, "-c"])
        if checked.returncode:
            file.unlink()
            if checked.stderr.startswith(ENTER):
                raise Unavailable(_shown(checked))  # haproxy has not read it
            raise Refused(_shown(checked))
        for old in home.glob(f"*{_SUFFIX}"):
            if old != file:
                old.unlink()
        # Those that are elsewhere have nothing to hand over.
        at_home = [each for each in before if each.is_at_home]
        heirs_of = at_home[:WAITING_MAX]
        for each in before:
            if each not in heirs_of:
                self.stop(each)
        daemon = [*command, "-D"]
        socket = self.socket_of(balancer_id)
        if heirs_of:
            numbers = [str(each.number) for each in heirs_of]
            done = run_inside(balancer_id, [*daemon, "-x", socket, "-sf", *numbers])
            if done.returncode == 0:
                return
            # Whoever cannot hand over ends first.
            for each in heirs_of:
                self.stop(each)
        done = run_inside(balancer_id, daemon)
        if done.returncode:
            raise Unavailable(f"haproxy does not start: {_shown(done)}")

    def stop(self, process: Process) -> None:
        """End it now; silent when it is gone, or is another by now."""
        number = process.number
        end_process(number, lambda: self._process(number) == process, STOP_SECONDS)

    def forget(self, balancer_id: str) -> None:
        """Remove its files."""
        shutil.rmtree(self._directory / balancer_id, ignore_errors=True)
        Path(self.socket_of(balancer_id)).unlink(missing_ok=True)

    # ---- parts -----------------------------------------------------------------

    def _text(self, balancer_id: str, configuration: str) -> str:
        _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
        around = Surroundings(
            self.socket_of(balancer_id),
            str(self._empty),
            self._user,
            self._group,
            descriptors,
            str(self._metrics),
            str(self._keys.directory(balancer_id)) if SUFFIX in configuration else "",
        )
        return whole_text(configuration, around)

    def _process(self, number: int) -> Process | None:
        """None for a process that is not ours (a dead one has no command line)."""
        try:
            line = Path(f"/proc/{number}/cmdline").read_bytes()
            words = line.decode(errors="replace").split("\0")
            if os.path.basename(words[0]) != "haproxy" or "-c" in words:
                return None
            file = Path(words[words.index("-f") + 1])
            if file.parent.parent != self._directory:
                return None
            stat = Path(f"/proc/{number}/stat").read_text()
        except (OSError, ValueError, IndexError):
            return None
        # The name before may hold anything, parentheses too; the 22nd field is 20th
        # behind it.
        began = int(stat.rpartition(")")[2].split()[19])
        balancer_id = file.parent.name
        home = namespace_inode(balancer_id)
        is_at_home = home != 0 and inode_of(Path(f"/proc/{number}/ns/net")) == home
        return Process(number, began, balancer_id, file.stem, is_at_home)


def _shown(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr or done.stdout).strip()[:SHOWN_CHARACTERS_MAX]
