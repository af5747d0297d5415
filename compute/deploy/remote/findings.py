"""What a host is and has; nothing is changed here, but for one attribute tried."""

from __future__ import annotations

import base64
import contextlib
import grp
import hashlib
import os
import platform
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from compute.deploy.remote.keys import digests
from compute.deploy.remote.places import (
    CURRENT,
    RELEASES,
    SERVICE_PREFIX,
    SPECIFICATIONS,
    UNIT_HEAD,
    UNITS,
)
from compute.deploy.remote.questions import unhealthy
from compute.deploy.remote.ring_files import RING_SUFFIX, ring_version
from compute.deploy.remote.services import has_systemd, running

# Of files whose text is compared; rings are compared by their digest.
TEXT_BYTES_MAX = 256 * 1024
COMMAND_SECONDS = 60.0
# What a fresh file system has.
_OF_NOBODY = frozenset({"lost+found"})
_LISTENING = "0A"


def find(request: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the plan and the checks ask for."""
    systemd = has_systemd()
    names = sorted({*request["services"], *_known_services()})
    return {
        "uid": os.geteuid(),
        "python": list(sys.version_info[:3]),
        "machine": platform.machine(),
        "system": _system(),
        "name": os.uname().nodename,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "systemd": systemd,
        "apt": shutil.which("apt-get") is not None,
        "user": _user(request["user"]),
        "packages": _installed(request["packages"]),
        "directories": {path: _directory(path) for path in request["directories"]},
        "devices": {path: _device(path) for path in request["devices"]},
        "files": {path: _file(path) for path in request["files"]},
        "keys": digests(request["user"], request["keys"]),
        "releases": _releases(),
        "current": _current(),
        "ports": _listeners(request["ports"]),
        "services": {
            name: _service(name, systemd, request["health"]) for name in names
        },
    }


def _system() -> dict[str, str]:
    try:
        found = platform.freedesktop_os_release()
    except OSError:
        return {}
    return {name: found.get(name, "") for name in ("ID", "VERSION_ID", "ID_LIKE")}


def _user(name: str) -> dict[str, Any] | None:
    try:
        found = pwd.getpwnam(name)
        group = grp.getgrgid(found.pw_gid).gr_name
    except KeyError:
        return None
    return {"uid": found.pw_uid, "group": group}


def _installed(packages: list[str]) -> list[str]:
    """Those of them that are installed."""
    if not packages or shutil.which("dpkg-query") is None:
        return []
    ended = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", "--", *packages],
        capture_output=True,
        check=False,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    lines = [line.split() for line in ended.stdout.splitlines()]
    return sorted({line[0] for line in lines if line[1:] == ["installed"]})


def _owner(found: os.stat_result) -> str:
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
        return f"{owner}:{grp.getgrgid(found.st_gid).gr_name}"
    except KeyError:
        return f"{found.st_uid}:{found.st_gid}"


def _directory(path: str) -> dict[str, Any] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return {
        "is_directory": stat.S_ISDIR(found.st_mode),
        "mode": stat.S_IMODE(found.st_mode),
        "owner": _owner(found),
    }


def _device(path: str) -> dict[str, Any]:
    """Space and attributes of a device's directory, or of what it would be in."""
    there = path
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    space = os.statvfs(there)
    return {
        "exists": there == path,
        "is_mount": os.path.ismount(path),
        "total_bytes": space.f_blocks * space.f_frsize,
        "free_bytes": space.f_bavail * space.f_frsize,
        "attributes": _keeps_attributes(there),
        "holds": _holds(path),
    }


def _holds(path: str) -> str:
    """A name in it, were there one; "": it is empty, or not there."""
    try:
        with os.scandir(path) as entries:
            names = (entry.name for entry in entries)
            return next((name for name in names if name not in _OF_NOBODY), "")
    except OSError:
        return ""


def _keeps_attributes(directory: str) -> bool:
    """Whether files in there can have extended attributes: body files need one."""
    try:
        with tempfile.NamedTemporaryFile(
            dir=directory, prefix=".ringstack-check-"
        ) as file:
            os.setxattr(file.fileno(), "user.ringstack", b"1")
            return os.getxattr(file.fileno(), "user.ringstack") == b"1"
    except OSError:
        return False


def _file(path: str) -> dict[str, Any] | None:
    try:
        # A link here is somebody else's: it is told as a file of another content.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return {"sha256": "", "mode": 0, "owner": "", "text": None}
    with os.fdopen(file, "rb") as opened:
        found = os.fstat(opened.fileno())
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        text = version = None
        if path.endswith(RING_SUFFIX):
            version = ring_version(opened)
        elif found.st_size <= TEXT_BYTES_MAX:
            opened.seek(0)
            text = base64.b64encode(opened.read()).decode("ascii")
    return {
        "sha256": digest,
        "mode": stat.S_IMODE(found.st_mode),
        "owner": _owner(found),
        "text": text,
        "ring_version": version,
    }


def _releases() -> list[str]:
    """Whole ones: a release is marked when all of it is there."""
    try:
        names = os.listdir(RELEASES)
    except OSError:
        return []
    return sorted(
        name for name in names if os.path.exists(f"{RELEASES}/{name}/.complete")
    )


def _current() -> str:
    try:
        return os.path.basename(os.readlink(CURRENT))
    except OSError:
        return ""


def _known_services() -> list[str]:
    """What an earlier deployment has defined."""
    names: list[str] = []
    with contextlib.suppress(OSError):
        names += [
            name.removeprefix(SERVICE_PREFIX).removesuffix(".service")
            for name in os.listdir(UNITS)
            if name.startswith(SERVICE_PREFIX)
            and name.endswith(".service")
            and _is_ours(f"{UNITS}/{name}")
        ]
    with contextlib.suppress(OSError):
        names += [
            name.removesuffix(".json")
            for name in os.listdir(SPECIFICATIONS)
            if name.endswith(".json")
        ]
    return names


def _is_ours(unit: str) -> bool:
    """An operator's own units may have such names; they are nothing to end."""
    with contextlib.suppress(OSError, UnicodeDecodeError), open(unit) as file:
        return file.readline().rstrip("\n") == UNIT_HEAD
    return False


def _service(
    name: str, systemd: bool, health: Mapping[str, tuple[str, int]]
) -> dict[str, Any]:
    found = running(name, systemd)
    asked = health.get(name) if found["pid"] else None
    problem = unhealthy(*asked, tls=bool(found["tls"])) if asked else ""
    return {**found, "problem": problem}


def _listeners(ports: list[int]) -> dict[str, int]:
    """Of these ports those that somebody listens at, and whose process group leader."""
    inodes: dict[str, int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                port = int(fields[1].rpartition(":")[2], 16)
                if fields[3] == _LISTENING and port in ports:
                    inodes[fields[9]] = port
    found = {str(port): 0 for port in inodes.values()}
    if not inodes:
        return found
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    inode = os.readlink(entry.path).removeprefix("socket:[")[:-1]
                    if inode in inodes:
                        found[str(inodes[inode])] = int(pid)
    return found
