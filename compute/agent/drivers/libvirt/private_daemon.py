"""A libvirtd of the agent's own, apart from any that the host has.

libvirtd's directories are compiled in, so it gets a mount namespace in which they
are directories of ours.  It outlives the agent (guests do not notice either way);
the next agent finds it by its socket and goes on with it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from compute.agent.drivers.libvirt import probed
from compute.agent.drivers.libvirt.another_boot import (
    forget_processes,
    this_boot,
)
from compute.core.sockets import leave_socket_directory, socket_directory
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import green
from objectstore.kernel.errors import Unavailable

DAEMON = "/usr/sbin/libvirtd"
# 0.4 s on a quiet machine.
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
_LOGS = "/var/log/libvirt"
# Compiled into libvirt -> the directory of ours that stands there.
_MOUNTS = {
    "/etc/libvirt": "etc",
    "/var/lib/libvirt": "lib",
    "/run/libvirt": "run",
    _LOGS: "log",
    "/var/cache/libvirt": "cache",
}
# Debian's libvirt looks this user up, and its group, before it reads that guests run as
# another, and ends if they are missing; a package that is not needed otherwise makes
# them (libvirt-daemon-system).  The numbers are those that Debian keeps for them.
_BUILT_IN_USER, _BUILT_IN_ID = "libvirt-qemu", 64055
_ACCOUNTS = {
    "passwd": f"{_BUILT_IN_USER}:x:{_BUILT_IN_ID}:{_BUILT_IN_ID}::/nonexistent:"
    "/usr/sbin/nologin",
    "group": f"{_BUILT_IN_USER}:x:{_BUILT_IN_ID}:",
}


@dataclass(frozen=True, slots=True)
class Flavour:
    """What sort of guests a daemon has: the ``scheme`` of its URI, what is shared with
    the host's mounts, the ``settings`` of libvirt's driver (file -> text), and what the
    shell does before it begins."""

    scheme: str
    settings: Mapping[str, str]
    propagation: str = "slave"
    before: tuple[str, ...] = ()


class PrivateDaemon:
    """libvirtd in ``directory`` (absolute)."""

    def __init__(
        self, directory: str, clock: Clock, flavour: Flavour | None = None
    ) -> None:
        self._directory = directory
        self._flavour = flavour or QEMU
        self._sockets = socket_directory(directory)
        self._clock = clock

    @property
    def uri(self) -> str:
        """Where to connect to."""
        return f"{self._flavour.scheme}+unix:///system?socket={self.socket_path}"

    @property
    def socket_path(self) -> str:
        """The daemon's socket."""
        return os.path.join(self._sockets, "libvirt-sock")

    @property
    def _cache(self) -> str:
        return os.path.join(self._directory, "cache")

    @property
    def _pid_path(self) -> str:
        return os.path.join(self._directory, "libvirtd.pid")

    def ensure(self) -> str:
        """See to it that it runs; the URI.  ``Unavailable`` when it cannot."""
        if not self._answers():
            self._launch()
        return self.uri

    def stop(self) -> None:
        """End the daemon; its guests run on."""
        pid = self._pid()
        if pid is not None:
            self._end(pid)
        leave_socket_directory(self._sockets)

    # ---- inside --------------------------------------------------------------

    def _end(self, pid: int) -> None:
        probed.share(self._cache)
        give_up = self._clock.monotonic() + STOP_SECONDS
        _signal(pid, signal.SIGTERM)
        while self._pid() is not None:
            if self._clock.monotonic() > give_up:
                _signal(pid, signal.SIGKILL)
                return
            concurrency.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        sock = green(socket.socket(socket.AF_UNIX))
        try:
            sock.connect(self.socket_path)
        except OSError:
            return False
        finally:
            sock.close()
        return True

    def _pid(self) -> int | None:
        """Of our daemon, if it runs; never of a stranger that has its number now."""
        try:
            with open(self._pid_path) as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if self._pid_path.encode() in command else None

    def _launch(self) -> None:
        if os.geteuid() != 0:
            raise Unavailable("a private libvirtd needs root; name a URI instead")
        if shutil.which("unshare") is None or not os.access(DAEMON, os.X_OK):
            raise Unavailable(f"{DAEMON} is not installed (Debian: libvirt-daemon)")
        self._write_settings()
        run = os.path.join(self._directory, "run")
        forget_processes(self._directory, run, this_boot())
        probed.seed(self._cache)
        with open(os.path.join(self._directory, "log", "start.log"), "ab") as log:
            process = subprocess.Popen(
                ["unshare", "--mount", self._propagation, "sh", "-c", self._script()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        give_up = self._clock.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None:
                raise Unavailable(f"libvirtd ended at once; see {log.name}")
            if self._clock.monotonic() > give_up:
                process.kill()
                raise Unavailable(f"libvirtd did not start; see {log.name}")
            concurrency.sleep(POLL_SECONDS)

    @property
    def _propagation(self) -> str:
        return f"--propagation={self._flavour.propagation}"

    def _script(self) -> str:
        lines = ["set -e"]
        for target, name in _MOUNTS.items():
            ours = shlex.quote(os.path.join(self._directory, name))
            lines += [f"mkdir -p {target}", f"mount --bind {ours} {target}"]
        lines += self._account_lines()
        lines += self._flavour.before
        settings = shlex.quote(os.path.join(self._directory, "etc", "libvirtd.conf"))
        pid = shlex.quote(self._pid_path)
        lines.append(f"exec {DAEMON} -f {settings} -p {pid}")
        return "\n".join(lines)

    def _account_lines(self) -> list[str]:
        """In the daemon's sight only: the host's own files stay as they are."""
        lines = []
        for database, entry in _ACCOUNTS.items():
            ours = shlex.quote(os.path.join(self._directory, database))
            lines += [
                f"if ! getent {database} {_BUILT_IN_USER} >/dev/null; then",
                f"    cp /etc/{database} {ours}",
                f"    echo {shlex.quote(entry)} >> {ours}",
                f"    mount --bind {ours} /etc/{database}",
                "fi",
            ]
        return lines

    def _write_settings(self) -> None:
        directories = [os.path.join(self._directory, n) for n in _MOUNTS.values()]
        for path in (*directories, self._sockets):
            os.makedirs(path, 0o700, exist_ok=True)
        self._write("etc/libvirtd.conf", self._daemon_settings())
        for name, text in self._flavour.settings.items():
            self._write(f"etc/{name}", text)

    def _daemon_settings(self) -> str:
        # The host's identity must stay the same: libvirt refuses guests otherwise.
        identity = os.path.join(self._directory, "host-uuid")
        if not os.path.exists(identity):
            self._write("host-uuid", str(uuid.uuid4()))
        with open(identity) as file:
            host_uuid = file.read().strip()
        # The log by the name that it has in the daemon's sight: ours may have a space,
        # and there a space ends it.
        return (
            "listen_tls = 0\nlisten_tcp = 0\n"
            f'unix_sock_dir = "{self._sockets}"\n'
            'unix_sock_rw_perms = "0700"\n'
            'auth_unix_rw = "none"\nauth_unix_ro = "none"\n'
            f'log_outputs = "3:file:{_LOGS}/libvirtd.log"\n'
            f'host_uuid = "{host_uuid}"\n'
        )

    def _write(self, name: str, text: str) -> None:
        path = os.path.join(self._directory, name)
        temporary = f"{path}.new"
        with open(temporary, "w") as file:
            file.write(text)
        os.rename(temporary, path)


# No log daemon, no security driver, no ownership games: the files are the agent's,
# which keeps them in directories that only it may enter.
QEMU_SETTINGS = """\
user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
namespaces = [ ]
seccomp_sandbox = 1
stdio_handler = "file"
swtpm_user = "root"
swtpm_group = "root"
"""
QEMU = Flavour("qemu", {"qemu.conf": QEMU_SETTINGS})


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended
        os.kill(pid, number)
