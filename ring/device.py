"""One place that keeps bytes: a disk, behind a server, in a zone, in a region.

A *tier* is a failure domain written as a tuple, from wide to narrow: `(region,)`,
`(region, zone)`, `(region, zone, ip)`, `(region, zone, ip, device id)`. The empty tuple
is the whole cluster. The server tier is the machine's address without the port, because
processes on two ports of one machine fail together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ring.errors import Refused

Tier = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the ring knows it; `id` never changes while the device is in use.

    The replication address may be left out: it is then the client address, filled in
    here so that a device read back from a file equals the one that was written.
    """

    id: int
    region: int
    zone: int
    ip: str
    port: int
    device: str
    weight: float
    meta: str = ""
    replication_ip: str | None = None
    replication_port: int | None = None

    def __post_init__(self) -> None:
        # A whole number given as weight would make an equal device look different.
        object.__setattr__(self, "weight", float(self.weight))
        if self.replication_ip is None:
            object.__setattr__(self, "replication_ip", self.ip)
        if self.replication_port is None:
            object.__setattr__(self, "replication_port", self.port)

    @property
    def replication_address(self) -> tuple[str, int]:
        """Where other nodes reach this device for background work."""
        return self.replication_ip or self.ip, self.replication_port or self.port

    @property
    def tiers(self) -> tuple[Tier, Tier, Tier, Tier]:
        """The failure domains this device is in, widest first, itself last."""
        region, zone, ip = self.region, self.zone, self.ip
        return (
            (region,),
            (region, zone),
            (region, zone, ip),
            (region, zone, ip, self.id),
        )

    def __str__(self) -> str:
        """The operators' notation, which `ring.search` reads back."""
        replication_ip, replication_port = self.replication_address
        return (
            f"d{self.id}r{self.region}z{self.zone}"
            f"-{bracketed(self.ip)}:{self.port}"
            f"R{bracketed(replication_ip)}:{replication_port}"
            f'/{self.device}_"{self.meta}"'
        )


def check_device(device: Device) -> None:
    """Refuse a device that could not work, whatever the ring looks like."""
    if not (math.isfinite(device.weight) and device.weight >= 0):
        raise Refused(f"weight must be 0 or more, not {device.weight}")
    if device.region < 0 or device.zone < 0:
        raise Refused("region and zone must be 0 or more")
    _, replication_port = device.replication_address
    for port in (device.port, replication_port):
        if not 0 < port <= 0xFFFF:
            raise Refused(f"port must be 1 to 65535, not {port}")
    name = device.device
    # The name becomes a directory below the servers' devices root.
    if (
        not name
        or name != name.strip()
        or name in (".", "..")
        or set(name) & set("/\0")
    ):
        raise Refused(f"device name {name!r} cannot be a directory's name")


def bracketed(ip: str) -> str:
    """Put an IPv6 address in brackets, so that its colons do not look like a port."""
    return f"[{ip}]" if ":" in ip else ip
