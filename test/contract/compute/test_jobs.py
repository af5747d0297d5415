"""Durable jobs on every database: claimed once, kept by lease, done in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from compute.core.errors import Stale
from compute.core.jobs.store import LEASE_SECONDS, Job, JobStore, job_table
from compute.core.sql.database import Database
from objectstore.kernel import concurrency

metadata = sa.MetaData()
store = JobStore(job_table("test", metadata))

Run = Callable[..., Any]


@pytest.fixture
def run(database: Database) -> Run:
    """``run(method, ...)``: one call of the store in a transaction of its own."""
    with database.engine.begin() as connection:
        metadata.create_all(connection)

    def call(method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return database.run(
            lambda connection: method(connection, *arguments, **options)
        )

    return call


def _add(run: Run, job_id: str, subject: str = "s", now: float = 1.0) -> None:
    run(
        store.add,
        job_id=job_id,
        kind="build",
        queue="host",
        subject_id=subject,
        arguments={"n": job_id},
        now=now,
    )


def _ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def test_a_job_is_claimed_once(run: Run) -> None:
    _add(run, "1")
    (job,) = run(store.claim, "host", "me", 2.0)
    assert (job.state, job.owner, job.attempts) == ("running", "me", 1)
    assert job.arguments == {"n": "1"}
    assert run(store.claim, "host", "you", 2.0) == []


def test_many_workers_share_the_jobs(run: Run) -> None:
    for number in range(20):
        _add(run, f"{number:02}", subject=f"s{number}")
    tasks = [
        concurrency.spawn(
            lambda worker=worker: run(
                store.claim, "host", f"worker {worker}", 2.0, limit=4
            )
        )
        for worker in range(8)
    ]
    claimed = [job.id for task in tasks for job in concurrency.wait_task(task)]
    assert sorted(claimed) == [f"{number:02}" for number in range(20)]


def test_a_subjects_jobs_come_one_after_the_other(run: Run) -> None:
    _add(run, "1", now=1.0)
    _add(run, "2", now=2.0)
    assert _ids(run(store.claim, "host", "me", 3.0, limit=5)) == ["1"]
    assert run(store.claim, "host", "you", 3.0, limit=5) == []
    run(store.finish, "1", "me", 4.0)
    assert _ids(run(store.claim, "host", "you", 5.0, limit=5)) == ["2"]


def test_a_lease_that_ran_out_is_taken_over(run: Run) -> None:
    _add(run, "1")
    run(store.claim, "host", "me", 2.0)
    run(store.advance, "1", "me", 3.0, step="fetch", progress={"bytes": 7})
    (job,) = run(store.claim, "host", "you", 3.0 + LEASE_SECONDS + 1)
    assert (job.step, job.progress, job.attempts) == ("fetch", {"bytes": 7}, 2)
    with pytest.raises(Stale):
        run(store.advance, "1", "me", 4.0, step="start", progress={})
    with pytest.raises(Stale):
        run(store.finish, "1", "me", 4.0)


def test_a_restarted_worker_takes_its_own_at_once(run: Run) -> None:
    _add(run, "1")
    run(store.claim, "host", "me", 2.0)
    assert run(store.claim, "host", "me", 3.0, busy_subjects=["s"]) == []
    assert _ids(run(store.claim, "host", "me", 3.0)) == ["1"]


def test_a_retry_waits_for_its_time(run: Run) -> None:
    _add(run, "1")
    run(store.claim, "host", "me", 2.0)
    run(store.retry, "1", "me", 2.0, 10.0, "the ring is away")
    assert run(store.claim, "host", "me", 9.0) == []
    assert _ids(run(store.claim, "host", "me", 10.0)) == ["1"]


def test_cancelling_is_told_at_the_next_renewal(run: Run) -> None:
    _add(run, "1")
    run(store.claim, "host", "me", 2.0)
    run(store.cancel, "s")
    assert run(store.renew, "1", "me", 3.0)


def test_finished_jobs_are_forgotten_in_time(run: Run) -> None:
    _add(run, "1")
    run(store.claim, "host", "me", 2.0)
    run(store.finish, "1", "me", 3.0, error="no")
    assert run(store.forget_finished, 3.0) == 0
    assert run(store.forget_finished, 4.0) == 1
