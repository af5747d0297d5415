"""Everything that a cluster holds, whoever wrote it: are the replicas level, are
listings exactly the objects?

The all-seeing eye of runs whose clients make objects that they never name: versions,
parts, records of locks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson

from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectName, ObjectState
from test.sim.cluster import Cluster
from test.sim.machine import Machine, Process

PAGE = 1000
Held = dict[bytes, dict[str, ObjectState]]


def held_by_all(cluster: Cluster) -> Held:
    """By key and machine: what each holds."""
    found: Held = {}
    for machine in cluster.machines:
        for key, state in _held_by(cluster, machine):
            found.setdefault(key, {})[machine.name] = state
    return found


def _held_by(cluster: Cluster, machine: Machine) -> Iterator[tuple[bytes, ObjectState]]:
    life = machine.life
    assert life is not None
    node: Any = life.devices.nodes.objects[0, machine.device_names[0]]
    ring = cluster.rings.current.objects[0]
    for partition in range(ring.partition_count):
        marker = b""
        while True:
            page = node.states(partition, ring.part_power, marker, PAGE).wait()
            for key, _ in page:
                held = node.store.held(key)
                if held is not None:
                    yield key, held.state
            if len(page) < PAGE:
                break
            marker = page[-1][0]


def unlevel(cluster: Cluster) -> list[str]:
    """Where replicas differ, or are kept where they do not belong."""
    found = []
    for key, states in held_by_all(cluster).items():
        primaries = {machine.name for machine in cluster.primaries(key)}
        name = shown(next(iter(states.values())).name)
        of_primaries = [states.get(each) for each in sorted(primaries)]
        if any(each != of_primaries[0] for each in of_primaries):
            found.append(f"{name}: the primaries hold {of_primaries}")
        found += [
            f"{name}: {machine} keeps a handoff copy"
            for machine in sorted(states.keys() - primaries)
        ]
    return found


def existing(cluster: Cluster) -> dict[tuple[str, str], dict[str, ObjectState]]:
    """By (account, container) and name: all objects that are there."""
    found: dict[tuple[str, str], dict[str, ObjectState]] = {}
    for states in held_by_all(cluster).values():
        merged: ObjectState | None = None
        for state in states.values():
            merged = merge_states(merged, state)
        if merged is not None and merged.exists:
            name = merged.name
            there = found.setdefault((name.account, name.container), {})
            there[name.object] = merged
    return found


def left_in(cluster: Cluster, account: str) -> list[str]:
    """Objects of an account that is to be empty."""
    return [
        f"{shown_text(*place, name)} outlives its account"
        for place, states in sorted(existing(cluster).items())
        if place[0] == account
        for name in sorted(states)
    ]


def disagreeing(cluster: Cluster) -> list[str]:
    """Containers whose listings are not exactly their objects."""
    found = []
    there = existing(cluster)
    for account, container in sorted(there):
        listed = listing(cluster, account, container)
        if listed is None:
            continue  # whose objects outlived it: stories know whether they may
        states = there[account, container]
        for name in sorted(listed ^ states.keys()):
            is_there = "is not listed" if name in states else "is listed and not there"
            found.append(f"{shown_text(account, container, name)} {is_there}")
    return found


def listing(cluster: Cluster, account: str, container: str) -> set[str] | None:
    """All names that the proxy of the first machine lists; None: no such container."""
    machine = cluster.machines[0]
    life = machine.life
    assert life is not None
    names: set[str] = set()
    marker = ""
    while True:
        path, query = f"/v1/{account}/{container}", {"format": "json"}
        query |= {"marker": marker, "limit": str(PAGE)}
        status, body = machine.perform(partial(_ask, life, path, query)).wait(60.0)
        if status == 404:
            return None
        page = [row["name"] for row in orjson.loads(body)] if status == 200 else []
        names.update(page)
        if len(page) < PAGE:
            return names
        marker = page[-1]


def _ask(life: Process, path: str, query: dict[str, str]) -> tuple[int, bytes]:
    """As the house itself asks the proxy: it may name everything."""
    context = Context(is_internal=True, facts=life.proxy.facts)
    context.allow_reserved_names = True
    head = [0]

    def start_response(status: str, fields: Any, exc_info: Any = None) -> None:
        head[0] = int(status.split()[0])

    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": urlencode(query),
        "wsgi.input": io.BytesIO(),
        CONTEXT_KEY: context,
    }
    body = b"".join(bytes(piece) for piece in life.proxy(environ, start_response))
    return head[0], body


def shown(name: ObjectName) -> str:
    """A name for people."""
    return shown_text(name.account, name.container, name.object)


def shown_text(*parts: str) -> str:
    """The same of its parts."""
    return "/".join(parts).replace("\0", "^")
