"""Releases on a host: received, unpacked, marked as whole; removed.

A release is a tar file of wheels that the deploying machine packed of what it has
installed, so unpacking is all there is to do: no script of theirs runs, and no index is
asked.  Hosts need no pip for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from importlib.metadata import distributions
from typing import Any, BinaryIO

from compute.deploy.remote.body import Body
from compute.deploy.remote.commands import run
from compute.deploy.remote.places import INCOMING, RELEASES

PROJECT = "ringstack"
# All wheels of a release are some 60 MB.
RELEASE_BYTES_MAX = 2**30
RELEASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,80}\Z")
# Debian's binding of libvirt fits its libvirt; wheels would have to be compiled there.
DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"
LIBVIRT_FILES = re.compile(
    r"libvirt(_qemu|_lxc|aio|mod\w*)?(\.cpython-[\w-]+)?\.(py|so)\Z"
)
_COMMAND = """\
#!{python}
import sys

from {module} import {name}

sys.exit({name}())
"""


def checked(name: str) -> str:
    """The name, if it is a release's.  Raises ``ValueError``."""
    if not RELEASE_NAME.match(name):
        raise ValueError(f"{name!r} is no release's name")
    return name


def remove_release(change: Mapping[str, Any]) -> str:
    """One that nobody runs."""
    shutil.rmtree(f"{RELEASES}/{checked(change['name'])}")
    return "removed"


def receive_release(request: Mapping[str, Any], body: Body) -> str:
    """Take a release, and install it; whole, or nothing of it stays."""
    name, size = checked(request["name"]), request["bytes"]
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


def _install(place: str, bundle: BinaryIO, libvirt: bool) -> None:
    run([sys.executable, "-m", "venv", "--without-pip", place])
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = f"{place}/lib/{version}/site-packages"
    with tarfile.open(fileobj=bundle, mode="r:") as tar:
        for member in tar:
            if not member.isreg() or not member.name.endswith(".whl"):
                raise ValueError(f"{member.name!r} has no place in a release")
            with zipfile.ZipFile(tar.extractfile(member)) as wheel:  # type: ignore[arg-type]
                wheel.extractall(packages)
    _write_commands(place, packages)
    if libvirt:
        _link_libvirt(packages)
    # All of it before its mark: else power that is lost now leaves empty files, marked.
    run(["sync", "--file-system", place])
    with open(f"{place}/.complete", "xb") as mark:
        os.fsync(mark.fileno())


def _write_commands(place: str, packages: str) -> None:
    """The project's own: what its libraries bring is not for hosts."""
    (project,) = distributions(path=[packages], name=PROJECT)
    for point in project.entry_points.select(group="console_scripts"):
        text = _COMMAND.format(
            python=f"{place}/bin/python", module=point.module, name=point.attr
        )
        path = f"{place}/bin/{os.path.basename(point.name)}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)


def _link_libvirt(packages: str) -> None:
    for name in os.listdir(DEBIAN_PACKAGES):
        if LIBVIRT_FILES.match(name):
            os.symlink(f"{DEBIAN_PACKAGES}/{name}", f"{packages}/{name}")
