"""Which of the open jobs is next.  Pure.

Jobs are done in the order in which they were asked for, one of a subject at a time.
Where many may ask for what takes long, those who ask take turns (``by_turns``): a
hundred jobs of one must not keep the only one of another waiting.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator

from compute.core.jobs.rows import RUNNING, Job


def in_order(
    jobs: Iterable[Job],
    owner: str,
    now: float,
    busy_subjects: Collection[str],
    *,
    turns_by: str = "",
) -> Iterator[Job]:
    """Those of the open jobs that ``owner`` may take now (``whose_turn``), the next
    first; by turns where ``turns_by`` names the argument that says whose a job is."""
    if not turns_by:
        return whose_turn(jobs, owner, now, busy_subjects)
    all_open = list(jobs)
    free = list(whose_turn(all_open, owner, now, busy_subjects))
    ids = {job.id for job in free}
    at_work = [job for job in all_open if job.lease_until > now and job.id not in ids]
    return by_turns(free, at_work, turns_by)


def whose_turn(
    jobs: Iterable[Job], owner: str, now: float, busy_subjects: Collection[str]
) -> Iterator[Job]:
    """Those that ``owner`` may take now, of open jobs in their order: one for each
    subject, its first.  He takes up what he holds himself; others' jobs only when
    their lease has run out."""
    seen = set(busy_subjects)
    for job in jobs:
        if job.subject_id in seen:
            continue
        seen.add(job.subject_id)
        held = job.state == RUNNING and job.lease_until > now and job.owner != owner
        if not held and job.not_before <= now:
            yield job


def by_turns(free: Iterable[Job], at_work: Iterable[Job], share: str) -> Iterator[Job]:
    """``free`` jobs, so that everybody has as many at work as the others: next is the
    oldest of whoever has the fewest.  ``share``: the argument that says whose it is."""
    queues: dict[str, deque[Job]] = {}
    for job in free:
        queues.setdefault(_whose(job, share), deque()).append(job)
    busy = Counter(_whose(job, share) for job in at_work)

    def precedence(whose: str) -> tuple[int, float, str]:
        oldest = queues[whose][0]
        return busy[whose], oldest.created_at, oldest.id

    while queues:
        whose = min(queues, key=precedence)
        yield queues[whose].popleft()
        busy[whose] += 1
        if not queues[whose]:
            del queues[whose]


def _whose(job: Job, share: str) -> str:
    return str(job.arguments.get(share, ""))
