"""What stands in the way of a deployment: judged from findings.  Pure.

An *obstacle* keeps a host from being deployed; a *warning* is for the operator to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compute.deploy.belonging import strangeness
from compute.deploy.wish import HostWishes

CLOCK_SECONDS_MAX = 1.0
# Releases, logs, and room to install.
MEMORY_BYTES_MIN = 512 * 2**20
# What compaction and bodies leave free (``reserve``, ``body_reserve``), and some room.
DEVICE_BYTES_MIN = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Machine:
    """What the deploying machine is: wheels are built on it."""

    python: tuple[int, int]
    machine: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a host."""

    is_obstacle: bool
    text: str


def judge(
    wishes: HostWishes,
    found: Mapping[str, Any],
    here: Machine,
    clock_off: float,
    mount_check: bool,
    drawn: Mapping[str, int],
) -> list[Remark]:
    """Everything that is to be said about a host; ``drawn``: the site's rings."""
    obstacles = [
        *strangeness(wishes, found, drawn),
        *_obstacles(wishes, found, here, mount_check),
    ]
    return [
        *(Remark(True, text) for text in obstacles),
        *(Remark(False, text) for text in _warnings(wishes, found, clock_off)),
    ]


def _obstacles(
    wishes: HostWishes, found: Mapping[str, Any], here: Machine, mount_check: bool
) -> Iterator[str]:
    if found["uid"] != 0:
        yield "sudo does not give root"
    python = tuple(found["python"][:2])
    if python != here.python:
        wished = _dotted(here.python)
        yield f"has Python {_dotted(python)}; releases are built for {wished}"
    if found["machine"] != here.machine:
        yield f"is a {found['machine']}; releases are built for {here.machine}"
    missing = set(wishes.packages) - set(found["packages"])
    if missing and not found["apt"]:
        yield f"lacks apt-get, and these packages: {', '.join(sorted(missing))}"
    for path, device in found["devices"].items():
        if mount_check and not device["is_mount"]:
            yield f"{path} is not mounted (see mount_check)"
        if not device["attributes"]:
            yield f"{path}: its file system keeps no extended attributes"
    ours = {runs["pid"] for runs in found["services"].values() if runs["pid"]}
    for port, pid in found["ports"].items():
        served = [
            name
            for name, service in wishes.services.items()
            if service.health[1] == int(port)
        ]
        if pid not in ours and not any(
            found["services"].get(name, {}).get("pid") for name in served
        ):
            yield f"port {port} is in use by process {pid or '?'}"


def _warnings(
    wishes: HostWishes, found: Mapping[str, Any], clock_off: float
) -> Iterator[str]:
    if abs(clock_off) > CLOCK_SECONDS_MAX:
        yield f"its clock is off by {clock_off:+.1f} s: repair NTP"
    if found["memory_bytes"] < MEMORY_BYTES_MIN:
        yield f"has {found['memory_bytes'] >> 20} MiB of memory"
    for path, device in found["devices"].items():
        if device["total_bytes"] < DEVICE_BYTES_MIN:
            yield f"{path} has {device['total_bytes'] >> 20} MiB"
    missing = sorted(set(wishes.packages) - set(found["packages"]))
    if missing:
        yield f"apt will install {', '.join(missing)}"
    if wishes.has_open_tunnels:
        yield (
            "what guests say across hosts is not encrypted (VXLAN, UDP port 4789):"
            " see encrypt_tunnels"
        )
    if not found["systemd"]:
        yield "has no systemd: the supervisor will look after its services"
    if found["system"].get("ID") != "debian":
        yield f"is no Debian but {found['system'].get('ID') or 'unknown'}: not tried"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
