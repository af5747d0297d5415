"""Log lines on their way: pieces of what a process saw, in the house's account.

A chunk is one object, ``<account>/<container>/<microseconds>-<token>`` in the
container ``access-logs``: a line of JSON that names the target, then log lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from objectstore.s3.access.acl import Grant
from objectstore.s3.access_log.target import LogTarget

CONTAINER = "access-logs"
NAME_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines about one bucket, for one target."""

    target: LogTarget
    lines: bytes

    def to_bytes(self) -> bytes:
        """The chunk as it is stored."""
        target = self.target
        grants = [(grant.grantee, grant.permission) for grant in target.grants]
        head = orjson.dumps([target.bucket, target.prefix, target.format, grants])
        return head + b"\n" + self.lines

    @classmethod
    def from_bytes(cls, stored: bytes) -> Chunk:
        """What ``to_bytes`` made."""
        head, _, lines = stored.partition(b"\n")
        # Chunks of before there were grants end with the format.
        bucket, prefix, form, *rest = orjson.loads(head)
        grants = tuple(Grant(*grant) for grant in rest[0]) if rest else ()
        return cls(LogTarget(bucket, prefix, form, grants), lines)


def chunk_name(account: str, container: str, seconds: float, token: str) -> str:
    """The name of a chunk: later ones sort later."""
    moment = f"{int(seconds * 1e6):0{NAME_DIGITS}d}"
    return f"{account}/{container}/{moment}-{token}"


def seconds_of(name: str) -> float:
    """When a chunk was written."""
    return int(name.rpartition("/")[2][:NAME_DIGITS]) / 1e6
