"""The uploads of a bucket in S3's order, read from where a page begins.

Markers of uploads are named ``uploads/<key>/<upload id>``, so the container has them in
the order of *key and slash*, S3 wants the order of the *keys*.  The two differ in one
way only: a key comes too late where others go on from it with a slash or a sign below
it (``a`` after ``a-b``, and in the midst of ``a/b``).  So a stretch of the container is
sorted by itself, and what belongs into it but stands behind it are uploads of those
keys that its last name begins with, up to such a sign: they are looked up one by one.

A page costs as many stretches as it shows, and one for every thousand uploads of keys
that the marker goes on from, or folders below a key that is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

from objectstore.s3.multipart.parts import LISTED_OWNER, UPLOAD_ID_LENGTH

PREFIX = "uploads/"
# A page's uploads, and one more to know whether there is more.
STRETCH = 1001
# Sorts after every name that has the prefix before it, and after every upload ID.
_LAST = "\U0010ffff"
_AFTER_IDS = "{"

# (prefix, marker, end marker, delimiter, limit) to entries of the container.
Lister = Callable[[str, str, str, str, int], list[dict[str, Any]]]


class Shown(NamedTuple):
    """An upload; or a common prefix, without an ID."""

    key: str
    upload_id: str
    initiated: str
    account: str  # that began it; "" for the bucket's own


class UploadsInOrder:
    """Walks through the uploads (and common prefixes) after a marker."""

    __slots__ = ("_delimiter", "_list", "_position", "_prefix", "_stretch")

    def __init__(
        self,
        lister: Lister,
        prefix: str,
        delimiter: str,
        after: tuple[str, str],
        stretch: int = STRETCH,
    ) -> None:
        """``after``: key and upload ID; without an ID, all of the key are left out."""
        self._list = lister
        self._prefix = prefix
        self._delimiter = delimiter
        self._stretch = stretch
        key, upload_id = after
        # All up to here has been shown.
        self._position = (key, upload_id or _LAST) if key else ("", "")

    def first(self, count: int) -> list[Shown]:
        """At most that many."""
        return list(islice(self._shown(count), count))

    def _shown(self, wanted: int) -> Iterator[Shown]:
        """In order, each common prefix once."""
        last = self._position[0]
        for upload in self._uploads(wanted):
            rolled = self._rolled(upload.key)
            if not rolled:
                yield upload
            elif rolled > last:
                last = rolled
                yield Shown(rolled, "", "", "")

    def _uploads(self, wanted: int) -> Iterator[Shown]:
        for stretch in self._stretches(wanted):
            # Keys that were looked up come once more where they stand.
            for upload in sorted(set(stretch)):
                if upload[:2] > self._position and upload.key.startswith(self._prefix):
                    self._position = upload[:2]
                    yield upload

    def _stretches(self, wanted: int) -> Iterator[list[Shown]]:
        key, upload_id = self._position
        if upload_id not in ("", _LAST):
            yield self._of_key(key, wanted)
        marker = PREFIX + key if key else ""
        if key and self._rolled(key) == key:
            marker += _LAST
        while True:
            entries = self._list(PREFIX + self._prefix, marker, "", "", self._stretch)
            found = [_upload(entry) for entry in entries]
            if len(entries) < self._stretch:
                yield found
                return
            marker = entries[-1]["name"]
            last = found[-1].key
            rolled = self._rolled(last)
            if rolled:
                # The rest of it need not be read.
                marker, last = PREFIX + rolled + _LAST, rolled
            elif max(found).key > last:
                last += "/"  # its own uploads are among those of keys below it
            for late in self._late(last):
                found += self._of_key(late, wanted)
            yield found

    def _late(self, key: str) -> Iterator[str]:
        """The keys whose uploads may stand behind that key's (or be jumped over with
        that common prefix) and belong before them."""
        for length in range(max(len(self._prefix), 1), len(key)):
            if key[length] <= "/" and key[:length] >= self._position[0]:
                yield key[:length]

    def _of_key(self, key: str, wanted: int) -> list[Shown]:
        """The key's own uploads that have not been shown, as many as can be wanted.

        Uploads of keys below it, as if it were a folder, stand between them.
        """
        folder = f"{PREFIX}{key}/"
        shown_key, shown_id = self._position
        marker = folder + shown_id if key == shown_key else ""
        found: list[Shown] = []
        while len(found) < wanted:
            entries = self._list(
                folder, marker, folder + _AFTER_IDS, "/", self._stretch
            )
            found += [_upload(entry) for entry in entries if "name" in entry]
            if len(entries) < self._stretch:
                break
            marker = entries[-1].get("name") or entries[-1]["subdir"] + _LAST
        return found

    def _rolled(self, key: str) -> str:
        """The common prefix that the key is shown as; "" without."""
        if not self._delimiter or not key.startswith(self._prefix):
            return ""
        cut = key.find(self._delimiter, len(self._prefix))
        return key[: cut + len(self._delimiter)] if cut >= 0 else ""


def _upload(entry: dict[str, Any]) -> Shown:
    name = entry["name"]
    return Shown(
        name[len(PREFIX) : -UPLOAD_ID_LENGTH - 1],
        name[-UPLOAD_ID_LENGTH:],
        entry["last_modified"],
        unquote(str(entry.get(LISTED_OWNER, "")).strip('"')),
    )
