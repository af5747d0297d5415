"""The mark of a process: who reads it on the same machine can tell that it has ended.

It names the machine's boot, the namespace that process ids are of, the id and when the
process began; so neither another machine, nor a container beside, nor who got the same
id later is taken for it.  Where one cannot tell, a process is taken to be alive.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ENDED_STATES = frozenset("ZX")
# In /proc/PID/stat, behind the name.
_STATE, _BEGAN = 0, 19


def own_mark() -> str:
    """That of this process; "" where the system does not tell."""
    return mark_of(os.getpid())


@lru_cache(maxsize=16)
def mark_of(process: int) -> str:
    """That of a process that is here."""
    try:
        return f"{_place()}:{process}:{_stat(process)[_BEGAN]}"
    except OSError:
        return ""


def has_ended(mark: str) -> bool:
    """Whether its process is known to be no more."""
    place, _, rest = mark.rpartition(":")[0].rpartition(":")
    began = mark.rpartition(":")[2]
    try:
        if not rest.isdecimal() or place != _place():
            return False
        os.kill(int(rest), 0)
        stat = _stat(int(rest))
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # somebody else's, or hidden
    return stat[_STATE] in _ENDED_STATES or stat[_BEGAN] != began


def _place() -> str:
    namespace = os.readlink("/proc/self/ns/pid")
    return f"{_BOOT_ID.read_text().strip()}:{namespace.strip('pid:[]')}"


def _stat(process: int) -> list[str]:
    text = Path(f"/proc/{process}/stat").read_text(encoding="latin-1")
    return text.rpartition(")")[2].split()
