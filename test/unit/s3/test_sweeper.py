"""Parts that belong to nothing are swept, all others are kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from objectstore.s3.multipart.sweeper import GRACE_SECONDS
from test.unit.s3.house import ALICE, House
from test.unit.s3.test_multipart import finish, part, segments, start

PATH = f"/{ALICE.account}/bucket"


class LaterClock:
    """The machine's clock, far ahead."""

    def __init__(self, house: House) -> None:
        self._clock = house.clock

    def time(self) -> float:
        return self._clock.time() + 2 * GRACE_SECONDS

    def monotonic(self) -> float:
        return self._clock.monotonic()


def sweep(house: House, *, later: bool) -> None:
    if later:
        object.__setattr__(house.app.house, "clock", LaterClock(house))
    step = house.app.background_steps(house.proxy.facts)[0]
    for _ in range(10):
        if step.step() is Progress.DONE:
            return
    raise AssertionError("the sweeper does not come to an end")


def made(house: House) -> None:
    house.bucket()
    upload = start(house)
    finish(house, upload, {1: part(house, upload, 1, b"the parts")})


def test_parts_in_use_are_kept() -> None:
    house = House()
    made(house)
    upload = start(house)
    part(house, upload, 1, b"under way")
    before = segments(house)
    sweep(house, later=True)
    assert segments(house) == before
    assert house.ask("GET", "/bucket/key").body == b"the parts"


def test_parts_of_what_swift_deleted_are_swept_after_a_while() -> None:
    house = House()
    made(house)
    house.cluster.ask("DELETE", f"{PATH}/key")
    before = segments(house)
    sweep(house, later=False)
    assert segments(house) == before
    sweep(house, later=True)
    assert segments(house) == []


def test_parts_of_an_abort_that_crashed_are_swept() -> None:
    house = House()
    house.bucket()
    upload = start(house)
    part(house, upload, 1, b"left over")
    house.cluster.ask("DELETE", f"{PATH}+segments/uploads/key/{upload}")
    sweep(house, later=True)
    assert segments(house) == []


def test_a_round_without_uploads_is_done() -> None:
    sweep(House(), later=False)


def test_of_two_processes_one_sweeps() -> None:
    house = House()
    made(house)
    first, second = (house.app.background_steps(house.proxy.facts)[0] for _ in "12")
    assert first.step() is Progress.IDLE  # makes the leases' container
    assert first.step() is Progress.BUSY
    assert second.step() is Progress.IDLE
    assert first.step() is Progress.DONE


def hidden_for_a_moment(house: House, path: str, then: Callable[[], None]) -> None:
    """Of the replicas that have it none answers, until something is listed."""
    first, second, last = house.cluster.primaries("container", path)
    house.cluster.set_down(last)
    then()
    house.cluster.set_down(last, False)
    for device in (first, second):
        house.cluster.faults("container", device).down = True
    inner = house.features.app

    def returning(environ: dict[str, Any], start_response: Any) -> Any:
        reply = inner(environ, start_response)
        if environ["REQUEST_METHOD"] == "GET" and "+segments" in environ["PATH_INFO"]:
            for device in (first, second):
                house.cluster.faults("container", device).down = False
        return reply

    house.features.app = returning


def test_an_upload_that_few_replicas_know_is_not_swept() -> None:
    house = House()
    house.bucket()
    uploads: list[str] = []
    start(house)  # the container is there

    def upload() -> None:
        uploads.append(start(house))
        part(house, uploads[0], 1, b"under way")

    hidden_for_a_moment(house, f"{PATH}+segments", upload)
    with suppress(Unavailable):
        sweep(house, later=True)
    assert [name for name in segments(house) if name.startswith("parts/")]
