"""The image cache: images fetched once, kept while they are of use, within a bound.

An entry is two files: ``<image id>.<format>`` and ``<image id>.json`` (its record).
The record is written last, so an image without a record is not there; both come by
rename, so a crash leaves nothing half done but names that ``sweep`` removes.

* Askers at the same time share one fetch.
* An image is never evicted while a guest's disk stands on it (``in_use`` reads that
  from the disks themselves: no count to go wrong) or while it is *held* by a job that
  is about to make such a disk.
* Past ``bytes_max`` the longest unused go.  What is in use may exceed the bound: a
  guest that boots is worth more than a number.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

from compute.agent.disks import files
from compute.agent.disks.fetch import fetch, kept_format
from compute.agent.disks.port import ImageReader
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, Semaphore, promised
from objectstore.kernel.errors import InsufficientStorage, Rejected

RECORD_SUFFIX = ".json"
_IMAGE_ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z-]{0,63}")
_RECORD_BYTES_MAX = 4096
# Eviction needs no finer order; each note costs two syncs.
USE_NOTED_SECONDS = 600.0
# A full disk stops every guest of the host: an image must not be what fills it.
RESERVED_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One image that is here."""

    image_id: str
    path: str
    format: str  # raw or qcow2
    virtual_bytes: int
    file_bytes: int
    used_seconds: float  # since the epoch: when it was asked for last


class ImageCache:
    """The images in one directory."""

    def __init__(
        self,
        directory: str,
        reader: ImageReader,
        *,
        bytes_max: int,
        clock: Clock,
        in_use: Callable[[], frozenset[str]],
    ) -> None:
        """``in_use`` gives the paths that guests' disks stand on now."""
        self._directory = directory
        self._reader = reader
        self._bytes_max = bytes_max
        self._clock = clock
        self._in_use = in_use
        self._fetching: dict[str, Promise[CacheEntry]] = {}
        self._held: Counter[str] = Counter()
        self._writing = Semaphore(1)  # records: a temporary name has one writer
        files.make_directory(directory)

    @contextlib.contextmanager
    def hold(self, image_id: str) -> Iterator[CacheEntry]:
        """The image, fetched if need be, which stays for as long as the block runs."""
        _check_id(image_id)
        self._held[image_id] += 1
        try:
            yield self._get(image_id)
        finally:
            self._held[image_id] -= 1
            if not self._held[image_id]:
                del self._held[image_id]

    def find(self, image_id: str) -> CacheEntry | None:
        """The image if it is here; does not count as use."""
        _check_id(image_id)
        record = self._record_path(image_id)
        if not files.is_file(record):
            return None
        try:
            fields = json.loads(files.read_piece(record, 0, _RECORD_BYTES_MAX))
            entry = CacheEntry(path=self._path(image_id, fields["format"]), **fields)
        except (ValueError, TypeError, KeyError):
            return None  # damaged: it is fetched again
        return entry if files.is_file(entry.path) else None

    def entries(self) -> list[CacheEntry]:
        """All images that are here."""
        names = files.names_in(self._directory)
        ids = [n.removesuffix(RECORD_SUFFIX) for n in names if _is_record(n)]
        return [entry for entry in map(self.find, ids) if entry is not None]

    def evict(self, more_bytes: int = 0) -> list[str]:
        """Remove the longest unused until the rest is within the bound, and
        ``more_bytes`` besides; their ids."""
        entries = sorted(self.entries(), key=lambda entry: entry.used_seconds)
        excess = sum(entry.file_bytes for entry in entries) - self._bytes_max
        excess = max(excess, more_bytes)
        if excess <= 0:
            return []
        used, gone = self._in_use(), []
        for entry in entries:
            if excess <= 0:
                break
            if entry.path not in used and entry.image_id not in self._held:
                self._remove(entry)
                excess -= entry.file_bytes
                gone.append(entry.image_id)
        return gone

    def leftovers(self) -> list[str]:
        """Paths of files that no record names and nobody is writing."""
        known = {entry.path for entry in self.entries()}
        known |= {self._record_path(entry.image_id) for entry in self.entries()}
        under_way = {f"{files.TEMPORARY_PREFIX}{name}" for name in self._fetching}
        found = []
        for name in files.names_in(self._directory):
            path = os.path.join(self._directory, name)
            image_id = name.removeprefix(files.TEMPORARY_PREFIX).partition(".")[0]
            if path in known or image_id in self._fetching or name in under_way:
                continue
            found.append(path)
        return found

    def sweep(self) -> list[str]:
        """Remove the leftovers that no guest's disk stands on; their paths."""
        used = self._in_use()
        gone = [path for path in self.leftovers() if path not in used]
        for path in gone:
            files.remove_file(path)
        return gone

    # ---- inside --------------------------------------------------------------

    def _get(self, image_id: str) -> CacheEntry:
        entry = self.find(image_id)
        if entry is not None:
            now = self._clock.time()
            if now - entry.used_seconds > USE_NOTED_SECONDS:
                self._write_record(replace(entry, used_seconds=now))
            return entry
        promise = self._fetching.get(image_id)
        if promise is None:
            # In a greenlet of its own: the first asker may be killed, the others
            # wait on.
            promise = self._fetching[image_id] = promised(self._fetch, image_id)
            promise.when_done(lambda _: self._fetched(image_id))
        return promise.wait()

    def _fetched(self, image_id: str) -> None:
        self._fetching.pop(image_id, None)

    def _fetch(self, image_id: str) -> CacheEntry:
        facts = self._reader.facts(image_id)
        self._make_room(facts.size_bytes)
        image_format = kept_format(facts)
        path = self._path(image_id, image_format)
        with files.new_file(path) as temporary:
            virtual_bytes = fetch(self._reader, facts, temporary)
            file_bytes = files.size_of(temporary)
        now = self._clock.time()
        entry = CacheEntry(image_id, path, image_format, virtual_bytes, file_bytes, now)
        self._write_record(entry)
        self.evict()
        return entry

    def _make_room(self, size_bytes: int) -> None:
        """The guests that run here need what is left of the disk for their writes."""
        missing = size_bytes + RESERVED_BYTES - files.free_bytes(self._directory)
        if missing > 0:
            self.evict(missing)
            if size_bytes + RESERVED_BYTES > files.free_bytes(self._directory):
                raise InsufficientStorage("This host has no room for the image")

    def _write_record(self, entry: CacheEntry) -> None:
        fields = asdict(entry)
        del fields["path"]
        path = self._record_path(entry.image_id)
        with self._writing, files.new_file(path) as temporary:
            files.on_thread(files.write_file, temporary, json.dumps(fields).encode())

    def _remove(self, entry: CacheEntry) -> None:
        # The record first: an image without a record is not there.
        files.remove_file(self._record_path(entry.image_id))
        files.remove_file(entry.path)

    def _path(self, image_id: str, image_format: str) -> str:
        if image_format not in ("raw", "qcow2"):
            raise ValueError(f"the record of {image_id} names {image_format!r}")
        return os.path.join(self._directory, f"{image_id}.{image_format}")

    def _record_path(self, image_id: str) -> str:
        return os.path.join(self._directory, image_id + RECORD_SUFFIX)


def _is_record(name: str) -> bool:
    return name.endswith(RECORD_SUFFIX) and not name.startswith(files.TEMPORARY_PREFIX)


def _check_id(image_id: str) -> None:
    """Ids become file names: nothing but what ids are made of."""
    if not _IMAGE_ID.fullmatch(image_id):
        raise Rejected(400, "That is no image id")
