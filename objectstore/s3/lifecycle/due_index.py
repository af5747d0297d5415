"""The index that drives lifecycles: which keys to look at on which day.

One container of the house's account for each day, ``lifecycle-<seconds>``, one entry
for each key in it: ``key/<account>/<container>/<key>``, or ``long/<account>/
<container>/<digest>`` with the key in the body where the name would be too long.
An entry says "look", not what to do: the rules are asked again then, so a changed
configuration is honoured.  Every writing of an entry has an ETag of its own, so that
one written again while it is worked off is not taken away with the old one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import orjson

from objectstore.kernel.request import Environ
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.names import KEY_BYTES_MAX

PREFIX = "lifecycle-"
ENTRY_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Look:
    """An entry: the key to look at, and what is needed to take the entry away."""

    container_of_day: str
    name: str
    etag: str
    account: str
    container: str
    key: str


class DueIndex:
    """Reads and writes the index."""

    __slots__ = ("_objects",)

    def __init__(self, objects: HouseObjects) -> None:
        self._objects = objects

    def write(
        self,
        environ: Environ,
        moment: float,
        day: float,
        place: tuple[str, str, str],
    ) -> None:
        """Look at ``place`` (account, container, key) at ``moment`` or soon after."""
        account, container, key = place
        name = f"key/{account}/{container}/{key}"
        if len(name.encode()) > KEY_BYTES_MAX:
            digest = hashlib.sha256(key.encode()).hexdigest()
            name = f"long/{account}/{container}/{digest}"
        body = orjson.dumps([secrets.token_hex(8), key])
        self._objects.put(environ, _container(moment, day), name, body)

    def next_day(self, environ: Environ, after: str, now: float) -> str | None:
        """The first day's container behind ``after`` that is due; None: none is."""
        entries = self._objects.list(environ, prefix=PREFIX, marker=after, limit=1)
        if not entries:
            return None
        name: str = entries[0]["name"]
        digits = name.removeprefix(PREFIX)
        return name if digits.isdigit() and int(digits) <= now else None

    def page(
        self, environ: Environ, container: str, marker: str, limit: int
    ) -> list[Look]:
        """Entries of a day's container behind ``marker``."""
        found = []
        for entry in self._objects.list(environ, container, marker=marker, limit=limit):
            name: str = entry["name"]
            kind, account, bucket, key = name.split("/", 3)
            if kind == "long":
                body = self._objects.get(environ, container, name, ENTRY_BYTES_MAX)
                if body is None:
                    continue
                key = orjson.loads(body[0])[1]
            found.append(Look(container, name, entry["hash"], account, bucket, key))
        return found

    def forget(self, environ: Environ, look: Look) -> None:
        """Take the entry away, unless it was written again."""
        self._objects.delete(environ, look.container_of_day, look.name, look.etag)

    def close_day(self, environ: Environ, container: str) -> None:
        """Take a day's container away if it is empty."""
        self._objects.delete(environ, container)


def _container(moment: float, day: float) -> str:
    """The container of the day that begins at ``moment``, or that it is in."""
    start = int(moment // day * day)
    return f"{PREFIX}{start:012d}"
