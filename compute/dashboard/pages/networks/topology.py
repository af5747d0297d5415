"""The picture of the networks: bars for networks, boxes for routers and servers, and
the wires between them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.dashboard.frame.formats import shortened
from compute.dashboard.pages.words import name_of

WIDTH = 960
ROW = 92
BAR_HEIGHT, BOX_WIDTH, BOX_HEIGHT, GAP = 34, 128, 40, 20
LABEL_CHARACTERS_MAX = 15
BAR_CHARACTERS_MAX = 60
# More would be no picture any more: of the whole, and below one network.
BOXES_MAX = 60
STANDING_MAX = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """A bar or a box.  ``look``: net, outer or box."""

    x: int
    y: int
    width: int
    height: int
    label: str
    minor: str
    look: str
    href: str


@dataclass(frozen=True, slots=True)
class Wire:
    """A line straight down, and then to ``aside`` where that is not 0."""

    x: int
    y1: int
    y2: int
    aside: int = 0


@dataclass(slots=True)
class Picture:
    """Everything drawn; ``left_out``: boxes that found no room."""

    height: int = 0
    boxes: list[Shape] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    left_out: int = 0
    width: int = WIDTH


Thing = Mapping[str, Any]


def topology(
    networks: Iterable[Thing],
    subnets: Iterable[Thing],
    routers: Iterable[Thing],
    ports: Sequence[Thing],
    servers: Iterable[Thing],
) -> Picture:
    """Networks lie below each other, external ones first; what is plugged in stands
    below the first network that it has a port of."""
    ordered = sorted(
        networks, key=lambda each: (not each["router:external"], name_of(each).lower())
    )
    ranges: dict[str, list[str]] = {}
    for each in subnets:
        ranges.setdefault(each["network_id"], []).append(each["cidr"])
    devices = _devices(routers, servers)
    plugged = _plugged(ports, devices)
    _add_gateways(plugged, devices)
    ordered = [
        each for each in ordered if each["id"] in _used(plugged) or each["subnets"]
    ]
    return _drawn(ordered, ranges, devices, plugged)


@dataclass(frozen=True, slots=True)
class _Device:
    name: str
    kind: str
    href: str
    gateway: str = ""


def _devices(routers: Iterable[Thing], servers: Iterable[Thing]) -> dict[str, _Device]:
    found: dict[str, _Device] = {}
    for each in routers:
        gateway = (each.get("external_gateway_info") or {}).get("network_id", "")
        path = f"/routers/{each['id']}"
        found[each["id"]] = _Device(name_of(each), "router", path, gateway)
    for each in servers:
        found[each["id"]] = _Device(name_of(each), "server", f"/servers/{each['id']}")
    return found


def _plugged(
    ports: Iterable[Thing], devices: Mapping[str, _Device]
) -> dict[str, list[str]]:
    """The networks of each device, in order."""
    found: dict[str, list[str]] = {}
    for each in ports:
        device = each["device_id"]
        if device in devices:
            networks = found.setdefault(device, [])
            if each["network_id"] not in networks:
                networks.append(each["network_id"])
    return found


def _add_gateways(
    plugged: dict[str, list[str]], devices: Mapping[str, _Device]
) -> None:
    for key, device in devices.items():
        if device.gateway and device.gateway not in plugged.get(key, ()):
            plugged.setdefault(key, []).append(device.gateway)


def _used(plugged: Mapping[str, Sequence[str]]) -> set[str]:
    return {network for networks in plugged.values() for network in networks}


def _drawn(
    networks: Sequence[Thing],
    ranges: Mapping[str, Sequence[str]],
    devices: Mapping[str, _Device],
    plugged: Mapping[str, Sequence[str]],
) -> Picture:
    picture = Picture()
    levels = {each["id"]: level for level, each in enumerate(networks)}
    tops: list[int] = []
    y = 2
    waiting: list[list[str]] = [[] for _ in networks]
    for device, nets in plugged.items():
        known = [levels[each] for each in nets if each in levels]
        if known:
            waiting[min(known)].append(device)
    per_row = WIDTH // (BOX_WIDTH + GAP)
    spots: dict[str, tuple[int, int]] = {}
    column = 0
    rest: dict[str, _Device] = {}
    for level, network in enumerate(networks):
        tops.append(y)
        look = "outer" if network["router:external"] else "net"
        picture.boxes.append(
            Shape(
                x=1,
                y=y,
                width=WIDTH - 2,
                height=BAR_HEIGHT,
                label=shortened(name_of(network), BAR_CHARACTERS_MAX),
                minor=", ".join(ranges.get(network["id"], ())),
                look=look,
                href=f"/networks/{network['id']}",
            )
        )
        y += BAR_HEIGHT
        # Routers first: they are what wires networks together.
        standing = sorted(waiting[level], key=lambda it: devices[it].kind != "router")
        if len(standing) > STANDING_MAX:
            more = [devices[each] for each in standing[STANDING_MAX - 1 :]]
            rest[standing[STANDING_MAX - 1]] = _rest_of(more)
            standing = standing[:STANDING_MAX]
        rows = (len(standing) + per_row - 1) // per_row
        for place, device in enumerate(standing):
            if len(spots) >= BOXES_MAX:
                picture.left_out += 1
                continue
            # Columns go on from level to level: wires down do not meet boxes as often.
            x = GAP + ((place + column) % per_row) * (BOX_WIDTH + GAP)
            spots[device] = (x, y + (place // per_row) * ROW + 26)
        column += len(standing)
        y += max(rows, 0) * ROW or 18
    picture.height = y
    for device, (x, top) in spots.items():
        shown = rest.get(device, devices[device])
        _wire(picture, shown, plugged[device], levels, tops, x, top)
    return picture


def _rest_of(devices: Sequence[_Device]) -> _Device:
    """One box for all that find no room; the list of them is behind it."""
    kind = devices[-1].kind
    return _Device(f"and {len(devices)} more", f"{kind}s", f"/{kind}s")


def _wire(
    picture: Picture,
    device: _Device,
    nets: Sequence[str],
    levels: Mapping[str, int],
    tops: Sequence[int],
    x: int,
    top: int,
) -> None:
    known = sorted(levels[each] for each in nets if each in levels)
    middle = x + BOX_WIDTH // 2
    for place, level in enumerate(known):
        bar = tops[level] + BAR_HEIGHT
        if tops[level] < top and top - bar < ROW:
            picture.wires.append(Wire(middle, bar, top))
        elif tops[level] < top:
            # Beside the boxes that stand between, which it has nothing to do with.
            picture.wires.append(Wire(x - GAP // 2, bar, top + BOX_HEIGHT // 2, x))
        else:
            aside = middle + 12 * place
            picture.wires.append(Wire(aside, top + BOX_HEIGHT, tops[level]))
    label = shortened(device.name, LABEL_CHARACTERS_MAX)
    picture.boxes.append(
        Shape(
            x=x,
            y=top,
            width=BOX_WIDTH,
            height=BOX_HEIGHT,
            label=label,
            minor=device.kind,
            look="box",
            href=device.href,
        )
    )
