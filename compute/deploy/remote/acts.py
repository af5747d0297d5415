"""Changes of a host.  Each may be done twice, and after one that was killed."""

from __future__ import annotations

import base64
import grp
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from compute.deploy.remote.body import Body
from compute.deploy.remote.files import write_file
from compute.deploy.remote.places import CURRENT, INCOMING, RELEASES, STATE
from compute.deploy.remote.services import start, stop

APT_SECONDS = 900.0
INSTALL_SECONDS = 600.0
# All wheels of a release are some 60 MB.
RELEASE_BYTES_MAX = 2**30
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
    user, _, group = change["owner"].partition(":")
    # Held open: a link that takes its name meanwhile leads nowhere.
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchown(held, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
        os.fchmod(held, change["mode"])
    finally:
        os.close(held)
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


def receive_release(request: Mapping[str, Any], body: Body) -> str:
    """Take a release, and install it; whole, or nothing of it stays."""
    name, size = _checked(request["name"]), request["bytes"]
    if size > RELEASE_BYTES_MAX:
        raise ValueError(f"a release of {size} bytes")
    place = f"{RELEASES}/{name}"
    os.makedirs(RELEASES, mode=0o755, exist_ok=True)
    # What was left by one that was killed.
    shutil.rmtree(INCOMING, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
    try:
        os.mkdir(INCOMING, mode=0o700)
        with open(f"{INCOMING}/release.tar", "w+b") as bundle:
            _take(body, bundle, request["sha256"])
            _install(place, bundle, request["libvirt"])
    except BaseException:
        # A full disk is to be no fuller than before.
        shutil.rmtree(place, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(INCOMING, ignore_errors=True)
    return "installed"


def _take(body: Body, bundle: BinaryIO, sha256: str) -> None:
    digest = hashlib.sha256()
    while piece := body.piece():
        digest.update(piece)
        bundle.write(piece)
    if digest.hexdigest() != sha256:
        raise OSError("the release arrived damaged")
    bundle.seek(0)


def _install(place: str, bundle: Any, libvirt: bool) -> None:
    # Without pip: Debian keeps what would install it in another package.
    _run([sys.executable, "-m", "venv", "--without-pip", place])
    wheels = f"{INCOMING}/wheels"
    os.mkdir(wheels)
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
    # All of it before its mark: else power that is lost now leaves empty files, marked.
    _run(["sync", "--file-system", place])
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
