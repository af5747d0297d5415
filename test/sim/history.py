"""What the clients did and saw: the evidence that the checkers work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

PUT, CREATE, POST, DELETE = "put", "create", "post", "delete"
GET, LIST = "get", "list"
WRITES = frozenset({PUT, CREATE, DELETE})  # of the data
DESCRIBES = frozenset({PUT, CREATE, POST})  # of the metadata


@dataclass(slots=True)
class Op:
    """One request.  ``end`` and ``status`` stay None when its client never heard."""

    number: int
    client: int
    machine: str
    kind: str
    container: str
    name: str
    start: float
    epoch: int  # of the places of replicas, see ``Cluster.epoch``
    # Taken by the proxy for this request: the last is that of the write, which is made
    # anew behind a clock that is ahead, or of its undoing.
    timestamps: list[int] = field(default_factory=list)
    etag: str = ""  # of a write's bytes
    end: float | None = None
    end_epoch: int = -1
    status: int | None = None
    is_reduced: bool = False  # the reply says so
    is_owed: bool = False
    # When it was acknowledged a majority of the primaries had it, by our own look.
    is_backed: bool = False
    seen: str = ""  # a GET's etag
    described: int = -1  # the number of the write whose metadata a GET has seen
    listed: dict[str, str] = field(default_factory=dict)  # a LIST's names and etags

    @property
    def timestamp(self) -> int:
        """Of the write; 0: it has not come so far."""
        return self.timestamps[-1] if self.timestamps else 0

    def is_within(self, epoch: int) -> bool:
        """Whether the places of replicas stayed the same from beginning to end."""
        return self.epoch == self.end_epoch == epoch

    @property
    def is_acknowledged(self) -> bool:
        """Whether its client may rely on it."""
        if self.kind == DELETE:
            return self.status == 204 or (self.status == 404 and self.timestamp > 0)
        if self.kind == POST:
            return self.status == 202
        return self.kind in WRITES and self.status in (201, 202)

    @property
    def removes(self) -> bool:
        """Whether the object is gone once it takes effect."""
        return self.kind == DELETE

    def __str__(self) -> str:
        what = f"{self.container}/{self.name}" if self.name else self.container
        facts = [f"#{self.number} client {self.client} at {self.machine}"]
        facts.append(f"{self.kind} {what} {self.start:.4f}")
        facts.append("-" if self.end is None else f"{self.end:.4f}")
        facts.append(str(self.status))
        if self.timestamp:
            facts.append(f"ts {self.timestamp}")
        if self.etag or self.seen:
            facts.append((self.etag or self.seen)[:8])
        if self.described >= 0:
            facts.append(f"described by #{self.described}")
        for flag, is_set in (
            ("reduced", self.is_reduced),
            ("owed", self.is_owed),
            ("backed", self.is_backed),
        ):
            if is_set:
                facts.append(flag)
        return " ".join(facts)


class History:
    """All requests of a run, in the order of their beginnings."""

    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        """It begins."""
        self.ops.append(op)

    def of(self, container: str, name: str) -> list[Op]:
        """All that touched one object."""
        place = (container, name)
        return [op for op in self.ops if (op.container, op.name) == place]

    def objects(self) -> Iterator[tuple[str, str]]:
        """Every object that somebody wrote, in order."""
        written = {(op.container, op.name) for op in self.ops if op.kind in WRITES}
        yield from sorted(written)
