"""Jobs that fail in ways that nobody thought of."""

from __future__ import annotations

from objectstore.kernel import concurrency
from test.unit.compute.instance.house import House

# In so many turns a job without a pause would run many times.
TURNS = 200


def test_a_job_that_raises_anything_is_not_tried_again_at_once(house: House) -> None:
    runs = []

    def broken(job: object) -> float:
        runs.append(job)
        raise ZeroDivisionError("on purpose")

    house.agent._jobs.run = broken  # type: ignore[assignment]
    house.agent.start()
    try:
        house.boot(work=False)
        house.room.loops[0].once()  # it is given a host, who is woken
        for _ in range(TURNS):
            concurrency.sleep(0.001)
    finally:
        house.agent.stop()
    assert len(runs) == 1
