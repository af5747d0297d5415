"""``objectstore verify``: compares all replicas, and the listings with the objects."""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import click

from objectstore.cli.fragments import look_at_fragments, new_findings
from objectstore.cli.outside import Outside, answer, settings_option
from objectstore.cli.replica_sets import Placed, RingComparison
from objectstore.cli.show import as_json_option, bad, console, print_json, print_table
from objectstore.policy.erasure import fragment_space
from objectstore.proxy.known.databases import view_database
from objectstore.replication.crew import gather
from objectstore.wire.layouts import LAYOUT
from objectstore.wire.records import ListingQuery, ObjectState
from ring.device import Device
from ring.ring import Ring

LISTED_AT_ONCE = 10_000
# Looked up together, by so many calls at once.
BATCH_KEYS = 200
AT_ONCE = 16
PROBLEMS_SHOWN = 50

Container = tuple[str, str]


class Verification:
    """One run: objects by container as the replicas have them."""

    def __init__(self, outside: Outside, read_bodies: bool) -> None:
        self.results: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []
        self.objects = 0
        self.bytes = 0
        self._outside = outside
        self._read_bodies = read_bodies
        self._names: dict[Container, set[str]] = defaultdict(set)
        self._containers: set[Container] = set()

    def rings(self, sample: float | None, random: Random) -> None:
        """Compare the replicas of every ring's keys."""
        for name, ring in self._outside.named_rings().items():
            policy = int(name.partition("-")[2] or 0)
            comparison = RingComparison(self._outside, name, ring, policy)
            found = comparison.compare(_chosen(ring, sample, random))
            while batch := list(islice(found, BATCH_KEYS)):
                if name == "container":
                    calls = [partial(self._note_container, each) for each in batch]
                elif name == "account":
                    continue
                else:
                    note = partial(self._note_object, ring, policy)
                    calls = [partial(note, each) for each in batch]
                gather(calls, AT_ONCE)
            findings = asdict(comparison.findings)
            self.problems += findings.pop("problems")
            self.results[name] = findings

    def _note_container(self, placed: Placed) -> None:
        node = self._outside.node("container", placed.device)
        copy, _ = answer(lambda: node.copy_of(placed.key).wait())
        if copy is not None and copy.put_timestamp > copy.deleted_timestamp:
            self._containers.add((copy.account, copy.container))

    def _note_object(self, ring: Ring, policy: int, placed: Placed) -> None:
        node = self._outside.node("object", placed.device, policy)
        lookup, problem = answer(
            lambda: node.lookup(placed.key, want_body=False).wait()
        )
        if problem:
            self.problems.append(f"object {placed.key.hex()}: {problem}")
            return
        state: ObjectState | None = lookup.state
        if state is None or not state.exists:
            return
        self.objects += 1
        name = state.name
        self._names[name.account, name.container].add(name.object)
        if LAYOUT in state.system_metadata:
            self._verify_fragments(ring, policy, placed.key, state)
        elif self._read_bodies:
            for device in ring.primaries(ring.partition(placed.key)):
                self._read(device, policy, placed.key, state)

    def _read(
        self, device: Device, policy: int, key: bytes, state: ObjectState
    ) -> None:
        """Every byte of a replica against its ETag."""
        node = self._outside.node("object", device, policy)

        def read() -> str:
            digest = hashlib.md5(usedforsecurity=False)
            if state.size:
                body = node.read(key, state.timestamp, 0, state.size).wait()
                for piece in body:
                    digest.update(piece)
            return digest.hexdigest()

        found, problem = answer(read)
        self.bytes += state.size
        if problem or found != state.etag:
            where = f"{device.ip}:{device.port}/{device.device}"
            text = problem or "other bytes than its ETag says"
            self.problems.append(f"object {key.hex()} on {where}: {text}")

    def _verify_fragments(
        self, ring: Ring, policy: int, key: bytes, state: ObjectState
    ) -> None:
        devices = ring.primaries(ring.partition(key))
        nodes = [
            self._outside.node("object", device, fragment_space(policy))
            for device in devices
        ]
        found = self.results.setdefault(f"fragments-{policy}", new_findings())
        looked = look_at_fragments(nodes, key, state, self._read_bodies)
        self.bytes += looked.bytes_read
        found["keys"] += len(nodes)
        found["missing"] += looked.missing
        found["differing"] += len(looked.problems) - looked.missing
        found["complete"] += len(nodes) - len(looked.problems)
        for index, problem in looked.problems.items():
            device = devices[index]
            where = f"{device.ip}:{device.port}/{device.device}"
            self.problems.append(
                f"object {key.hex()}, fragment {index} on {where}: {problem}"
            )

    # ---- listings -----------------------------------------------------------------

    def listings(self, *, whole: bool) -> None:
        """Every object found is listed; when ``whole``, nothing else is."""
        listed = unlisted = ghosts = 0
        containers = self._containers | set(self._names) if whole else set(self._names)
        for container in sorted(containers):
            names = self._names.get(container, set())
            found, problem = answer(self._listed, container, None if whole else names)
            path = f"/{container[0]}/{container[1]}"
            if problem:
                self.problems.append(f"{path}: cannot be listed: {problem}")
                continue
            listed += len(names & found)
            for name in sorted(names - found):
                unlisted += 1
                self.problems.append(f"{path}/{name}: is there, but not listed")
            for name in sorted(found - names) if whole else ():
                ghosts += 1
                self.problems.append(f"{path}/{name}: is listed, but not there")
        self.results["listings"] = {
            "containers": len(containers),
            "listed": listed,
            "unlisted": unlisted,
            "ghosts": ghosts,
        }

    def _listed(self, container: Container, wanted: set[str] | None) -> set[str]:
        """All names of the listing, or those of ``wanted`` that it shows."""
        key, group = self._outside.placement.container(*container)
        view = view_database(self._outside.store.parts.rounds, group, key)
        if view.info is None:
            return set()
        if wanted is not None:
            return {
                name
                for name in wanted
                for row in view.page(ListingQuery(prefix=name, limit=1))
                if row.name == name
            }
        names: set[str] = set()
        marker = ""
        while True:
            page = view.page(ListingQuery(marker=marker, limit=LISTED_AT_ONCE))
            names.update(row.name for row in page)
            if len(page) < LISTED_AT_ONCE:
                return names
            marker = page[-1].name


@click.command()
@settings_option
@as_json_option
@click.option(
    "--sample",
    type=click.FloatRange(0, 100, min_open=True),
    help="Only so many per cent of the partitions, chosen at random.",
)
@click.option("--seed", type=int, default=0, help="Of the choice.")
@click.option("--bodies", is_flag=True, help="Read every byte of every replica.")
def verify(
    settings_file: Path,
    as_json: bool,
    sample: float | None,
    seed: int,
    bodies: bool,
) -> None:
    """Compare every replica of everything; exit code 1 when anything is not right.

    For a store that is at rest: what is written meanwhile may be reported.
    """
    run = Verification(Outside.load(settings_file), bodies)
    run.rings(sample, Random(seed))
    run.listings(whole=sample is None)
    if as_json:
        print_json(
            {
                "objects": run.objects,
                "bytes_read": run.bytes,
                "results": run.results,
                "problems": run.problems,
            }
        )
    else:
        _print(run)
    sys.exit(1 if run.problems else 0)


def _chosen(ring: Ring, sample: float | None, random: Random) -> list[int]:
    everything = range(ring.partition_count)
    if sample is None:
        return list(everything)
    number = max(1, round(ring.partition_count * sample / 100))
    return sorted(random.sample(everything, number))


def _print(run: Verification) -> None:
    columns = ("keys", "complete", "missing", "differing", "misplaced")
    rows = [
        (name, *(found[column] for column in columns))
        for name, found in run.results.items()
        if name != "listings"
    ]
    print_table("Replicas", ("ring", *columns), rows)
    listings = run.results["listings"]
    print_table("Listings", tuple(listings), [tuple(listings.values())])
    console.print(f"{run.objects} objects, {run.bytes} bytes read")
    for problem in run.problems[:PROBLEMS_SHOWN]:
        console.print(bad(problem))
    if len(run.problems) > PROBLEMS_SHOWN:
        console.print(f"... and {len(run.problems) - PROBLEMS_SHOWN} more")
    if not run.problems:
        console.print("everything is where it should be")
