"""What routers count, as text for nft, and what they have counted: pure.

Counters stand in a table of their own, which is never taken away while its router is
here: neither new rules nor a new agent make them begin at nothing.  Packets are
counted as the inner networks know them: before a sender's address is hidden, after a
floating address was replaced; what the router drops is not counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from compute.network.agent.names import GATEWAY_PREFIX
from compute.network.view import Direction
from compute.network.view_meters import Meter, MeterRule

# No name that begins as those of tables do which replace each other.
TABLE = "rs_meters"
# After the chain that drops what may not pass.
PRIORITY = 10


class Count(NamedTuple):
    """What has passed."""

    packets: int
    octets: int


def meter_text(meters: Sequence[Meter]) -> str:
    """More of a router's ruleset.  Counters of labels that are gone stay, unused,
    until the router or its last label goes."""
    if not meters:
        return f"add table inet {TABLE}\ndelete table inet {TABLE}\n"
    hook = f"type filter hook forward priority {PRIORITY}; policy accept;"
    lines = [
        f"add table inet {TABLE}",
        f"add chain inet {TABLE} counted {{ {hook} }}",
        f"flush chain inet {TABLE} counted",
    ]
    for meter in meters:
        lines += [
            f"add chain inet {TABLE} {_chain(meter)}",
            f"flush chain inet {TABLE} {_chain(meter)}",
        ]
    lines.append(f"table inet {TABLE} {{")
    for meter in meters:
        lines += [
            f"  counter {counter_name(meter.label_id)} {{",
            "  }",
            f"  chain {_chain(meter)} {{",
            *(f"    {rule}" for rule in _rules(meter)),
            "  }",
        ]
    lines += [
        "  chain counted {",
        *(f"    jump {_chain(meter)}" for meter in meters),
        "  }",
        "}",
    ]
    return "".join(f"{line}\n" for line in lines)


def counter_name(label_id: str) -> str:
    """The name of a label's counter."""
    return f"bytes_{label_id}"


def counts_of(listing: str) -> Mapping[str, Count]:
    """By counter, what ``nft -j list counters`` tells."""
    document: dict[str, list[dict[str, Any]]] = json.loads(listing)
    found = (each["counter"] for each in document["nftables"] if "counter" in each)
    return {each["name"]: Count(each["packets"], each["bytes"]) for each in found}


def _chain(meter: Meter) -> str:
    return f"label_{meter.label_id}"


def _rules(meter: Meter) -> Iterator[str]:
    """What is left out first; then no packet is counted twice."""
    for rule in sorted(meter.rules, key=lambda rule: not rule.excluded):
        count = (
            "" if rule.excluded else f'counter name "{counter_name(meter.label_id)}" '
        )
        yield f"{_packets(rule)} {count}return"


def _packets(rule: MeterRule) -> str:
    way = "iifname" if rule.direction is Direction.INGRESS else "oifname"
    words = [f'{way} "{GATEWAY_PREFIX}*"']
    for side, prefix in (("saddr", rule.source), ("daddr", rule.destination)):
        if prefix:
            family = "ip6" if ":" in prefix else "ip"
            words.append(f"{family} {side} {prefix}")
    return " ".join(words)
