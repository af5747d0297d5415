"""How many packets guests' ports and floating addresses pass, as text for nft: pure.

A limit is one object, whichever chain a packet meets it in.  What is beyond it is
dropped: of what a guest sends before anything else is asked, of what it would receive
after its security groups, so that what these keep away does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compute.network.agent.names import GATEWAY_PREFIX
from compute.network.port_names import tap_name
from compute.network.quality import PacketRate
from compute.network.view import FloatingQuality, Port

THOUSAND = 1000
# As of bandwidth: four fifths of a second's, where nothing is said.
BURST_SHARE = 0.8


def port_paces(ports: Sequence[Port]) -> Iterator[str]:
    """Lines of the table of the bridge family."""
    guests = sorted((port for port in ports if port.is_guest), key=lambda one: one.id)
    sent = {
        tap_name(port.id): port.quality.egress_packets
        for port in guests
        if port.quality.egress_packets.kpps
    }
    received = {
        tap_name(port.id): port.quality.ingress_packets
        for port in guests
        if port.quality.ingress_packets.kpps
    }
    for prefix, rates in (("sent", sent), ("received", received)):
        for tap, rate in rates.items():
            yield _limit(f"{prefix}_{tap}", rate)
    yield from _chain(
        "pace", "prerouting", -305, [_beyond("iifname", tap, "sent") for tap in sent]
    )
    heard = [_beyond("oifname", tap, "received") for tap in received]
    yield from _chain("pace_out", "forward", 12, heard)
    yield from _chain("pace_host", "output", 12, heard)


def outer_paces(speeds: Sequence[FloatingQuality]) -> str:
    """Of a router's table: by its addresses outside, as packets bear them there."""
    limits: list[str] = []
    inward: list[str] = []
    outward: list[str] = []
    for each in sorted(speeds, key=lambda one: one.address):
        name = each.address.replace(".", "_")
        for rate, prefix, side, rules, way in (
            (each.quality.ingress_packets, "in", "daddr", inward, "iifname"),
            (each.quality.egress_packets, "out", "saddr", outward, "oifname"),
        ):
            if rate.kpps:
                limits.append(_limit(f"{prefix}_{name}", rate))
                rules.append(
                    f'{way} "{GATEWAY_PREFIX}*" ip {side} {each.address}'
                    f' limit name "{prefix}_{name}" drop'
                )
    lines = [
        *limits,
        *_chain("pace_in", "prerouting", -305, inward),
        # After addresses are translated.
        *_chain("pace_out", "postrouting", 200, outward),
    ]
    return "".join(f"{line}\n" for line in lines)


def _limit(name: str, rate: PacketRate) -> str:
    burst = rate.burst_kilopackets * THOUSAND or int(rate.kpps * THOUSAND * BURST_SHARE)
    words = f"rate over {rate.kpps * THOUSAND}/second burst {burst} packets"
    return f"  limit {name} {{\n    {words}\n  }}"


def _beyond(side: str, tap: str, prefix: str) -> str:
    return f'{side} "{tap}" limit name "{prefix}_{tap}" drop'


def _chain(name: str, hook: str, priority: int, rules: Sequence[str]) -> Iterator[str]:
    if rules:
        yield f"  chain {name} {{"
        yield f"    type filter hook {hook} priority {priority}; policy accept;"
        yield from (f"    {rule}" for rule in rules)
        yield "  }"
