"""``objectstore dispersion``: are all replicas where the ring wants them?

``populate`` puts one small object, and one container, into each of a share of the
partitions; ``report`` asks every primary whether it has them.  What is missing in
this sample is missing, in this share, of everything.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import click

from objectstore.cli.mistakes import CannotSay
from objectstore.cli.outside import Outside, answer, settings_option
from objectstore.cli.show import (
    as_json_option,
    bad,
    console,
    counted,
    print_json,
    print_table,
)
from objectstore.kernel.errors import RingstackError
from objectstore.proxy.objects.row_step import record_row
from objectstore.wire.records import (
    ContainerName,
    ContainerRow,
    ObjectName,
    ObjectState,
)
from objectstore.wire.rows import row_of
from ring.device import Device
from ring.ring import Ring

ACCOUNT = ".dispersion"
# Swift's operators know one per cent.
COVERAGE_PERCENT = 1.0
# A partition that no name of so many falls into is left out.
TRIES_PER_PARTITION = 200
NOT_THERE = "not there"
NOWHERE = (
    "every primary answers, and none has anything of the sample: it was never made"
    " ('objectstore dispersion populate' does so, once), or all of it is lost"
)

coverage_option = click.option(
    "--coverage",
    type=click.FloatRange(0, 100, min_open=True),
    default=COVERAGE_PERCENT,
    show_default=True,
    help="Per cent of the partitions.",
)


@click.group()
def dispersion() -> None:
    """Check the placement of a sample that covers the ring evenly."""


@dispersion.command(short_help="Put the sample into the store.")
@settings_option
@coverage_option
def populate(settings_file: Path, coverage: float) -> None:
    """Put the sample into the store; what is there already is written again."""
    outside = Outside.load(settings_file)
    parts = outside.store.parts
    at = parts.timestamps.now()
    key, group = outside.placement.account(ACCOUNT)
    try:
        parts.rounds.write(group, lambda node: node.create(key, ACCOUNT, at, {}))
        names = list(container_sample(outside, coverage))
        for name in counted(names, "containers"):
            _put_container(outside, name, 0)
        console.print(f"{len(names)} containers")
        for policy in outside.settings.policies:
            box = _box(policy.index)
            _put_container(outside, box, policy.index)
            objects = list(object_sample(outside, coverage, policy.index))
            for name in counted(objects, policy.name):
                _put_object(outside, box, name, policy.index)
            console.print(f"{len(objects)} objects of {policy.name}")
    except RingstackError as error:
        raise CannotSay(str(error)) from error


@dispersion.command(short_help="Ask every primary of the sample.")
@settings_option
@coverage_option
@as_json_option
def report(settings_file: Path, coverage: float, as_json: bool) -> None:
    """Ask every primary of the sample; exit code 1 when a replica is missing, or when
    the sample was never made."""
    outside = Outside.load(settings_file)
    rings = outside.rings
    found = {
        "containers": _count(
            outside,
            "container",
            rings.container,
            0,
            [
                outside.placement.container(ACCOUNT, name)[0]
                for name in container_sample(outside, coverage)
            ],
        )
    }
    for policy in outside.settings.policies:
        box = _box(policy.index)
        keys = [
            outside.placement.object(ACCOUNT, box, name, policy.index)[0]
            for name in object_sample(outside, coverage, policy.index)
        ]
        ring = rings.objects[policy.index]
        title = f"objects of {policy.name}"
        found[title] = _count(outside, "object", ring, policy.index, keys)
    if all(map(_is_nowhere, found.values())):
        raise click.ClickException(NOWHERE)
    _show(found, as_json)
    sys.exit(1 if any(each["missing"] for each in found.values()) else 0)


# ---- the sample ------------------------------------------------------------------


def container_sample(outside: Outside, coverage: float) -> Iterator[str]:
    """Names of containers, each in another partition."""
    return sample(
        outside.rings.container,
        coverage,
        lambda name: outside.placement.container(ACCOUNT, name)[0],
    )


def object_sample(outside: Outside, coverage: float, policy: int) -> Iterator[str]:
    """Names of objects, each in another partition."""
    box = _box(policy)
    return sample(
        outside.rings.objects[policy],
        coverage,
        lambda name: outside.placement.object(ACCOUNT, box, name, policy)[0],
    )


def sample(
    ring: Ring, coverage: float, key_of: Callable[[str], bytes]
) -> Iterator[str]:
    """The same names each time, for the same ring and coverage."""
    wanted = max(1, round(ring.partition_count * coverage / 100))
    covered: set[int] = set()
    for number in islice(count(), wanted * TRIES_PER_PARTITION):
        name = f"dispersion-{number}"
        partition = ring.partition(key_of(name))
        if partition in covered:
            continue
        covered.add(partition)
        yield name
        if len(covered) == wanted:
            return


def _box(policy: int) -> str:
    return f"objects-{policy}"


def _put_container(outside: Outside, name: str, policy: int) -> None:
    parts = outside.store.parts
    at = parts.timestamps.now()
    key, group = outside.placement.container(ACCOUNT, name)
    title = ContainerName(ACCOUNT, name)
    parts.rounds.write(group, lambda node: node.create(key, title, at, {}, policy))
    account_key, accounts = outside.placement.account(ACCOUNT)
    row = ContainerRow(name, at, 0, 0, 0, 0, policy)
    parts.rounds.write(
        accounts, lambda node: node.merge(account_key, ACCOUNT, [row]), handoffs=False
    )


def _put_object(outside: Outside, box: str, name: str, policy: int) -> None:
    parts = outside.store.parts
    key, group = outside.placement.object(ACCOUNT, box, name, policy)
    body = name.encode()
    at = parts.timestamps.now()
    state = ObjectState(
        ObjectName(ACCOUNT, box, name, policy),
        at,
        len(body),
        hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "text/plain",
        at,
        metadata_timestamp=at,
    )
    written = parts.rounds.write(group, lambda node: node.put(key, state, body))
    known = parts.facts.known_container(ACCOUNT, box)
    if known is not None:
        record_row(parts, known, row_of(state), key, written)


# ---- the report ------------------------------------------------------------------


def _count(
    outside: Outside, kind: str, ring: Ring, policy: int, keys: list[bytes]
) -> dict[str, Any]:
    missing_copies: Counter[int] = Counter()  # partitions by how many they lack
    where: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    wanted = 0
    for key in counted(keys, kind):
        primaries = ring.primaries(ring.partition(key))
        wanted += len(primaries)
        lacking = 0
        for device in primaries:
            has_it, problem = answer(_has, outside, kind, device, policy, key)
            if not has_it:
                lacking += 1
                name = f"{device.ip}:{device.port}/{device.device}"
                where[name] += 1
                problems[f"{name}: {problem or NOT_THERE}"] += 1
        missing_copies[lacking] += 1
    missing = sum(lacking * number for lacking, number in missing_copies.items())
    return {
        "partitions": len(keys),
        "copies_wanted": wanted,
        "copies_found": wanted - missing,
        "missing": missing,
        "percent": 100.0 * (wanted - missing) / wanted if wanted else 100.0,
        "partitions_missing": {
            str(lacking): number for lacking, number in sorted(missing_copies.items())
        },
        "missing_on": dict(where.most_common()),
        "problems": dict(problems.most_common()),
    }


def _is_nowhere(counted: dict[str, Any]) -> bool:
    said = counted["problems"]
    return not counted["copies_found"] and all(
        each.endswith(f": {NOT_THERE}") for each in said
    )


def _has(outside: Outside, kind: str, device: Device, policy: int, key: bytes) -> bool:
    node = outside.node(kind, device, policy)
    if kind == "container":
        info = node.info(key).wait()
        return info is not None and info.exists
    state = node.lookup(key, want_body=False).wait().state
    return state is not None and state.exists


def _show(found: dict[str, dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        (
            name,
            each["partitions"],
            f"{each['copies_found']}/{each['copies_wanted']}",
            f"{each['percent']:.2f} %",
            ", ".join(
                f"{number} lack {lacking}"
                for lacking, number in each["partitions_missing"].items()
                if lacking != "0"
            ),
        )
        for name, each in found.items()
    ]
    print_table("", ("sample", "partitions", "copies", "found", "partitions"), rows)
    for each in found.values():
        for problem, number in each["problems"].items():
            console.print(bad(f"{problem} ({number})"))
