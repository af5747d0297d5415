"""``qemu-storage-daemon`` as a process that outlives us: disks as NBD exports.

A daemon is known by its *place*: names of files that it, and nobody else, uses.  What
runs there is found again after our own restart by the process whose command line names
the place's pid file; a pid alone could be anybody's by then.

``serve_file`` gives a raw file on a unix socket.  ``gate`` gives such a socket to
others over TCP with TLS and a pre-shared key; ``relay`` is the gate's far end, and
gives a unix socket again.  ``expose`` shows a qcow2 disk as the bytes of a file.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

PROGRAM = "qemu-storage-daemon"
NODE, LAZY_NODE = "disk", "disk-lazy"
WRITABLE, READABLE = "volume", "volume-ro"
"""Names of the two exports of a daemon: for writers, and for those who only read."""
START_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 10.0
# Of each guest that shares a volume its host and the one that it moves to, and who
# copies it; QEMU's default is one client.
CLIENTS_MAX = 48
# What reads lazily waits so long for a server that restarts before its reads fail.
AWAY_SECONDS = 600
_ERROR_TEXT_MAX = 500


@dataclass(frozen=True, slots=True)
class Place:
    """``directory``: private to us; ``sockets``: one whose path is short."""

    directory: Path
    sockets: str
    name: str

    @property
    def pid_file(self) -> Path:
        """Who runs."""
        return self.directory / f"{self.name}.pid"

    @property
    def socket(self) -> str:
        """The export's unix socket."""
        return os.path.join(self.sockets, f"{self.name}.sock")

    @property
    def monitor(self) -> str:
        """Where it takes orders."""
        return os.path.join(self.sockets, f"{self.name}.qmp")

    @property
    def keys(self) -> Path:
        """The directory of its pre-shared key."""
        return self.directory / f"{self.name}.psk"


@dataclass(frozen=True, slots=True)
class Key:
    """A pre-shared key; ``hexadecimal`` is secret."""

    identity: str
    hexadecimal: str


def serve_file(place: Place, path: Path) -> None:
    """Export a raw file, for writing and for reading.  ``Unavailable``."""
    start_daemon(
        place,
        [
            *_blockdev("file", f"{NODE}-file", f"filename={_escaped(str(path))}"),
            *_blockdev("raw", NODE, f"file={NODE}-file,detect-zeroes=unmap"),
            *_server(f"addr.type=unix,addr.path={_escaped(place.socket)}"),
            *exports(),
        ],
    )


def gate(
    place: Place, inner: str, export: str, address: str, port: int, key: Key
) -> None:
    """Give one export of the unix socket ``inner`` to whoever has the key.
    ``Unavailable``, also when the port is taken."""
    listen = f"addr.type=inet,addr.host={address},addr.port={port}"
    start_daemon(
        place,
        [
            "--object",
            f"tls-creds-psk,id=tls,endpoint=server,dir={_escaped(str(place.keys))}",
            *_inner(f"server.type=unix,server.path={_escaped(inner)}", export),
            *_server(f"{listen},tls-creds=tls"),
            "--export",
            _export(export),
        ],
        key,
    )


def relay(place: Place, export: str, address: str, port: int, key: Key) -> None:
    """Give a gate's export on this host's unix socket, under the same name."""
    outer = f"server.type=inet,server.host={address},server.port={port},tls-creds=tls"
    client = f"endpoint=client,username={_escaped(key.identity)}"
    start_daemon(
        place,
        [
            "--object",
            f"tls-creds-psk,id=tls,{client},dir={_escaped(str(place.keys))}",
            *_inner(outer, export),
            *_server(f"addr.type=unix,addr.path={_escaped(place.socket)}"),
            "--export",
            _export(export),
        ],
        key,
    )


def expose(
    place: Place,
    path: str,
    file_format: str,
    file: str,
    lazy_backing: tuple[str, str, str] | None = None,
) -> None:
    """Show a disk's content as the regular file ``file``, which is there, by FUSE:
    whoever may write to that file writes to the disk.  ``lazy_backing``: socket, export
    and format of what an overlay reads from, which may be away for a while.
    ``Unavailable``."""
    more = f"file={NODE}-file,detect-zeroes=unmap"
    below: list[str] = []
    if lazy_backing is not None:
        socket_path, export, backing_format = lazy_backing
        server = f"server.type=unix,server.path={_escaped(socket_path)}"
        server += f",export={_escaped(export)}"
        server += f",read-only=on,reconnect-delay={AWAY_SECONDS}"
        below += _blockdev("nbd", LAZY_NODE, server)
        content = f"read-only=on,file={LAZY_NODE}"
        below += _blockdev(backing_format, f"{NODE}-image", content)
        more += f",backing={NODE}-image"
    shown = f"mountpoint={_escaped(file)},writable=on,allow-other=on"
    start_daemon(
        place,
        [
            *_blockdev("file", f"{NODE}-file", f"filename={_escaped(path)}"),
            *below,
            *_blockdev(file_format, NODE, more),
            "--export",
            f"type=fuse,id=shown,node-name={NODE},{shown}",
        ],
    )


def exports() -> list[str]:
    """The arguments of both exports."""
    return ["--export", _export(WRITABLE), "--export", _export(READABLE)]


def pid_of(place: Place) -> int:
    """The running daemon's; 0 when there is none."""
    try:
        pid = int(place.pid_file.read_text("ascii"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return pid if os.fsencode(place.pid_file) in words else 0


def stop(place: Place) -> None:
    """End what runs there and remove its files; fine when there is nothing."""
    pid = pid_of(place)
    if pid:
        with suppress(ProcessLookupError):
            _end(pid)
    for path in (place.pid_file, place.socket, place.monitor, place.keys / "keys.psk"):
        with suppress(FileNotFoundError):
            os.unlink(path)
    with suppress(FileNotFoundError):
        place.keys.rmdir()


def _end(pid: int) -> None:
    """On SIGTERM it writes what it holds and goes."""
    descriptor = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGTERM)
        try:
            concurrency.wait_readable(descriptor, STOP_SECONDS_MAX)
        except Unavailable:
            os.kill(pid, signal.SIGKILL)
            concurrency.wait_readable(descriptor, STOP_SECONDS_MAX)
    finally:
        os.close(descriptor)


def start_daemon(
    place: Place,
    arguments: Sequence[str],
    key: Key | None = None,
    descriptors: Sequence[int] = (),
) -> None:
    """Let one run there, which gets the ``descriptors`` too.  It says that it is ready
    by leaving: its child serves then.  ``Unavailable``."""
    stop(place)
    place.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    Path(place.sockets).mkdir(parents=True, exist_ok=True, mode=0o700)
    if key is not None:
        _write_key(place, key)
    monitor = f"socket,id=monitor,path={_escaped(place.monitor)},server=on,wait=off"
    command = [
        PROGRAM,
        "--daemonize",
        "--pidfile",
        str(place.pid_file),
        "--chardev",
        monitor,
        "--monitor",
        "chardev=monitor",
        *arguments,
    ]
    try:
        done = concurrency.offload(_run, command, descriptors)
    except FileNotFoundError:
        raise Unavailable(f"{PROGRAM} is not installed") from None
    except subprocess.TimeoutExpired:
        stop(place)
        raise Unavailable(f"{PROGRAM} did not start") from None
    if done.returncode != 0:
        stop(place)
        said = done.stderr.decode("utf-8", "replace").strip()[-_ERROR_TEXT_MAX:]
        raise Unavailable(f"{PROGRAM} did not start: {said}")


def _run(
    command: Sequence[str], descriptors: Sequence[int]
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=START_SECONDS_MAX,
        check=False,
        # Our end, by a signal to our group, is not its end.
        start_new_session=True,
        pass_fds=tuple(descriptors),
    )


def _write_key(place: Place, key: Key) -> None:
    place.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = place.keys / "keys.psk"
    path.touch(mode=0o600)
    path.write_text(f"{key.identity}:{key.hexadecimal}\n", "ascii")


def _blockdev(driver: str, node: str, more: str) -> list[str]:
    return [
        "--blockdev",
        f"driver={driver},node-name={node},discard=unmap,{more}",
    ]


def _inner(server: str, export: str) -> list[str]:
    read_only = "on" if export == READABLE else "off"
    more = f"read-only={read_only},export={export},reconnect-delay=30,{server}"
    return _blockdev("nbd", NODE, more)


def _server(address: str) -> list[str]:
    return ["--nbd-server", f"{address},max-connections={CLIENTS_MAX}"]


def _export(name: str) -> str:
    writable = "off" if name == READABLE else "on"
    return f"type=nbd,id={name},node-name={NODE},name={name},writable={writable}"


def _escaped(text: str) -> str:
    """A comma would begin the next option."""
    return text.replace(",", ",,")
