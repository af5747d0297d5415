"""``objectstore drive-audit``: finds disks with errors before they find you.

Reads the kernel's log for errors of the disks under the devices, and tries to write
and read a small file on each.  ``--act`` marks a bad device, so that its server stops
serving it at once and its callers use handoffs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from objectstore.app.device_watch import mark_path
from objectstore.cli.outside import load, settings_option
from objectstore.cli.show import as_json_option, bad, console, print_json, print_table

# Errors of a disk are seldom alone; a single one may be a sector that was remapped.
ERRORS_MIN = 3
PROBE_NAME = ".drive-audit"
PROBE_BYTES = 64 * 1024

# What the kernel says of a disk in trouble; the group is its name.
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:blk_update_request: )?(?:critical )?\w+(?:/\w+)? error, dev (\w+)",
        r"\bBuffer I/O error on (?:dev|device) (\w+)",
        r"\blost (?:async|sync) page write due to I/O error on (\w+)",
        r"\bEXT4-fs (?:error|warning)? ?\(device (\w+)\).*(?:error|aborted)",
        r"\bEXT4-fs error \(device (\w+)\)",
        r"\bXFS \((\w+)\).*(?:[Cc]orruption|I/O [Ee]rror|shutting down)",
        r"\bBTRFS (?:error|critical) \(device (\w+)\)",
    )
)


@click.command()
@settings_option
@as_json_option
@click.option("--act", is_flag=True, help="Mark bad devices: they are served no more.")
@click.option(
    "--log",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the kernel's messages; default: ask dmesg.",
)
@click.option(
    "--errors", default=ERRORS_MIN, show_default=True, help="So many make a disk bad."
)
def drive_audit(
    settings_file: Path, as_json: bool, act: bool, log: Path | None, errors: int
) -> None:
    """Look for disks with errors; exit code 1 if there is one."""
    server = load(settings_file).server
    counts = count_errors(_messages(log))
    found = []
    for path in sorted(server.devices.iterdir() if server.devices.exists() else ()):
        if not path.is_dir():
            continue
        disk = block_device(path, Path("/proc/self/mounts").read_text("utf-8"))
        why = _why_bad(path, counts.get(disk, 0) if disk else 0, errors)
        mark = mark_path(server.run, path.name)
        if why and act and not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(f"drive-audit: {why}\n", "utf-8")
        found.append(
            {
                "device": path.name,
                "disk": disk,
                "errors": counts.get(disk, 0) if disk else 0,
                "problem": why,
                "marked": mark.exists(),
            }
        )
    _show(found, as_json)
    sys.exit(1 if any(each["problem"] for each in found) else 0)


def count_errors(lines: Iterable[str]) -> Counter[str]:
    """Errors by the disk's name, partitions counted with their own names.  Pure."""
    counts: Counter[str] = Counter()
    for line in lines:
        for pattern in PATTERNS:
            if match := pattern.search(line):
                counts[match[1]] += 1
                break
    return counts


def block_device(path: Path, mounts: str) -> str:
    """The name of the disk that is mounted at or above ``path``; "" for none."""
    best, name = "", ""
    for line in mounts.splitlines():
        source, place, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        below = place == "/" or str(path) == place or f"{path}/".startswith(f"{place}/")
        if below and len(place) >= len(best):
            best = place
            name = Path(source).name if source.startswith("/dev/") else ""
    return name


def _messages(log: Path | None) -> list[str]:
    if log is not None:
        return log.read_text("utf-8", "replace").splitlines()
    try:
        ran = subprocess.run(["dmesg"], capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        click.echo(f"drive-audit: the kernel's log cannot be read: {error}", err=True)
        return []
    return ran.stdout.splitlines()


def _why_bad(path: Path, errors: int, errors_min: int) -> str:
    if errors >= errors_min:
        return f"{errors} errors in the kernel's log"
    try:
        probe(path)
    except OSError as error:
        return f"cannot be written and read: {error}"
    return ""


def probe(directory: Path) -> None:
    """Write, sync, read back and remove a small file.  Raises ``OSError``."""
    path = directory / PROBE_NAME
    content = os.urandom(PROBE_BYTES)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        if os.pread(descriptor, PROBE_BYTES, 0) != content:
            raise OSError("other bytes came back than were written")
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _show(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each["device"],
            each["disk"] or "-",
            each["errors"],
            bad(each["problem"]) if each["problem"] else "good",
            "marked: not served" if each["marked"] else "",
        )
        for each in found
    ]
    print_table("", ("device", "disk", "errors", "state", ""), rows)
    if not found:
        console.print("there are no devices here")
