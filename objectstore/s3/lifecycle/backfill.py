"""The step that enters what is in a bucket already, when its rules are set.

Setting rules leaves a job, one small object a bucket: how far its listing has been
gone through.  A step does one page of one job and writes down how far it is, so a
round goes on where it was after a crash; rules that are set anew begin it anew.  It
begins a little later than the rules are set, when every process knows them and
enters what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import orjson

from objectstore.kernel import concurrency
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Progress
from objectstore.kernel.request import Environ
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.background.lease import Lease
from objectstore.s3.background.own_request import own_environ, own_operation
from objectstore.s3.bucket.lifecycle_rules import Rule, Thing
from objectstore.s3.lifecycle.due_index import DueIndex
from objectstore.s3.lifecycle.held import held_of, listed_time
from objectstore.s3.lifecycle.listing import list_page
from objectstore.s3.lifecycle.rules_of import rules_now
from objectstore.s3.lifecycle.schedule import next_look
from objectstore.s3.multipart.parts import UPLOAD_ID_LENGTH, segments_container
from objectstore.s3.operation import House, Operation

CONTAINER = "lifecycle+jobs"
PAGE = 500
WRITES_AT_ONCE = 16
JOB_BYTES_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """How far a bucket has been gone through."""

    begins: float
    marker: str = ""
    version_marker: str = ""
    is_at_uploads: bool = False

    def to_json(self) -> bytes:
        """As it is stored."""
        place = [self.marker, self.version_marker, self.is_at_uploads]
        return orjson.dumps([self.begins, *place])


def begin_job(operation: Operation, begins: float) -> None:
    """Leave the job of going through the operation's bucket."""
    facts = operation.facts
    HouseObjects(operation.house.store).put(
        operation.environ,
        CONTAINER,
        f"{facts.account}/{facts.container}",
        Job(begins).to_json(),
    )


class LifecycleBackfill:
    """A ``kernel.loop.Step``: a page of one bucket a step."""

    name = "s3-lifecycle-backfill"

    def __init__(self, house: House, facts: Facts, page: int = PAGE) -> None:
        self._page = page
        self._house = house
        self._facts = facts
        self._objects = HouseObjects(house.store)
        self._index = DueIndex(self._objects)
        self._lease = Lease(house.store, house.clock, self.name)
        self._after = ""

    def step(self) -> Progress:
        """Do a page of the next job; ``DONE`` at the end of a round."""
        environ = own_environ(self.name, self._facts)
        names = self._objects.list(environ, CONTAINER, marker=self._after, limit=1)
        if not names:
            self._after = ""
            return Progress.DONE
        if not self._lease.is_held(environ):
            return Progress.IDLE
        name: str = names[0]["name"]
        got = self._objects.get(environ, CONTAINER, name, JOB_BYTES_MAX)
        job = None if got is None else Job(*orjson.loads(got[0]))
        if got is None or job is None or job.begins > self._house.clock.time():
            self._after = name
            return Progress.BUSY
        self._advance(environ, name, job, got[1])
        return Progress.BUSY

    def _advance(self, environ: Environ, name: str, job: Job, etag: str) -> None:
        """One page; where the job was begun anew meanwhile, its state stays."""
        account, _, container = name.partition("/")
        operation = own_operation(self._house, environ, account, container)
        rules = () if operation is None else rules_now(operation)
        after = None
        if operation is not None and rules:
            page = _uploads if job.is_at_uploads else _objects
            places, after = page(operation, job, self._page)
            self._enter(operation, rules, places)
        if after is None:
            self._objects.delete(environ, CONTAINER, name, etag)
        else:
            condition = {"If-Match": etag}
            self._objects.put(environ, CONTAINER, name, after.to_json(), condition)

    def _enter(
        self, operation: Operation, rules: tuple[Rule, ...], things: list[list[Thing]]
    ) -> None:
        """An entry for each key that any rule leads to."""
        day, now = self._house.settings.lifecycle_day, operation.now()
        facts = operation.facts
        pool = concurrency.Pool(WRITES_AT_ONCE)
        tasks = []
        for of_one_key in things:
            key = of_one_key[0].key
            moment = next_look(rules, of_one_key, now, day, knows_tags=False)
            if moment is not None:
                place = (facts.account, facts.container, key)
                tasks.append(
                    pool.spawn(self._index.write, operation.environ, moment, day, place)
                )
        for task in tasks:
            concurrency.wait_task(task)


Page = tuple[list[list[Thing]], Job | None]


def _objects(operation: Operation, job: Job, limit: int) -> Page:
    """The things of a page of the bucket's keys, and where the next page begins."""
    has_versions = bool(operation.facts.versioning)
    query = {"marker": job.marker, "version_marker": job.version_marker}
    if has_versions:
        query["versions"] = "1"
    entries = list_page(operation, operation.facts.container, limit, **query)
    things = [
        list(_things(list(group)))
        for _, group in groupby(entries, lambda entry: entry["name"])
    ]
    if len(entries) < limit:
        return things, replace(job, marker="", version_marker="", is_at_uploads=True)
    last = entries[-1]
    version = str(last.get("version_id") or "null") if has_versions else ""
    return things, replace(job, marker=last["name"], version_marker=version)


def _things(entries: list[dict[str, Any]]) -> Iterator[Thing]:
    newer = None
    for entry in entries:
        # Versions that are kept for their number count too: the look counts anew.
        thing = held_of(entry, newer, len(entries)).thing
        yield replace(thing, is_alone=thing.is_marker, newer_noncurrent=PAGE)
        newer = entry


def _uploads(operation: Operation, job: Job, limit: int) -> Page:
    container = segments_container(operation.facts.container)
    query = {"prefix": "uploads/", "marker": job.marker}
    entries = list_page(operation, container, limit, **query)
    things = [
        [
            Thing(
                entry["name"][len("uploads/") : -UPLOAD_ID_LENGTH - 1],
                modified=listed_time(entry),
                is_upload=True,
            )
        ]
        for entry in entries
    ]
    if len(entries) < limit:
        return things, None
    return things, replace(job, marker=entries[-1]["name"])
