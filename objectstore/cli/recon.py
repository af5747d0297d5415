"""``objectstore recon``: asks every server of the rings how it is."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from objectstore.app.status import settings_digest
from objectstore.cli.outside import Outside, settings_option
from objectstore.cli.show import (
    age,
    as_json_option,
    bad,
    console,
    marked,
    print_json,
    print_table,
    size,
)
from objectstore.kernel.concurrency import promised
from objectstore.kernel.errors import RingstackError

RECON_SECONDS = 5.0
# More than NTP leaves, less than what makes timestamps lie about the order.
CLOCK_SECONDS_MAX = 1.0


class Server(NamedTuple):
    """What one server said; ``page`` None: why not is in ``problem``."""

    name: str
    page: dict[str, Any] | None
    problem: str
    clock_off: float


@click.command()
@settings_option
@as_json_option
def recon(settings_file: Path, as_json: bool) -> None:
    """Show the health of the whole cluster.

    Exit code 1 if something needs looking at.
    """
    outside = Outside.load(settings_file)
    servers = ask_all(outside)
    expected = {name: ring.digest for name, ring in outside.named_rings().items()}
    problems = list(find_problems(servers, expected, settings_digest(outside.settings)))
    if as_json:
        print_json(
            {
                "servers": {
                    each.name: each.page or {"problem": each.problem}
                    for each in servers
                },
                "problems": problems,
            }
        )
    else:
        _print(servers, problems)
    sys.exit(1 if problems else 0)


def ask_all(outside: Outside) -> list[Server]:
    """Everybody at the same time."""
    asked = [
        (address, promised(outside.ask, address, "/recon", "GET", RECON_SECONDS))
        for address in outside.servers()
    ]
    servers = []
    for (host, port), promise in asked:
        try:
            page = promise.wait(RECON_SECONDS + 1)
        except RingstackError as error:
            servers.append(Server(f"{host}:{port}", None, str(error), 0.0))
            continue
        off = page["time"] - outside.clock.time()
        servers.append(Server(f"{host}:{port}", page, "", off))
    return servers


def find_problems(
    servers: Iterable[Server], rings: dict[str, str], settings: str
) -> Iterator[str]:
    """What an operator should look at, a line each.  Pure."""
    versions = set()
    for name, page, problem, clock_off in servers:
        if page is None:
            yield f"{name}: does not answer: {problem}"
            continue
        versions.add(page["version"])
        if page["settings_digest"] != settings:
            yield f"{name}: has other cluster settings"
        for ring, digest in rings.items():
            if page["rings"].get(ring, {}).get("digest") != digest:
                yield f"{name}: has another {ring} ring"
        if abs(clock_off) > CLOCK_SECONDS_MAX:
            yield f"{name}: its clock is off by {clock_off:+.1f} s"
        for worker in page["workers_silent"]:
            yield f"{name}: worker {worker} does not answer"
        for device, why in page["unserved"].items():
            yield f"{name}/{device}: is not served: {why}"
        for device in page["devices"]:
            yield from _device_problems(f"{name}/{device['device']}", device)
    if len(versions) > 1:
        yield f"several versions run: {', '.join(sorted(versions))}"


def _device_problems(name: str, device: dict[str, Any]) -> Iterator[str]:
    kept = device["reserve_bytes"] + device["body_reserve_bytes"]
    if device["free_bytes"] < kept:
        yield f"{name}: is full: {size(device['free_bytes'])} free"
    for loop in device["failing_loops"]:
        yield f"{name}: {loop} fails, see the log"
    for room in device["rooms"]:
        where = f"{name} {room['room']}"
        if room["quarantined"]:
            yield f"{where}: {room['quarantined']} quarantined, not brought back yet"
        if room.get("index_damage"):
            yield f"{where}: the index is being made anew: {room['index_damage']}"


# ---- tables ----------------------------------------------------------------------


def _print(servers: list[Server], problems: list[str]) -> None:
    print_table(
        "Servers",
        ("server", "version", "up", "clock", "workers", "devices", "settings"),
        [_server_row(server) for server in servers],
    )
    pages = [(each.name, each.page) for each in servers if each.page is not None]
    devices = [(name, each) for name, page in pages for each in page["devices"]]
    print_table(
        "Devices",
        ("server", "device", "size", "free", "used"),
        [_device_row(name, device) for name, device in devices],
    )
    rooms = [
        (name, device["device"], room)
        for name, device in devices
        for room in device["rooms"]
    ]
    print_table(
        "Data",
        (
            "server",
            "device",
            "room",
            "owed",
            "copies owed",
            "quarantined",
            "replicated",
            "round",
            "oldest unverified",
        ),
        [_room_row(*room) for room in rooms],
    )
    for problem in problems:
        console.print(bad(problem))
    if not problems:
        console.print("nothing needs looking at")


def _server_row(server: Server) -> list[Any]:
    page = server.page
    if page is None:
        return [server.name, bad("does not answer"), "", "", "", "", ""]
    return [
        server.name,
        page["version"],
        age(page["uptime_seconds"]),
        marked(
            f"{server.clock_off:+.2f} s",
            is_bad=abs(server.clock_off) > CLOCK_SECONDS_MAX,
        ),
        page["workers"] - len(page["workers_silent"]),
        marked(len(page["devices"]), is_bad=bool(page["unserved"])),
        page["settings_digest"],
    ]


def _device_row(name: str, device: dict[str, Any]) -> list[Any]:
    total, free = device["total_bytes"], device["free_bytes"]
    used = f"{100 * (total - free) / total:.1f} %" if total else "?"
    kept = device["reserve_bytes"] + device["body_reserve_bytes"]
    shown = marked(size(free), is_bad=free < kept)
    return [name, device["device"], size(total), shown, used]


def _room_row(name: str, device: str, room: dict[str, Any]) -> list[Any]:
    waiting, told = room["waiting"], room["replication"] or {}
    kind = room["room"] + (f" {room['policy']}" if room["policy"] else "")
    done, total = told.get("partitions_done", 0), told.get("partitions_total", 0)
    audit = room["audit"] or {}
    return [
        name,
        device,
        kind,
        waiting.get("rows_owed", waiting.get("reports", 0)),
        told.get("copies_owed", 0),
        marked(room["quarantined"], is_bad=bool(room["quarantined"])),
        age(told.get("age_seconds")),
        f"{done}/{total}",
        age(audit.get("oldest_unverified_seconds")),
    ]
