"""Which ports a forwarding is about: pure.

The API says a single port (``external_port``) or a range (``external_port_range``:
"8000:8010"); a range leads to as many ports inside, or all of it to a single one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from compute.core.errors import BadRequest

PORT_MAX = 65_535
# Each is an entry in the router's map.
PORTS_MAX = 1000  # of one floating IP, in all
_RANGE = re.compile("([0-9]{1,5}):([0-9]{1,5})")


class Ports(NamedTuple):
    """From the first to the last, both of them too."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many."""
        return self.last - self.first + 1

    def meets(self, other: Ports) -> bool:
        """Whether any port is in both."""
        return self.first <= other.last and other.first <= self.last


def ports_of(body: Mapping[str, Any], name: str) -> Ports | None:
    """What a body says of ``external_port`` or ``internal_port``; None: nothing.
    ``BadRequest`` for nonsense, and for two things at once."""
    single, text = body.get(name), body.get(f"{name}_range")
    if single is not None and text is not None:
        raise BadRequest(f"{name} and {name}_range cannot both be given")
    if single is not None:
        return Ports(single, single)
    if text is None:
        return None
    found = _RANGE.fullmatch(text)
    if found is None:
        raise BadRequest(f"Invalid input for {name}_range: it must be like 8000:8010")
    ports = Ports(int(found[1]), int(found[2]))
    if not 1 <= ports.first <= ports.last <= PORT_MAX:
        raise BadRequest(
            f"Invalid input for {name}_range: two ports from 1 to {PORT_MAX}, the lower"
            " one first"
        )
    return ports


def check_fit(outer: Ports, inner: Ports) -> None:
    """Whether each outer port has an inner one."""
    if inner.size not in (1, outer.size):
        raise BadRequest(
            "internal_port_range: it must have as many ports as external_port_range,"
            " or a single one"
        )


def check_total(outer: Iterable[Ports]) -> None:
    """Whether all ports of a floating IP are not too many."""
    if sum(ports.size for ports in outer) > PORTS_MAX:
        raise BadRequest(
            f"external_port_range: a floating IP forwards {PORTS_MAX} ports at most"
        )


def shown(ports: Ports, name: str) -> dict[str, Any]:
    """As the API writes them: a range of several is no single port."""
    return {
        name: ports.first if ports.size == 1 else None,
        f"{name}_range": f"{ports.first}:{ports.last}",
    }
