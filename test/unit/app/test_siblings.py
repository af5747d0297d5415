"""A worker waits for those beside it before it takes clients, but not for ever."""

from __future__ import annotations

from pathlib import Path

from objectstore.app.siblings import LOOK_SECONDS, wait_for_siblings
from objectstore.kernel import concurrency
from objectstore.kernel.wsgi import is_listening, listen
from test.unit.proxy.cluster import OffsetClock

LONG_SECONDS = 60.0


def test_who_listens(tmp_path: Path) -> None:
    path = tmp_path / "worker-1.sock"
    assert not is_listening(path)
    listener = listen(path)
    assert is_listening(path)
    listener.close()
    assert path.exists()  # as a worker that was killed leaves it
    assert not is_listening(path)


def test_a_sibling_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "worker-1.sock"
    waiting = concurrency.spawn(wait_for_siblings, [path], OffsetClock(), LONG_SECONDS)
    concurrency.sleep(3 * LOOK_SECONDS)
    listener = listen(path)
    concurrency.wait_task(waiting)
    listener.close()


def test_one_that_never_comes_holds_nobody_up(tmp_path: Path) -> None:
    clock = OffsetClock()
    waiting = concurrency.spawn(
        wait_for_siblings, [tmp_path / "worker-1.sock"], clock, LONG_SECONDS
    )
    concurrency.sleep(3 * LOOK_SECONDS)
    clock.ahead = LONG_SECONDS
    concurrency.wait_task(waiting)


def test_who_is_alone_waits_for_nobody() -> None:
    wait_for_siblings([], OffsetClock())
