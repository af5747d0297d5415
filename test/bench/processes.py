"""What a server's processes use: CPU time and memory, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its descendants, so far."""
    members = family(pid)
    return sum(ticks for own, _, ticks in _processes() if own in members) / TICKS


def peak_megabytes(pid: int) -> float:
    """The most memory that each of them has held, added up."""
    return sum(_status_kilobytes(each, "VmHWM") for each in family(pid)) / 1024


def resident_megabytes(pid: int) -> float:
    """The memory that they hold now."""
    return sum(_status_kilobytes(each, "VmRSS") for each in family(pid)) / 1024


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
    for own, parent, _ in sorted(_processes()):
        if parent in members:
            members.add(own)
    return members


def _processes() -> Iterator[tuple[int, int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            yield int(entry.name), int(fields[1]), int(fields[11]) + int(fields[12])
