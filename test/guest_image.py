"""The small guest's files, built once for every process and stage of the tests.

They lie in the environment that the tests run in, under a name that says what they are
made of: another kernel, another script, and they are made anew beside the old ones,
upon which guests may still stand.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
BUILD = HOME / "bin" / "build-guest-image"
SOURCES = HOME / "etc" / "guest"
DISK = "guest-disk.qcow2"
# What it takes from the machine.
PROGRAMS = ("busybox", "dropbear", "dropbearkey", "resize2fs", "syslinux")
KERNELS = "vmlinuz-*-cloud-amd64"
# Seconds; with packages to install.
SECONDS_MAX = 420
KEEP_SECONDS = 24 * 3600.0


def guest_image() -> Path:
    """The directory with our guest's disk, kernel, ramdisk and root file system; to be
    read only."""
    place = Path(sys.prefix) / "guest-images"
    place.mkdir(exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = place / _made_of()
        if not found.is_dir():
            _forget_old_ones(place)
            _build(place / ".new")
            # Packages may have come with it: they are part of the name.
            found = place / _made_of()
            (place / ".new").rename(found)
        os.utime(found)
    return found


def _build(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    subprocess.run(
        [str(BUILD), str(directory)],
        check=True,
        capture_output=True,
        timeout=SECONDS_MAX,
    )


def _made_of() -> str:
    found = hashlib.sha256()
    for path in [BUILD, *sorted(SOURCES.rglob("*"))]:
        found.update(f"{path.relative_to(HOME)} {path.stat().st_mode}\n".encode())
        if path.is_file():
            found.update(path.read_bytes())
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    programs = [shutil.which(name, path=search) for name in PROGRAMS]
    for name in [*programs, *sorted(map(str, Path("/boot").glob(KERNELS)))]:
        seen = os.stat(name) if name else None
        size = f"{seen.st_size} {seen.st_mtime_ns}" if seen else "missing"
        found.update(f"{name} {size}\n".encode())
    return found.hexdigest()[:16]


def _forget_old_ones(place: Path) -> None:
    for each in place.iterdir():
        if each.is_dir() and time.time() - each.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(each)
