"""The operators' short notation for devices: to find them, add them, change them.

A search value names any of these parts, in this order:

    d<id>r<region>z<zone>-<ip>:<port>R<replication ip>:<port>/<device name>_<meta>

`z1` is every device in zone 1, `10.0.0.5:6200/sdb1` one disk, `_shiny` every device
with "shiny" in its meta. IPv6 addresses stand in brackets. Adding uses the same
notation with all of zone, ip, port and name present; changing uses the part from the
address on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from ring.address import normalize_address
from ring.device import Device, check_device
from ring.errors import Refused

ADDRESS = r"(?P<{0}ip>\d[\d.]*|\[[^\]]*\])?(?::(?P<{0}port>\d+))?"
ENDING = r"(?:/(?P<device>[^_]*))?(?:_(?P<meta>.*))?"
REPLICATION = r"(?:R(?=[\d\[:])" + ADDRESS.format("replication_") + ")?"

SEARCH = re.compile(
    r"(?:d(?P<id>\d+))?(?:r(?P<region>\d+))?(?:z(?P<zone>\d+))?-?"
    + ADDRESS.format("")
    + REPLICATION
    + ENDING,
    re.DOTALL,
)
CHANGE = re.compile(ADDRESS.format("") + REPLICATION + ENDING, re.DOTALL)
# A new device may be on a named host, which runs up to the last colon.
NEW = re.compile(
    r"(?:r(?P<region>\d+))?z(?P<zone>\d+)-(?P<ip>\[[^\]]*\]|[^/]*?):(?P<port>\d+)"
    r"(?:R(?P<replication_ip>\[[^\]]*\]|[^/]*?):(?P<replication_port>\d+))?"
    r"/(?P<device>[^_]*)(?:_(?P<meta>.*))?",
    re.DOTALL,
)

NUMBERS = ("id", "region", "zone", "port", "replication_port")
ADDRESSES = ("ip", "replication_ip")

# Where a device is when its operator does not say; Swift's tools assume the same.
REGION_DEFAULT = 1


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a device must be to be found; None does not matter."""

    id: int | None = None
    region: int | None = None
    zone: int | None = None
    ip: str | None = None
    port: int | None = None
    replication_ip: str | None = None
    replication_port: int | None = None
    device: str | None = None
    weight: float | None = None
    meta: str | None = None

    @property
    def empty(self) -> bool:
        """Would this find every device?"""
        return all(getattr(self, part.name) is None for part in fields(self))

    def matches(self, device: Device) -> bool:
        """Meta is searched for the text, everything else must be equal."""
        for part in fields(self):
            wanted, actual = getattr(self, part.name), getattr(device, part.name)
            if wanted is None:
                continue
            if part.name in ADDRESSES:
                actual = _normal_or_as_is(actual)
            if wanted not in actual if part.name == "meta" else wanted != actual:
                return False
        return True

    def find(self, devices: Iterable[Device]) -> list[Device]:
        """The matching devices, in their order."""
        return [device for device in devices if self.matches(device)]


_EXAMPLES = {
    "search value": "z1, 10.0.0.5:6200, d3 (an id) or /sdb (a name)",
    "add value": "r1z2-10.0.0.5:6200/sdb",
    "change value": "10.0.0.5:6200/sdb",
}


def parse_search(text: str) -> Criteria:
    """Read a search value."""
    parts = _parts(SEARCH, text, "search value")
    criteria = Criteria(**parts)  # type: ignore[arg-type]
    if criteria.empty:
        # An empty value would match, and perhaps remove, every device.
        raise Refused("a search value needs at least one part")
    return criteria


def parse_new_device(text: str, weight: float) -> Device:
    """Read a device to add; the region is 1 and the id undecided when not given."""
    parts = {"region": REGION_DEFAULT, **_parts(NEW, text, "add value")}
    device = Device(id=-1, weight=weight, **parts)  # type: ignore[arg-type]
    check_device(device)
    return device


def names_region(text: str) -> bool:
    """Does an add value say which region it means?"""
    return text.startswith("r")


def parse_change(text: str) -> dict[str, str | int]:
    """Read the parts of a device that are to become different."""
    parts = _parts(CHANGE, text, "change value")
    if not parts:
        raise Refused("a change value needs at least one part")
    return parts


def apply_change(device: Device, change: Mapping[str, str | int]) -> Device:
    """The device with some of its parts replaced."""
    return replace(device, **change)  # type: ignore[arg-type]


def _parts(pattern: re.Pattern[str], text: str, what: str) -> dict[str, str | int]:
    match = pattern.fullmatch(text)
    if match is None:
        raise Refused(f"invalid {what} {text!r}: it is to look like {_EXAMPLES[what]}")
    parts: dict[str, str | int] = {}
    for name, value in match.groupdict().items():
        if value is None:
            continue
        if name in NUMBERS:
            parts[name] = int(value)
        elif name in ADDRESSES:
            parts[name] = normalize_address(value)
        else:
            parts[name] = value
    return parts


def _normal_or_as_is(address: str) -> str:
    """Rings of other programs may hold addresses that are not in canonical form."""
    try:
        return normalize_address(address)
    except Refused:
        return address
