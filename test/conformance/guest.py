"""The small guest, with the programs that suites expect to find in a guest's PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from test.conformance.environments import NotInstalled
from test.guest_image import BUILD, DISK

PROGRAMS = ("blkid", "curl", "lsblk", "mkfs", "mkfs.ext4", "mkfs.vfat")
ROOT_MIB = 64
# They log in as root already.
SUDO = '#!/bin/sh\nexec "$@"\n'
_LIBRARY = re.compile(r"(/\S+) \(0x")


def check_programs() -> None:
    """``NotInstalled`` when the guest cannot be built for want of one."""
    for name in PROGRAMS:
        _found(name)


def build_guest(directory: Path) -> Path:
    """Its disk, in that directory."""
    tree = directory / "extra"
    programs = tree / "usr" / "bin"
    programs.mkdir(parents=True)
    for name in PROGRAMS:
        source = _found(name)
        shutil.copy(source, programs / name)
        for library in _libraries(source):
            target = tree / library.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library.resolve(), target)
    sudo = programs / "sudo"
    sudo.write_text(SUDO, "utf-8")
    sudo.chmod(0o755)
    command = [str(BUILD), str(directory), "--extra", str(tree)]
    command += ["--root-size", str(ROOT_MIB)]
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode:
        raise NotInstalled(f"the guest was not built: {built.stderr.strip()}")
    return directory / DISK


def _found(name: str) -> Path:
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin")
    if found is None:
        raise NotInstalled(f"real guests need {name}, which is not installed here")
    return Path(found)


def _libraries(program: Path) -> list[Path]:
    """What it is linked with, the loader among it."""
    told = subprocess.run(["ldd", program], check=True, capture_output=True, text=True)
    return [Path(found) for found in _LIBRARY.findall(told.stdout)]
