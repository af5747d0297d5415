"""Changes of a host.  Each may be done twice, and after one that was killed."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from compute.deploy.remote.files import write_file
from compute.deploy.remote.places import CURRENT, HOME, RELEASES, STATE
from compute.deploy.remote.services import start, stop

APT_SECONDS = 900.0
INSTALL_SECONDS = 600.0
# All wheels of a release are some 60 MB.
RELEASE_BYTES_MAX = 2**30
PIECE_BYTES = 2**20
RELEASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,80}\Z")
# Debian's binding of libvirt fits its libvirt; wheels would have to be compiled there.
DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"
LIBVIRT_FILES = re.compile(
    r"libvirt(_qemu|_lxc|aio|mod\w*)?(\.cpython-[\w-]+)?\.(py|so)\Z"
)


def act(request: Mapping[str, Any]) -> str:
    """Do one change; what was done, in a word."""
    acts: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "packages": _packages,
        "user": _user,
        "directory": _directory,
        "file": _file,
        "current": _current,
        "service": start,
        "stop": lambda change: stop(change["name"]),
        "release": _unmake_release,
    }
    return acts[request["kind"]](request)


def _packages(change: Mapping[str, Any]) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    # Others may be installing too: wait for them.
    install += ["-o", "DPkg::Lock::Timeout=300", "--", *change["names"]]
    for command in (install, ["apt-get", "update"], install):
        ended = subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            env=environment,
            timeout=APT_SECONDS,
        )
        # An old package list is often enough, and the update is the slow part.
        if command is install and ended.returncode == 0:
            return "installed"
    raise OSError(f"apt-get install: {ended.stderr.strip()[-500:]}")


def _user(change: Mapping[str, Any]) -> str:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += [
        "--home-dir",
        STATE,
        "--shell",
        "/usr/sbin/nologin",
        "--",
        change["name"],
    ]
    _run(command)
    return "made"


def _directory(change: Mapping[str, Any]) -> str:
    path = change["path"]
    os.makedirs(path, mode=0o755, exist_ok=True)
    if os.path.islink(path):
        raise OSError(f"{path} is a link")
    user, _, group = change["owner"].partition(":")
    shutil.chown(path, user, group)
    os.chmod(path, change["mode"])
    return "made"


def _file(change: Mapping[str, Any]) -> str:
    content = base64.b64decode(change["content"])
    write_file(change["path"], content, change["mode"], change["owner"])
    return "written"


def _current(change: Mapping[str, Any]) -> str:
    """What people and cron call: services name their release themselves."""
    fresh = f"{CURRENT}.new"
    if os.path.lexists(fresh):
        os.unlink(fresh)
    os.symlink(f"{RELEASES}/{_checked(change['name'])}", fresh)
    os.replace(fresh, CURRENT)
    return "set"


def _unmake_release(change: Mapping[str, Any]) -> str:
    shutil.rmtree(f"{RELEASES}/{_checked(change['name'])}")
    return "removed"


def _checked(name: str) -> str:
    if not RELEASE_NAME.match(name):
        raise ValueError(f"{name!r} is no release's name")
    return name


# ---- releases --------------------------------------------------------------------


def receive_release(request: Mapping[str, Any], stream: BinaryIO) -> str:
    """Take a release from the stream, and install it; whole, or not marked so."""
    name, left = _checked(request["name"]), request["bytes"]
    if left > RELEASE_BYTES_MAX:
        raise ValueError(f"a release of {left} bytes")
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as file:
        # All of it is read, whatever happens: the next request stands behind it.
        while left:
            piece = stream.read(min(left, PIECE_BYTES))
            if not piece:
                raise OSError("the release ended early")
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
        if digest.hexdigest() != request["sha256"]:
            raise OSError("the release arrived damaged")
        file.seek(0)
        _install(name, file, request["libvirt"])
    return "installed"


def _install(name: str, bundle: Any, libvirt: bool) -> None:
    place = f"{RELEASES}/{name}"
    os.makedirs(RELEASES, mode=0o755, exist_ok=True)
    shutil.rmtree(place, ignore_errors=True)
    # Without pip: Debian keeps what would install it in another package.
    _run([sys.executable, "-m", "venv", "--without-pip", place])
    with tempfile.TemporaryDirectory(dir=HOME) as wheels:
        with tarfile.open(fileobj=bundle, mode="r:") as tar:
            for member in tar:
                if not member.isreg() or os.path.basename(member.name) != member.name:
                    raise ValueError(f"{member.name!r} has no place in a release")
                source = tar.extractfile(member)
                assert source is not None
                with open(f"{wheels}/{member.name}", "wb") as target:
                    shutil.copyfileobj(source, target)
        pip = next(each for each in os.listdir(wheels) if each.startswith("pip-"))
        command = [f"{place}/bin/python", f"{wheels}/{pip}/pip", "install", "--quiet"]
        command += ["--no-index", "--no-deps", "--require-hashes", "--no-cache-dir"]
        # Compiled code comes along.
        command += ["--no-compile"]
        command += ["--disable-pip-version-check", "--root-user-action", "ignore"]
        command += ["--find-links", wheels, "-r", f"{wheels}/requirements.txt"]
        _run(command)
    if libvirt:
        _link_libvirt(place)
    with open(f"{place}/.complete", "xb") as mark:
        os.fsync(mark.fileno())


def _link_libvirt(place: str) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for name in os.listdir(DEBIAN_PACKAGES):
        if LIBVIRT_FILES.match(name):
            os.symlink(
                f"{DEBIAN_PACKAGES}/{name}",
                f"{place}/lib/{version}/site-packages/{name}",
            )


def _run(command: list[str]) -> None:
    environment = {
        name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ
    }
    ended = subprocess.run(
        command,
        capture_output=True,
        check=False,
        text=True,
        timeout=INSTALL_SECONDS,
        env=environment,
        cwd="/",
    )
    if ended.returncode:
        raise OSError(f"{os.path.basename(command[0])}: {ended.stderr.strip()[-800:]}")
