"""How fast guests' ports and floating addresses may be, as text for tc: pure.

A device sends no faster than its classes let it (HTB, a queue for each).  What a guest
receives leaves by its tap; what it sends arrives there, where nothing can wait: so it
is sent through a device of its own (``ifb``), which it leaves again at its speed.
Floating addresses have a class each at both ends of the router's way out, where
packets bear them still, or already.

What is not named here goes as fast as it will.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from compute.network.agent.model import HOST, Link, LinkKind, Shaping
from compute.network.agent.names import (
    gateway_device,
    port_alias,
    router_device,
    router_namespace,
    speed_device,
)
from compute.network.port_names import tap_name
from compute.network.quality import Bandwidth
from compute.network.view import HostView, Port

# Kernels give handles from 0x8000 on to those that name none.
HANDLES = 0x7FFF
BITS_OF_KBIT = 1000
# A class may always send this at once: two packets of the usual size.
BURST_BYTES_MIN = 3200
# Where nothing is said, four fifths of a second, as operators of Neutron know it: with
# less, TCP does not come to the limit.
BURST_SECONDS = 0.8
# The kernel counts a burst by the time that it takes, in 32 bits of 64 nanoseconds:
# more than 274 seconds begin at nothing again, and nobody says so.
BURST_SECONDS_MAX = 240
SIZE_BYTES_MAX = 2**31 - 1
# What waits for its turn: a fifth of a second, and no less than two of the largest
# segments that a guest hands over at once.
QUEUE_SECONDS = 0.2
QUEUE_BYTES_MIN = 128 * 1024
QUEUE_BYTES_MAX = 32 * 1024 * 1024
# How much a class may send before the next: no more than that, whatever its speed.
QUANTUM_BYTES = 60_000
_REDIRECT = "u32 match u32 0 0 action mirred egress redirect dev"


@dataclass(frozen=True, slots=True)
class _Class:
    """``match``: of which packets, for tc's u32; "": all."""

    match: str
    bandwidth: Bandwidth


def speed_links(view: HostView) -> dict[str, Link]:
    """The devices through which guests' frames are sent that may not come as fast as
    they will."""
    networks = {network.id: network for network in view.networks}
    return {
        speed_device(port.id): Link(
            speed_device(port.id),
            LinkKind.SPEED,
            port_alias(port.id),
            networks[port.network_id].mtu,
        )
        for port in view.ports
        if port.is_guest and port.quality.egress.kbps and port.network_id in networks
    }


def shapings(view: HostView, namespaces: Iterable[str]) -> dict[str, Shaping]:
    """All of the host, by names of their own.  ``namespaces``: those that there are."""
    networks = {network.id for network in view.networks}
    trunks = {port.trunk_port_id for port in view.ports}
    found = [
        shaping
        for port in view.ports
        if port.is_guest and port.network_id in networks
        for shaping in _of_port(port, port.id in trunks)
    ]
    ports = {port.id: port for port in view.ports if port.network_id in networks}
    there = frozenset(namespaces)
    for router in view.routers:
        gateway = router.gateway
        if (
            router_namespace(router.id) in there
            and gateway
            and gateway.port_id in ports
        ):
            found += _of_router(view, router.id, gateway.port_id)
    return {shaping.name: shaping for shaping in found}


def _of_port(port: Port, is_trunk: bool) -> Iterator[Shaping]:
    """A trunk's own frames wait for each other, and not for those of its subports."""
    tap, quality = tap_name(port.id), port.quality
    if quality.ingress.kbps:
        classes = [_Class("", quality.ingress)]
        yield _leaving(tap, HOST, tap, classes, passes_tagged=is_trunk)
    if quality.egress.kbps:
        through = speed_device(port.id)
        yield _leaving(tap, HOST, through, [_Class("", quality.egress)])
        text = (
            f"qdisc add dev {tap} ingress\n"
            f"filter add dev {tap} parent ffff: protocol all prio 2 {_REDIRECT}"
            f" {through}\n"
        )
        yield Shaping(tap, HOST, tap, text, through=through)


def _of_router(view: HostView, router_id: str, port_id: str) -> Iterator[Shaping]:
    speeds = sorted(
        (each for each in view.floating_qualities if each.router_id == router_id),
        key=lambda each: each.address,
    )
    outer, namespace = router_device(port_id), router_namespace(router_id)
    ways = (
        (HOST, outer, [(each.address, each.quality.ingress) for each in speeds], "dst"),
        (
            namespace,
            gateway_device(port_id),
            [(each.address, each.quality.egress) for each in speeds],
            "src",
        ),
    )
    for where, device, limits, side in ways:
        classes = [
            _Class(f"ip {side} {address}/32", bandwidth)
            for address, bandwidth in limits
            if bandwidth.kbps
        ]
        if classes:
            yield _leaving(outer, where, device, classes)


def _leaving(
    concerns: str,
    namespace: str,
    device: str,
    classes: Sequence[_Class],
    *,
    passes_tagged: bool = False,
) -> Shaping:
    """What leaves by the device, class by class; tagged frames by none, if they are to
    pass all of them by."""
    numbers = dict(enumerate(classes, 1))
    asked = f"{classes!r}{' tagged' if passes_tagged else ''}"
    handle = zlib.crc32(asked.encode()) % HANDLES + 1
    lines = [
        f"qdisc add dev {device} root handle {handle:x}: htb default {_rest(classes)}"
    ]
    for number, each in numbers.items():
        lines += _class_lines(device, f"{handle:x}", number, each)
    if passes_tagged:
        lines.append(
            f"filter add dev {device} parent {handle:x}: protocol 802.1q prio 1"
            f" u32 match u32 0 0 flowid {handle:x}:0"
        )
    text = "".join(f"{line}\n" for line in lines)
    return Shaping(concerns, namespace, device, text, handle=handle)


def _rest(classes: Sequence[_Class]) -> int:
    """The class of what matches nothing; 0: none."""
    return next((place for place, each in enumerate(classes, 1) if not each.match), 0)


def _class_lines(device: str, handle: str, number: int, each: _Class) -> Iterator[str]:
    size, rate = sizes_of(each.bandwidth), f"{each.bandwidth.kbps}kbit"
    burst, queue = size["burst"], size["queue"]
    yield (
        f"class add dev {device} parent {handle}: classid {handle}:{number:x} htb"
        f" rate {rate} ceil {rate} burst {burst} cburst {burst}"
        f" quantum {QUANTUM_BYTES}"
    )
    yield f"qdisc add dev {device} parent {handle}:{number:x} bfifo limit {queue}"
    if each.match:
        yield (
            f"filter add dev {device} parent {handle}: protocol ip prio 1 u32"
            f" match {each.match} flowid {handle}:{number:x}"
        )


def sizes_of(bandwidth: Bandwidth) -> Mapping[str, int]:
    """Bytes: ``burst``, what may be sent at once, and ``queue``, what may wait."""
    rate = bandwidth.kbps * BITS_OF_KBIT // 8
    asked = bandwidth.burst_kbit * BITS_OF_KBIT // 8 or int(rate * BURST_SECONDS)
    most = min(rate * BURST_SECONDS_MAX, SIZE_BYTES_MAX)
    return {
        "burst": min(max(asked, BURST_BYTES_MIN), most),
        "queue": min(max(int(rate * QUEUE_SECONDS), QUEUE_BYTES_MIN), QUEUE_BYTES_MAX),
    }
