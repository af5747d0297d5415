"""Operations on what answers guests: DHCP and names, metadata."""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.agent.model import Dnsmasq, Listener


@dataclass(frozen=True, slots=True)
class StartDnsmasq:
    """Write the files and start a dnsmasq in its namespace."""

    concerns: str
    dnsmasq: Dnsmasq


@dataclass(frozen=True, slots=True)
class ReloadDnsmasq:
    """Write the files of ports and let the running dnsmasq read them."""

    concerns: str
    dnsmasq: Dnsmasq
    process: int


@dataclass(frozen=True, slots=True)
class StopProcess:
    """End a process of ours."""

    concerns: str
    process: int


@dataclass(frozen=True, slots=True)
class RemoveFiles:
    """Remove the directory of a dnsmasq that is no more."""

    concerns: str


@dataclass(frozen=True, slots=True)
class OpenListener:
    """Serve metadata in a namespace; one that is open there is replaced."""

    concerns: str
    listener: Listener


@dataclass(frozen=True, slots=True)
class CloseListener:
    """Serve no metadata in a namespace any more."""

    concerns: str
