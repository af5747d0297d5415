"""Processes of a container that libvirt has forgotten.  Blocks: on threads.

On a busy machine libvirt may take a container for ended whose processes are not, and
lets go of them: they would keep its files in use for ever.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_CONTROLLER = b"libvirt_lxc"


def end(name: str) -> None:
    """No process of the container of that name is told to live any longer."""
    for pid in _controllers(name):
        with suppress(OSError, ValueError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
            for child in children.split():
                _kill(int(child))
        _kill(pid)


def _controllers(name: str) -> list[int]:
    found = []
    for process in os.listdir("/proc"):
        if process.isdigit():
            with suppress(OSError):
                place = Path("/proc", process)
                if place.stat().st_uid != os.geteuid():
                    continue  # a container's may call itself what it likes
                words = (place / "cmdline").read_bytes().split(b"\0")
                is_one = words[0].endswith(_CONTROLLER)
                if is_one and words[1:3] == [b"--name", os.fsencode(name)]:
                    found.append(int(process))
    return found


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
