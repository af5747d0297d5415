"""Jobs of a room in one process: so many at once, by lease, whatever they raise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from compute.core.jobs.pool import JobPool
from compute.core.jobs.store import LEASE_SECONDS, RUNNING, Job, JobStore, job_table
from compute.core.sql.database import Database
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from test.fakes.stepped_clock import SteppedClock

metadata = sa.MetaData()
STORE = JobStore(job_table("pool", metadata))
AT_ONCE = 2


class Work:
    """A pool whose jobs last until they are let go."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = SteppedClock()
        self.begun: list[str] = []
        self.ended = 0
        self.error: Exception | None = None
        self.gate = concurrency.Event()
        self.last_gate: concurrency.Event | None = None
        self.pool = self.pool_of("me")

    def pool_of(self, owner: str) -> JobPool:
        return JobPool(
            self.database,
            self.clock,
            STORE,
            self.attempt,
            queue="room",
            owner=owner,
            at_once=AT_ONCE,
            ended=self.note_end,
        )

    def attempt(self, job: Job) -> None:
        self.begun.append(job.id)
        self.gate.wait()
        if self.error is not None:
            raise self.error
        self.database.run(
            lambda it: STORE.finish(it, job.id, job.owner, self.clock.time())
        )
        if self.last_gate is not None:
            self.last_gate.wait()

    def note_end(self) -> None:
        self.ended += 1

    def add(self, *ids: str) -> None:
        for each in ids:
            self.database.run(
                lambda connection, each=each: STORE.add(
                    connection,
                    job_id=each,
                    kind="build",
                    queue="room",
                    subject_id=each,
                    arguments={},
                    now=self.clock.time(),
                )
            )

    def step(self) -> None:
        """One step, and what it began as far as it goes now."""
        self.pool.step()
        self.settle()

    def settle(self) -> None:
        for _ in range(5):
            concurrency.sleep(0)

    def let_go(self) -> None:
        self.gate.set()
        while self.ended < len(self.begun):
            concurrency.sleep(0)

    def job(self, job_id: str) -> Job:
        found = self.database.read(lambda connection: STORE.get(connection, job_id))
        assert found is not None
        return found


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite")
    with database.engine.begin() as connection:
        metadata.create_all(connection)
    yield Work(database)
    database.close()


def test_so_many_at_once_and_the_rest_later(work: Work) -> None:
    work.add("1", "2", "3")
    work.step()
    work.step()
    assert work.begun == ["1", "2"]
    work.let_go()
    work.step()
    assert work.begun == ["1", "2", "3"]
    work.let_go()


def test_leases_of_what_is_under_way_are_renewed(work: Work) -> None:
    work.add("1")
    work.step()
    work.clock.advance(LEASE_SECONDS - 1)
    work.step()
    assert work.job("1").lease_until == work.clock.time() + LEASE_SECONDS
    work.let_go()


@pytest.mark.parametrize("error", [Unavailable("away"), ValueError("a mistake")])
def test_what_is_raised_leaves_the_job_for_later(work: Work, error: Exception) -> None:
    work.add("1")
    work.error = error
    work.gate.set()
    work.step()
    work.let_go()
    assert work.job("1").state == RUNNING
    work.clock.advance(LEASE_SECONDS + 1)
    work.error = None
    work.step()
    work.let_go()
    assert work.job("1").state == "done"
    assert work.begun == ["1", "1"]


def test_a_job_that_was_lost_is_left_to_its_new_owner(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.add("1")
    work.step()
    work.clock.advance(LEASE_SECONDS + 1)
    other = work.pool_of("you")
    other.step()
    work.settle()
    work.step()
    assert work.job("1").owner == "you"
    assert "build 1 is you's now" in caplog.text
    work.let_go()


def test_a_job_that_has_just_ended_is_not_told_of_as_lost(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.last_gate = concurrency.Event()
    work.add("1")
    work.step()
    work.gate.set()
    while work.job("1").state == RUNNING:
        concurrency.sleep(0)
    work.pool.step()
    assert "now" not in caplog.text
    work.last_gate.set()
    work.let_go()
