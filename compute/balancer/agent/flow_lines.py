"""What ``conntrack -L`` prints of flows of UDP, as values.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FLOW = re.compile(r"^udp .*? dport=(\d+) .*?\bmark=(\d+)")


@dataclass(frozen=True, slots=True)
class Flow:
    """``port``: that was asked; ``mark``: whose it is, 0: nobody's."""

    port: int
    mark: int


def parse_flows(text: str) -> list[Flow]:
    """Lines that are not as expected are passed over."""
    found = map(_FLOW.match, text.splitlines())
    return [Flow(int(each[1]), int(each[2])) for each in found if each]
