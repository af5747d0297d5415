"""How a server has fared: processors, memory, network and disks as curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from compute.core.instants import iso_z
from compute.dashboard.frame import formats
from compute.dashboard.frame.routes import page
from compute.dashboard.frame.view import Action, Drawing, Link, Page, Said
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.servers.charts import (
    Chart,
    Point,
    added,
    chart,
    rates,
    scaled,
)
from compute.dashboard.rooms import Rooms, path_of

ROOM = "metric"
MIB = 1 << 20
NANOSECONDS = 1e9
# Of what belongs to a server: its volumes and its network cards.
PARTS_MAX = 40


@dataclass(frozen=True, slots=True)
class Span:
    """How far back, and how finely: by a granularity that guests' figures have."""

    label: str
    seconds: int
    granularity: int
    moment: str  # how its begin and end are written


SPANS: Mapping[str, Span] = {
    "hour": Span("An hour", 3600, 60, "%H:%M"),
    "day": Span("A day", 86400, 300, "%H:%M"),
    "week": Span("A week", 7 * 86400, 3600, "%Y-%m-%d"),
    "month": Span("A month", 30 * 86400, 3600, "%Y-%m-%d"),
}

Series = Mapping[str, list[list[Point]]]
"""By the name of the metric: one of each part of the server."""


def show(visit: Visit) -> Page:
    """The curves of one span."""
    rooms, server_id = visit.rooms, visit["id"]
    chosen = visit.query("span", "hour")
    span = SPANS.get(chosen, SPANS["hour"])
    found = rooms.together(
        server=lambda: rooms.get("compute", "servers", server_id),
        guest=lambda: rooms.get(ROOM, "resource", "instance", server_id),
        disks=lambda: _parts(rooms, "instance_disk", server_id),
        cards=lambda: _parts(rooms, "instance_network_interface", server_id),
    )
    server = found["server"]["server"]
    guest = found.get("guest", None)
    owners = [*([guest] if guest else ()), *found.get("disks", ())]
    owners += found.get("cards", ())
    visit.problems += found.problems
    path = f"/servers/{server_id}/figures"
    ways = [
        Action(each.label, f"{path}?span={key}", is_form=True)
        for key, each in SPANS.items()
        if each is not span
    ]
    trail = [Link("Servers", "/servers"), Link(server["name"], f"/servers/{server_id}")]
    names = _names(owners)
    if not names:
        text = (
            "Nothing has been measured yet: figures come once a minute while it runs."
        )
        return Page("Figures", "servers", [Said(text)], trail=trail)
    series = _series(rooms, names, span, visit.now)
    if "alarming" in visit.session.services:
        new = at("alarms", "new", server=server_id)
        ways.append(Action("Make an alarm", new, is_form=True))
    title = f"Figures: {span.label.lower()}"
    processors = int(server["flavor"].get("vcpus") or 1)
    memory = float(server["flavor"].get("ram") or 0)
    drawings = drawings_of(series, span, visit.now, processors, memory)
    return Page(title, "servers", drawings, ways, trail=trail)


def _parts(rooms: Rooms, kind: str, server_id: str) -> list[dict[str, Any]]:
    body = {"=": {"instance_id": server_id}}
    found: list[dict[str, Any]] = rooms.post(
        ROOM, "search", "resource", kind, body=body
    )
    return found[:PARTS_MAX]


_WANTED = (
    "cpu",
    "memory.usage",
    "network.incoming.bytes",
    "network.outgoing.bytes",
    "disk.device.read.bytes",
    "disk.device.write.bytes",
)


def _names(owners: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The names of the metrics that are drawn, by their ids."""
    return {
        str(metric_id): name
        for each in owners
        for name, metric_id in (each.get("metrics") or {}).items()
        if name in _WANTED
    }


def _series(
    rooms: Rooms, names: Mapping[str, str], span: Span, now: float
) -> dict[str, list[list[Point]]]:
    body = {"operations": ["metric", *([each, "mean"] for each in names)]}
    query = {
        "granularity": span.granularity,
        "fill": "null",
        "start": iso_z(now - span.seconds - span.granularity),
    }
    told = rooms.call(ROOM, "POST", path_of(("aggregates",), query), body)
    found: dict[str, list[list[Point]]] = {}
    for metric_id, name in names.items():
        measures = told.get("measures", {}).get(metric_id, {}).get("mean") or ()
        found.setdefault(name, []).append(points_of(measures))
    return found


def points_of(measures: Sequence[Sequence[Any]]) -> list[Point]:
    """What the room tells, but for moments without a value."""
    found = []
    for moment, _, value in measures:
        then = formats.moment_of(str(moment))
        if then is not None and value is not None and math.isfinite(value):
            found.append((then.timestamp(), float(value)))
    return found


def drawings_of(
    series: Series, span: Span, now: float, processors: int, memory: float
) -> list[Drawing]:
    """The four pictures.  Pure."""

    def grown(name: str, factor: float = 1.0) -> list[Point]:
        return added([scaled(rates(each), factor) for each in series.get(name, ())])

    draw = partial(_drawing, span, now)
    share = 100.0 / NANOSECONDS / max(processors, 1)
    memory_used = added(series.get("memory.usage", ()))
    return [
        draw("cpu", "Processors", _percent, 100.0, [("used", grown("cpu", share))]),
        draw("memory", "Memory", _memory, memory, [("used", memory_used)]),
        draw(
            "network",
            "Network",
            _speed,
            1024.0,
            [
                ("in", grown("network.incoming.bytes")),
                ("out", grown("network.outgoing.bytes")),
            ],
        ),
        draw(
            "disks",
            "Disks",
            _speed,
            1024.0,
            [
                ("read", grown("disk.device.read.bytes")),
                ("written", grown("disk.device.write.bytes")),
            ],
        ),
    ]


def _drawing(
    span: Span,
    now: float,
    key: str,
    title: str,
    said: Callable[[float], str],
    most: float,
    series: list[tuple[str, list[Point]]],
) -> Drawing:
    begin = now - span.seconds
    drawn: Chart = chart(series, (begin, now), span.granularity, said, most)
    moments = (
        f"{datetime.fromtimestamp(each, UTC):{span.moment}} UTC"
        for each in (begin, now)
    )
    first, last = moments
    return Drawing(key, "chart.html", replace(drawn, begin=first, end=last), title)


def _percent(value: float) -> str:
    return f"{value:.3g} %"


def _memory(value: float) -> str:
    return formats.size(value * MIB)


def _speed(value: float) -> str:
    return f"{formats.size(value)}/s"


ROUTES = [page("servers/{id}/figures", show)]
