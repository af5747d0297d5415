"""The survey: what every host should have, and what it has, read at one time."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from platform import machine
from typing import Any

from compute.deploy.certificates import Papers
from compute.deploy.checks import Machine, Remark, judge
from compute.deploy.fleet import Fleet
from compute.deploy.identity_providers import HandedOut, handed_out
from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, Part, Secrets
from compute.deploy.plan import Change, interruption, plan, query
from compute.deploy.rings import RingRefused, first_ring, next_step, ring_names
from compute.deploy.shared_keys import GrownApart, Held, copies
from compute.deploy.site import Site
from compute.deploy.wish import HostWishes, wish_for
from ring.errors import Refused
from ring.file import load_builder
from ring.ring_format import encode_ring

# Of a release that was not built yet: ``plan`` shows it.
NO_RELEASE = "unbuilt"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A host that answers."""

    wishes: HostWishes
    found: Mapping[str, Any]
    clock_off: float


@dataclass(frozen=True, slots=True)
class Survey:
    """Every host: surveyed, or why not."""

    hosts: Mapping[Host, Surveyed]
    away: Mapping[Host, str]
    secrets: Secrets
    papers: Papers | None
    providers: HandedOut | None
    # Rings whose builders the site has, and their versions.
    drawn: Mapping[str, int]

    def plans(self, inventory: Inventory) -> dict[Host, list[Change]]:
        """What is to be done on each."""
        # A database's URL has its password.
        database = inventory.cloud.database
        hidden = (*self.secrets.values(), *([database] if database else []))
        hidden += self.providers.hidden() if self.providers is not None else ()
        plans = {
            host: plan(each.wishes, each.found, hidden)
            for host, each in self.hosts.items()
        }
        with suppress(GrownApart):  # an obstacle says so
            for copy in copies(self.keys()):
                line = f"+as on {copy.source.name}"
                plans[copy.target].append(Change("keys", copy.place, {}, (line,)))
        return plans

    def interruptions(self) -> dict[Host, str]:
        """Whose services cannot run beside those that are wished, and why."""
        return {
            host: why
            for host, each in self.hosts.items()
            if (why := interruption(each.wishes, each.found))
        }

    def keys(self) -> dict[Host, Held]:
        """What each control host has of what they share, as digests."""
        return {
            host: each.found["keys"]
            for host, each in self.hosts.items()
            if host.plays(Part.CONTROL)
        }

    def remarks(self, inventory: Inventory) -> dict[Host, list[Remark]]:
        """What is to be said about each."""
        here = Machine(sys.version_info[:2], machine())
        mount_check = inventory.store.mount_check
        remarks = {
            host: judge(
                each.wishes, each.found, here, each.clock_off, mount_check, self.drawn
            )
            for host, each in self.hosts.items()
        }
        keys = self.keys()
        try:
            copies(keys)
        except GrownApart as error:
            for host in keys:
                remarks[host].append(Remark(True, str(error)))
        return remarks


def survey(fleet: Fleet, inventory: Inventory, site: Site) -> Survey:
    """Ask all hosts.  Raises ``AlreadySet`` for a wrong inventory."""
    secrets = site.secrets(inventory)
    papers = site.papers(inventory)
    providers = handed_out(inventory.cloud.federation)
    rings = ring_files(inventory, site)
    release = site.release or NO_RELEASE
    wishes = {
        host: wish_for(inventory, host, secrets, rings, release, papers, providers)
        for host in inventory.hosts
    }

    kept = tuple(site.history[-inventory.cloud.releases :])
    wishes = {host: replace(wish, releases_kept=kept) for host, wish in wishes.items()}

    def look(host: Host) -> Surveyed:
        found = fleet.ask(host, query(wishes[host]))
        # By now it answers at once: it looked in the middle.
        asked = time.time()
        clock = fleet.ask(host, {"verb": "clock"})
        return Surveyed(wishes[host], found, clock - (asked + time.time()) / 2)

    found, refused = fleet.each(inventory.hosts, look)
    drawn = drawn_rings(inventory, site)
    return Survey(found, refused, secrets, papers, providers, drawn)


def planned_rings(
    inventory: Inventory, site: Site, now: int
) -> dict[str, tuple[str, ...]]:
    """What ``apply`` would do to rings, and why not; of those that stay: nothing."""
    planned: dict[str, tuple[str, ...]] = {}
    for name in ring_names(inventory):
        lines: tuple[str, ...] = ("is to be drawn",)
        if site.builder(name).exists():
            try:
                before = load_builder(site.builder(name))
                step = next_step(before, inventory, now, ring=name)
            except (RingRefused, Refused) as refused:
                lines = (f"refused: {refused}",)
            else:
                lines = (*step.done, *(f"left: {each}" for each in step.left))
        planned |= {name: lines} if lines else {}
    return planned


def drawn_rings(inventory: Inventory, site: Site) -> dict[str, int]:
    """The rings whose builders the site has, and their versions."""
    return {
        name: load_builder(site.builder(name)).version
        for name in ring_names(inventory)
        if site.builder(name).exists()
    }


def ring_files(inventory: Inventory, site: Site) -> dict[str, bytes]:
    """The files of all rings, by name; of rings not drawn yet, as they would be."""
    files = {}
    for name in ring_names(inventory):
        if site.builder(name).exists():
            ring = load_builder(site.builder(name)).ring()
        else:
            ring = first_ring(inventory, name).ring()
        files[f"{name}.ring.gz"] = encode_ring(ring, 1, 0)
    return files
