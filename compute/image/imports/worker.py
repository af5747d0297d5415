"""Does imports: durable jobs that go on after a crash, from their beginning.

What an earlier attempt wrote is doomed first, so nothing is used half done.  The new
data become visible in one transaction with the job's end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from compute.core.errors import Stale
from compute.core.jobs.pool import JobPool
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.image import data_store, rules, store
from compute.image.data.intake import Intake
from compute.image.data.transfer import with_digests
from compute.image.imports.requests import COPY, OF_IMAGE, QUEUE, WEB_DOWNLOAD
from compute.image.imports.web import Web
from compute.image.model import (
    ACTIVE,
    FAILED_IMPORT,
    IMPORTING,
    IMPORTING_TO,
    LIVE,
    STAGED,
    WRITING,
    Data,
    Digests,
    Image,
)
from compute.image.parts import Parts
from compute.image.tables import data as data_rows
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable
from objectstore.kernel.loop import Progress

ATTEMPTS_MAX = 5
"""A server or store that is away is asked again for about a minute in all."""
RETRY_SECONDS = 2.0

_log = logging.getLogger("compute.image")


class ImportFailed(Rejected):
    """For good; the text is the task's message."""

    def __init__(self, text: str) -> None:
        super().__init__(400, text)


@dataclass
class _Work:
    """One job while it is done; ``digests``: of bytes that a store has."""

    job: Job
    image: Image
    digests: Digests | None
    expected: Digests | None
    written: list[Data]
    failed: list[str]


class ImportWorker:
    """A loop's step: claims jobs, does several at once, renews their leases."""

    name = "image-imports"

    def __init__(self, parts: Parts, web: Web, owner: str) -> None:
        """``owner``: this process's own name."""
        self._parts = parts
        self._web = web
        self._owner = owner
        self._pool = JobPool(
            parts.database,
            parts.clock,
            parts.jobs,
            self._attempt,
            queue=QUEUE,
            owner=owner,
            at_once=parts.settings.imports_max,
            ended=self._ended,
        )

    def step(self) -> Progress:
        """See the class."""
        return self._pool.step()

    def _ended(self) -> None:
        self._parts.wake_sweeper()
        self._parts.wake_imports()

    def _attempt(self, job: Job) -> None:
        try:
            self._do(job)
        except Stale:
            raise
        except Unavailable as error:
            if job.attempts >= ATTEMPTS_MAX:
                self._fail(job, str(error))
            else:
                self._retry(job, str(error))
        except Rejected as error:
            self._fail(job, error.text)
        except RingstackError as error:
            self._fail(job, str(error))
        except Exception:  # noqa: BLE001  (told; a bug must not be tried for ever)
            _log.exception("import %s failed", job.id)
            self._fail(job, "An unexpected error")

    def _do(self, job: Job) -> None:
        image = self._parts.change(lambda connection: self._start(connection, job))
        work = _Work(job, image, None, _known(image), [], [])
        with ExitStack() as held:
            for target in job.arguments["stores"]:
                self._bring(work, target, held)
            self._parts.change(lambda connection: self._finish(connection, work))

    def _start(self, connection: Connection, job: Job) -> Image:
        """The image; what an earlier attempt left is doomed."""
        image = store.get(connection, job.subject_id)
        if image is None:
            raise ImportFailed("The image was deleted")
        data_store.doom(
            connection,
            data_rows.c.image_id == image.id,
            data_rows.c.state == WRITING,
        )
        return image

    def _bring(self, work: _Work, target: str, held: ExitStack) -> None:
        """Write the image to one store; a failure may be borne."""
        staged = work.image.in_state(STAGED)
        if any(data.store == target for data in staged):
            work.digests = work.expected
            return  # it is there already: the end makes it visible
        data = self._parts.change(
            lambda connection: self._add_data(connection, work.image, target)
        )
        try:
            lease = held.enter_context(self._parts.leases.hold(data.id))
            self._write(work, data, lease.check)
        except (Rejected, RingstackError):
            self._release(data)
            request = work.job.arguments["request"]
            if request.get("all_stores_must_succeed", True):
                raise
            work.failed.append(target)
        else:
            work.written.append(data)

    def _write(self, work: _Work, data: Data, check: object) -> None:
        assert work.image.disk_format is not None and callable(check)
        left = self._parts.read(
            lambda connection: self._parts.bytes_left(connection, work.image.owner)
        )
        # A copy counts once: its image's size is in the sum already.
        bytes_max = left if work.image.size is None else work.image.size
        pieces = self._source(work)
        intake = Intake(
            pieces, work.image.disk_format, bytes_max=bytes_max, check=check
        )
        self._parts.stores[data.store].write(data.key, intake)
        digests = intake.digests()
        known = work.digests or work.expected
        if known is not None and digests.hash_hex != known.hash_hex:
            raise ImportFailed("The bytes do not match the image's hash")
        work.digests = digests

    def _source(self, work: _Work) -> Iterator[bytes]:
        method = work.job.arguments["request"]["method"]
        if method["name"] == WEB_DOWNLOAD and not work.written:
            return self._web.read(method["uri"])
        if method["name"] == OF_IMAGE and not work.written:
            return self._of_image(work, method["glance_image_id"])
        image = work.image
        sources = (*work.written, *image.in_state(STAGED), *image.in_state(LIVE))
        if not sources:
            raise ImportFailed("There is nothing to import from")
        size = work.digests.size_bytes if work.digests else image.size
        assert size is not None
        return self._parts.stores[sources[0].store].read(sources[0].key, 0, size)

    def _of_image(self, work: _Work, source_id: str) -> Iterator[bytes]:
        """Another image's bytes, which have to be what is known of them."""
        source = self._parts.read(lambda connection: store.get(connection, source_id))
        known = _known(source) if source is not None else None
        if source is None or known is None or not source.in_state(LIVE):
            raise ImportFailed("The image to be taken is not there any more")
        work.expected = known
        data = source.in_state(LIVE)[0]
        return self._parts.stores[data.store].read(data.key, 0, known.size_bytes)

    def _add_data(self, connection: Connection, image: Image, target: str) -> Data:
        parts = self._parts
        data_id = parts.identifiers.uuid()
        key = parts.writable_store(target).new_key(image.id, data_id)
        now, until = parts.now(), parts.leases.until()
        data = Data(data_id, image.id, target, key, WRITING, until, now)
        data_store.add_data(connection, data)
        return data

    def _finish(self, connection: Connection, work: _Work) -> None:
        parts, job = self._parts, work.job
        now = parts.now()
        image = store.get(connection, job.subject_id)
        if image is None:
            raise ImportFailed("The image was deleted")
        for data in work.written:
            if not data_store.move_data(connection, data.id, WRITING, LIVE):
                raise Unavailable("the lease was lost")
        for data in image.in_state(STAGED):
            if data.store in job.arguments["stores"]:
                data_store.move_data(connection, data.id, STAGED, LIVE)
            else:
                data_store.doom(connection, data_rows.c.id == data.id)
        if work.digests is None:
            raise ImportFailed("No store has taken the image")
        if image.size is None:  # else it is in the project's sum
            parts.check_room(connection, image.owner, work.digests.size_bytes)
        after = _without_marks(image, work.failed)
        if image.status == IMPORTING:
            after = with_digests(rules.moved(after, ACTIVE, now), work.digests, now)
        store.save(connection, image, after)
        parts.jobs.finish(connection, job.id, self._owner, now)

    def _fail(self, job: Job, text: str) -> None:
        """The image is as before, or queued again; the task says why."""
        parts = self._parts
        is_copy = job.arguments["request"]["method"]["name"] == COPY

        def fail(connection: Connection) -> None:
            now = parts.now()
            image = store.get(connection, job.subject_id)
            states = (WRITING,) if is_copy else (WRITING, STAGED)
            data_store.doom(
                connection,
                data_rows.c.image_id == job.subject_id,
                data_rows.c.state.in_(states),
            )
            if image is not None:
                after = image
                if image.status == IMPORTING:
                    after = rules.fallen_back(image, now)
                after = _without_marks(after, job.arguments["stores"])
                store.save(connection, image, replace(after, updated_at=now))
            parts.jobs.finish(connection, job.id, self._owner, now, error=text or "?")

        parts.change(fail)

    def _retry(self, job: Job, text: str) -> None:
        parts, now = self._parts, self._parts.now()
        later = now + RETRY_SECONDS * 2 ** (job.attempts - 1)
        parts.run(
            lambda connection: parts.jobs.retry(
                connection, job.id, self._owner, now, later, text
            )
        )

    def _release(self, data: Data) -> None:
        self._parts.run(lambda connection: data_store.release_data(connection, data.id))


def _known(image: Image) -> Digests | None:
    """What is known of an image's bytes."""
    if image.size is None or not image.checksum or not image.os_hash_value:
        return None
    return Digests(image.size, image.checksum, image.os_hash_value, image.virtual_size)


def _without_marks(image: Image, failed: list[str]) -> Image:
    """Who waits for an import looks for the marks, and what is left in them: empty ones
    say that it has ended."""
    marks = {IMPORTING_TO: "", FAILED_IMPORT: ",".join(failed)}
    return replace(image, properties={**image.properties, **marks})
