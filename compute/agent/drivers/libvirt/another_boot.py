"""What libvirt remembers of processes, after the machine has booted.

libvirt keeps the process of each guest that runs below its run directory, which the
system empties at each boot; ours is on disk.  A libvirtd that does not find the guest
any more ends the process of that number, which may be anybody's by now.  So after a
boot the numbers become one that no process has; that guests ran is not forgotten.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# Linux numbers processes up to 2^22.
NOBODY = b"4194305"
_RECORD = "boot-id"
_PROCESS = re.compile(rb"""(\spid=)(['"])[0-9]+\2""")


def this_boot() -> bytes:
    """The same for as long as a process keeps its number: a container that starts
    again is a boot, too."""
    kernel = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    return kernel + os.fsencode(os.readlink("/proc/self/ns/pid"))


def forget_processes(directory: str, run: str, boot: bytes) -> None:
    """Before a libvirtd starts in that boot.  ``run``: what it takes for its run
    directory; ``directory``: where we keep in which boot the last one did."""
    record = Path(directory, _RECORD)
    before = record.read_bytes() if record.exists() else boot
    if before != boot:
        for status in Path(run).glob("*/*.xml"):
            found = status.read_bytes()
            _replace(status, _PROCESS.sub(rb"\1\g<2>" + NOBODY + rb"\2", found))
    _replace(record, boot)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.new")
    temporary.touch(0o600)
    temporary.write_bytes(content)
    os.replace(temporary, path)
