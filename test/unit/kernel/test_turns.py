"""Work that nobody is in a hurry for, one at a time."""

from __future__ import annotations

from objectstore.kernel import concurrency
from objectstore.kernel.turns import Line


def test_one_piece_in_a_turn_of_the_hub() -> None:
    line = Line(pause_seconds=0.001)
    turn, seen = 0, []
    over = concurrency.Event()

    def piece(number: int) -> None:
        line.wait()
        seen.append((turn, number))
        if len(seen) == 6:
            over.set()

    for number in range(6):
        concurrency.spawn(piece, number)
    while not over.is_set():
        concurrency.sleep(0)
        turn += 1
    assert [number for _, number in seen] == list(range(6)), "first come, first served"
    turns = [turn for turn, _ in seen]
    assert len(set(turns)) == 6, turns


def test_who_is_killed_in_line_leaves_his_place() -> None:
    line = Line(pause_seconds=0.001)
    tasks = [concurrency.spawn(line.wait) for _ in range(3)]
    concurrency.sleep(0)
    concurrency.kill_task(tasks[0])
    concurrency.kill_task(tasks[1])
    concurrency.wait_task(tasks[2])
    line.wait()
