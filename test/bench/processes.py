"""What a server's processes use: CPU time to the nanosecond, and memory."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

# Which of a process's clocks: the time that its threads, also those that have ended,
# have run (``CPUCLOCK_SCHED`` of Linux).  /proc tells it in ticks of 10 ms, the cost of
# fifty GETs.
SCHEDULED = 2
# Of ``smaps_rollup``: memory that several processes share counts in parts.
_PROPORTIONAL = re.compile(r"^Pss: +(\d+) kB", re.MULTILINE)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its descendants, so far."""
    return sum(_own_cpu_seconds(each) for each in family(pid))


def _own_cpu_seconds(pid: int) -> float:
    with suppress(OSError):
        return time.clock_gettime(~pid << 3 | SCHEDULED)
    return 0.0


def peak_megabytes(pid: int) -> float:
    """The most memory that each of them has held, added up."""
    return sum(_status_kilobytes(each, "VmHWM") for each in family(pid)) / 1024


def resident_megabytes(pid: int) -> float:
    """The memory that they hold now."""
    return sum(_status_kilobytes(each, "VmRSS") for each in family(pid)) / 1024


def proportional_mebibytes(pids: Iterable[int]) -> float:
    """Their proportional set sizes, added up: what would be free without them."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            if size := _PROPORTIONAL.search(rollup):
                total += int(size[1])
    return total / 1024


def _status_kilobytes(pid: int, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def family(pid: int) -> set[int]:
    """The process and all its descendants."""
    members = {pid}
    for own, parent in sorted(_processes()):
        if parent in members:
            members.add(own)
    return members


def _processes() -> Iterator[tuple[int, int]]:
    """Each process with its parent."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            yield int(entry.name), int(fields[1])


class ThreadSeconds(NamedTuple):
    """What threads have had so far: CPU time of each process's first one, how long
    it was ready and another had the processor, and CPU time of the other threads."""

    first: float = 0.0
    ready: float = 0.0
    others: float = 0.0

    def since(self, before: ThreadSeconds) -> ThreadSeconds:
        """The difference."""
        return ThreadSeconds(*map(float.__sub__, self, before))


def thread_seconds(pid: int) -> ThreadSeconds:
    """Of the process and all its descendants, threads that live."""
    first = ready = others = 0.0
    for each in family(pid):
        with suppress(OSError):
            for entry in Path(f"/proc/{each}/task").iterdir():
                ran, waited, _ = (entry / "schedstat").read_text().split()
                if entry.name == str(each):
                    first += int(ran) / 1e9
                    ready += int(waited) / 1e9
                else:
                    others += int(ran) / 1e9
    return ThreadSeconds(first, ready, others)
