"""Guests, disks and pieces of images on this host that belong to no server."""

from __future__ import annotations

from collections.abc import Iterator

from compute.agent.leftovers import Leftover, Leftovers
from compute.app.doctor.finding import Finding
from compute.app.hosts import Hosts


def stray_guests(hosts: Hosts) -> Iterator[Finding]:
    """What lies on each host; opens and closes the hypervisor."""
    for host, leftovers in hosts.leftovers.items():
        hypervisor = hosts.kits[host].hypervisor
        hypervisor.open()
        try:
            found = leftovers.find()
        finally:
            hypervisor.close()
        for each in found:
            yield Finding(
                each.kind.value,
                each.name,
                f"{each.detail} on {host}".strip(),
                _Removal(hosts, host, leftovers, each),
            )


class _Removal:
    """Takes one thing away, if it is still nobody's."""

    def __init__(
        self, hosts: Hosts, host: str, leftovers: Leftovers, leftover: Leftover
    ) -> None:
        self._hypervisor = hosts.kits[host].hypervisor
        self._leftovers = leftovers
        self._leftover = leftover

    def __call__(self) -> None:
        self._hypervisor.open()
        try:
            self._leftovers.remove(self._leftover)
        finally:
            self._hypervisor.close()
