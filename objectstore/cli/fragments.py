"""The fragments of one object, asked of the devices that are to have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import xxhash

from objectstore.cli.outside import answer
from objectstore.wire.layouts import Layout, fragment_key, layout_of
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectState

NOT_THERE = "not there"


@dataclass(slots=True)
class Looked:
    """What was found; ``problems`` by index."""

    missing: int = 0
    bytes_read: int = 0
    problems: dict[int, str] = field(default_factory=dict)


def new_findings() -> dict[str, int]:
    """Counters as a comparison of replicas has them; fragments left over on other
    devices are not looked for."""
    return dict.fromkeys(("keys", "complete", "missing", "differing", "misplaced"), 0)


def look_at_fragments(
    nodes: Sequence[ObjectNode], key: bytes, state: ObjectState, read: bool
) -> Looked:
    """Those of the object's record; ``read``: every byte of them.  ``nodes``: of the
    fragments, by index."""
    looked = Looked()
    layout = layout_of(state)
    assert layout is not None  # which the caller has seen
    for index, node in enumerate(nodes):
        problem = _problem(node, key, state, layout, index, looked if read else None)
        if problem:
            looked.problems[index] = problem
            looked.missing += problem == NOT_THERE
    return looked


def _problem(
    node: ObjectNode,
    key: bytes,
    state: ObjectState,
    layout: Layout,
    index: int,
    reading: Looked | None,
) -> str:
    name = fragment_key(key, layout.token, index)
    found, problem = answer(lambda: node.lookup(name, want_body=False).wait().state)
    if problem:
        return str(problem)
    if found is None or not found.exists:
        return NOT_THERE
    if found.etag != layout.checksums[index] or found.size != layout.fragment_size:
        return "another one than the record names"
    if reading is None:
        return ""

    def read() -> str:
        checksum = xxhash.xxh3_64()
        body = node.read(name, state.timestamp, 0, layout.fragment_size).wait()
        for piece in body:
            checksum.update(piece)
            reading.bytes_read += len(piece)
        return checksum.hexdigest()

    checksum, problem = answer(read)
    if problem:
        return str(problem)
    return "" if checksum == found.etag else "other bytes than its checksum says"
