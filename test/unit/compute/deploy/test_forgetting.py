"""Hosts are forgotten when they are lost, and when nothing is lost with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compute.deploy.fleet import Fleet
from compute.deploy.forgetting import orphans, why_not_forgotten
from compute.deploy.inventory import Inventory
from compute.deploy.model import Host
from compute.deploy.rings import first_ring, next_step
from compute.deploy.site import Site
from ring.builder import Builder
from ring.file import save_builder
from test.unit.compute.deploy.inventories import Sections, inventory
from test.unit.compute.deploy.test_rings import HOUR, NEW
from test.unit.compute.deploy.test_rolling import recon

TWO_COPIES: Sections = {"store": {"replicas": "2"}, **NEW}


def site_with(directory: Path, builder: Builder) -> Site:
    site = Site(directory)
    save_builder(builder, site.builder("object"))
    return site


def without(found: Inventory, *names: str) -> Inventory:
    hosts = tuple(host for host in found.hosts if host.name not in names)
    return replace(found, hosts=hosts)


class Asked(Fleet):
    """Hosts that say how long ago rings came, and rounds were; the lost are silent."""

    def __init__(self, site: Site, found: Inventory) -> None:
        super().__init__()
        self.connections = dict.fromkeys(found.hosts)  # type: ignore[assignment]
        self.brought_seconds = 1000.0
        self.uptime_seconds = 5000.0
        self.round_seconds = 100.0
        self._found, self._site = found, site

    def ask(self, host: Host, request: Any) -> Any:
        if request["verb"] == "healthy":
            return "refused"
        if request["verb"] == "rings":
            builders = self._site.builders(self._found)
            versions = {name: each.version for name, each in builders.items()}
            return {"brought_seconds": self.brought_seconds, "versions": versions}
        told = {"copies_owed": 7, "age_seconds": self.round_seconds}
        said = recon(room={"replication": told}, uptime_seconds=self.uptime_seconds)
        pages = dict.fromkeys(["10.0.0.3:6200", "10.0.0.4:6200"])
        pages = dict.fromkeys(pages, said["servers"]["10.0.0.1:6200"])
        return {"servers": {"10.0.0.2:6200": {"problem": "refused"}, **pages}}


def test_the_second_lost_host_had_what_the_first_ones_heir_has_not_got_yet(
    tmp_path: Path,
) -> None:
    """Two copies: alpha's go to others, and until they have come, the other copy is the
    only one, whatever the ring says."""
    whole = inventory(TWO_COPIES)
    before = first_ring(whole)
    site = site_with(tmp_path, before)
    site.keep_arrived({"object": before})
    after = next_step(before, without(whole, "alpha"), HOUR, forget=["alpha"]).builder
    save_builder(after, site.builder("object"))
    assert orphans(after, ["beta"]) == 0  # the ring alone would not say so
    left = without(whole, "alpha", "beta")
    fleet = Asked(site, left)

    def why() -> str:
        return why_not_forgotten(fleet, left, site, ["beta"])

    fleet.round_seconds = 2000.0  # the last clean one was before rings came
    assert "without any other copy would be lost" in why()
    shared = orphans(before, ["alpha", "beta"])
    assert f"{shared} of object" in why()
    assert not why_not_forgotten(fleet, left, site, ["beta"], accepts_loss=True)

    # A round was clean since then, though beta has been lost afterwards, and what it
    # misses is owed to it.
    fleet.round_seconds = 100.0
    assert why() == ""
    assert site.arrived_builders(left) == {}


def test_rings_of_the_earliest_loss_are_those_that_count(tmp_path: Path) -> None:
    site, found = Site(tmp_path), inventory()
    first = first_ring(found)
    site.keep_arrived({"object": first})
    later = next_step(first, inventory(without="host:beta"), HOUR, ["beta"]).builder
    site.keep_arrived({"object": later})
    assert site.arrived_builders(found)["object"].version == first.version
    site.all_has_arrived()
    assert site.arrived_builders(found) == {}


def test_what_only_lost_hosts_held_is_counted() -> None:
    builder = first_ring(inventory())
    assert orphans(builder, ["alpha", "beta"]) == 0
    assert orphans(builder, ["alpha", "beta", "gamma"]) == 64


def test_the_last_copies_are_not_given_up_unless_told_so(tmp_path: Path) -> None:
    found = inventory({"host:delta": NEW["host:delta"]})
    site = site_with(tmp_path, first_ring(inventory({"store": {"replicas": "1"}})))
    hosts = tuple(host for host in found.hosts if host.name != "alpha")
    found = replace(found, hosts=hosts)
    said = why_not_forgotten(Fleet(), found, site, ["alpha"])
    assert "without any other copy would be lost" in said
    assert "of object" in said
    assert not why_not_forgotten(Fleet(), found, site, ["alpha"], accepts_loss=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [("gamma", "take it out"), ("alhpa", "no ring has a device"), ("alpha", "")],
)
def test_who_is_forgotten_is_known_and_not_wished(
    name: str, words: str, tmp_path: Path
) -> None:
    found = inventory(without="host:alpha")
    site = site_with(tmp_path, first_ring(inventory()))
    assert words in (said := why_not_forgotten(Fleet(), found, site, [name]))
    assert bool(words) == bool(said)
