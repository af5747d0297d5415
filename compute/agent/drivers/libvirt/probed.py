"""What libvirt found out about this machine's QEMU, handed on to the next libvirtd.

A libvirtd that has never run asks QEMU what it can do, which takes four to eight
seconds of a processor, and keeps the answers in files.  A private one begins with what
an earlier one of this machine left in ``SHARED``; libvirt itself checks that each file
is of this QEMU, this libvirt and this kernel, and asks again if not.

Copied, not mounted: two daemons that write the same file at once fail both.  All that
can go wrong here costs only those seconds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile

SHARED = "/var/cache/ringstack/qemu-capabilities"
# In the directory that libvirtd takes for /var/cache/libvirt.
PLACE = os.path.join("qemu", "capabilities")
SUFFIX = ".xml"
# One for each emulator; those of other machines may lie beside them.
FILES_MAX = 16


def seed(cache: str, shared: str = SHARED) -> None:
    """Give a libvirtd that has not asked yet what others have heard."""
    _copy(shared, os.path.join(cache, PLACE))


def share(cache: str, shared: str = SHARED) -> None:
    """Leave to others what this libvirtd has heard."""
    _copy(os.path.join(cache, PLACE), shared)


def _copy(source: str, target: str) -> None:
    """Those files that are not there, or older there; each appears whole."""
    with contextlib.suppress(OSError):
        names = [name for name in os.listdir(source) if name.endswith(SUFFIX)]
        os.makedirs(target, 0o700, exist_ok=True)
        for name in sorted(names)[:FILES_MAX]:
            _copy_file(os.path.join(source, name), target, name)


def _copy_file(path: str, target: str, name: str) -> None:
    there = os.path.join(target, name)
    with contextlib.suppress(FileNotFoundError):
        if os.stat(there).st_mtime_ns >= os.stat(path).st_mtime_ns:
            return
    number, temporary = tempfile.mkstemp(dir=target)
    os.close(number)
    try:
        shutil.copy2(path, temporary)
        os.rename(temporary, there)
    except OSError:
        os.unlink(temporary)
        raise
