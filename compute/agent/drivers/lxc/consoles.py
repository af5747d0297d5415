"""The consoles of containers, each carried by a process of its own.  Blocks: on
threads.

libvirt gives a container's console as a terminal of the host, and no more; the log and
the socket are made of it by ``console_relay``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PROGRAM = str(Path(__file__).with_name("console_relay.py"))


def carry(terminal: str, log: str, socket_path: str) -> None:
    """See to it that the terminal is carried there; fine when it is."""
    arguments = [terminal, log, socket_path]
    if _is_carried(arguments):
        return
    # Two sessions: what kills the agent's group does not reach it, and nobody waits
    # for its end but the first process.
    command = ["setsid", "--fork", sys.executable, "-I", "-S", _PROGRAM, *arguments]
    subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def _is_carried(arguments: list[str]) -> bool:
    wanted = [os.fsencode(each) for each in (_PROGRAM, *arguments)]
    for process in os.listdir("/proc"):
        if not process.isdigit():
            continue
        with suppress(OSError):
            place = Path("/proc", process)
            if place.stat().st_uid != os.geteuid():
                continue  # a container's may call itself what it likes
            words = (place / "cmdline").read_bytes().split(b"\0")
            if words[-len(wanted) - 1 : -1] == wanted:
                return True
    return False
