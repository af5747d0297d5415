"""The pure parts: differences, what may be forgotten, queues, limits, marks."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from objectstore.replication.crew import gather
from objectstore.replication.differences import (
    Difference,
    differences,
    forgettable,
    walk,
)
from objectstore.replication.gate import Gated
from objectstore.replication.owed import CopiesOwed
from objectstore.replication.places import FollowedPlaces, Places
from objectstore.replication.presence import (
    Mark,
    PresenceStep,
    WasAwayTooLong,
    check_presence,
    is_outdated,
    read_mark,
    write_mark,
)
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import KEY_BYTES_MIN, Throttle
from ring.builder import Builder
from ring.device import Device
from test.fakes.disk import MemoryDisk
from test.fakes.nodes import MemoryObjectNode
from test.fakes.stepped_clock import SteppedClock

DAY = 86400.0
WEEK = 7 * DAY
KEYS = st.integers(0, 40).map(lambda number: bytes([number]))
STATES = st.dictionaries(KEYS, st.integers(1, 3))


# ---- differences -------------------------------------------------------------------


@given(STATES, STATES)
def test_differences_are_exactly_the_keys_that_differ(
    mine: dict[bytes, int], theirs: dict[bytes, int]
) -> None:
    found = list(differences(sorted(mine.items()), sorted(theirs.items())))
    assert found == [
        Difference(key, mine.get(key), theirs.get(key))
        for key in sorted({*mine, *theirs})
        if mine.get(key) != theirs.get(key)
    ]


@given(STATES, st.lists(st.sets(KEYS), max_size=3))
def test_only_what_all_primaries_have_is_forgotten(
    page: dict[bytes, int], confirmations: list[set[bytes]]
) -> None:
    kept = dict(page.items() - dict(forgettable(page.items(), confirmations)).items())
    for key in page.keys() - kept.keys():
        assert confirmations
        assert all(key in confirmed for confirmed in confirmations)
    for key in kept:
        assert not confirmations or any(key not in each for each in confirmations)


def test_a_walk_goes_page_by_page_within_its_bounds() -> None:
    class Pages(MemoryObjectNode):
        def _keys(self, partition: int, part_power: int) -> list[bytes]:
            return [bytes([number]) for number in range(10)]

    node = Pages()
    asked: list[tuple[bytes, int]] = []

    def states(partition: int, power: int, after: bytes, limit: int) -> object:
        asked.append((after, limit))
        keys = [key for key in node._keys(partition, power) if key > after][:limit]
        return concurrency.Promise.of([(key, 1) for key in keys])

    node.states = states  # type: ignore[assignment, method-assign]
    every = [key for key, _ in walk(node, 0, 0, 1.0, page_keys=4)]
    assert every == node._keys(0, 0)
    assert [after for after, _ in asked] == [b"", b"\x03", b"\x07"]
    some = walk(node, 0, 0, 1.0, page_keys=4, after=b"\x02", last=b"\x04")
    assert [key for key, _ in some] == [b"\x03", b"\x04"]


# ---- places ------------------------------------------------------------------------


def builder(devices: int = 5) -> Builder:
    made = Builder(4, 3, 0)
    for number in range(devices):
        made.add(Device(number, 1, number, "127.0.0.1", 6000, f"d{number}", 1.0))
    made.rebalance(random.Random(1), 0)
    return made


def test_places_are_the_ring_from_one_device() -> None:
    ring = builder().ring()
    places = Places(ring, lambda device: device.device == "d1", lambda device: device)
    for partition in range(16):
        ids = [device.id for device in ring.primaries(partition)]
        peers = places.primaries(partition)
        assert [peer.id for peer in peers] == [each for each in ids if each != 1]
        assert (partition in places.assigned) == (1 in ids)
        assert all(peer.node.id == peer.id for peer in peers)
    assert places.peer(1) is None
    assert places.peer(99) is None
    assert places.peer(-1) is None
    assert places.peer(2) is places.peer(2)
    assert places.is_own_key(bytes(16)) == (0 in places.assigned)


def test_places_follow_the_ring_and_outlive_the_device_in_it() -> None:
    made = builder()
    ring = made.ring()
    current = [ring]
    followed = FollowedPlaces(
        lambda: current[0], lambda device: device.device == "d1", lambda device: device
    )
    first = followed()
    assert followed() is first
    made.remove(1)
    made.rebalance(random.Random(1), 10)
    current[0] = made.ring()
    assert followed() is not first
    assert followed().assigned == frozenset()
    assert len(followed().primaries(0)) == 3


# ---- what is owed ------------------------------------------------------------------


def test_the_queue_is_in_order_and_bounded() -> None:
    clock = SteppedClock()
    owed = CopiesOwed(clock, keys_per_device_max=3)
    for number in range(5):
        owed.add(bytes([number]), [7])
    owed.add(b"\0", [7, 8])
    assert (len(owed), owed.overflowed) == (4, 2)
    assert owed.due() == [7, 8]
    assert [key for key, _ in owed.first(7, 2)] == [b"\0", b"\x01"]
    owed.drop_device(8)
    assert owed.due() == [7]


def test_who_is_away_is_tried_less_and_less_often() -> None:
    clock = SteppedClock()
    owed = CopiesOwed(clock)
    owed.add(b"key", [7])
    assert owed.is_answering(7)
    rests = []
    for _ in range(6):
        owed.is_away(7)
        assert not owed.is_answering(7)
        rest = 0
        while not owed.due():
            clock.advance(1)
            rest += 1
        rests.append(rest)
    assert rests == [1, 2, 4, 8, 10, 10]
    owed.answers(7)
    assert owed.is_answering(7)


def test_a_demand_during_a_delivery_is_not_lost() -> None:
    owed = CopiesOwed(SteppedClock())
    owed.add(b"key", [7])
    ((key, demand),) = owed.first(7, 10)
    owed.add(b"key", [7])
    owed.delivered(7, key, demand)
    ((key, demand),) = owed.first(7, 10)
    owed.delivered(7, key, demand)
    assert len(owed) == 0
    assert owed.due() == []
    owed.delivered(7, key, demand)
    owed.is_away(7)
    owed.answers(7)


# ---- limits ------------------------------------------------------------------------


def test_the_throttle_keeps_its_rate() -> None:
    clock = SteppedClock()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    throttle = Throttle(1_000_000, clock, sleep)
    for _ in range(50):
        throttle.take(100_000)
    assert sum(slept) == pytest.approx(5.0, abs=0.6)
    clock.advance(100)  # a long rest earns a short burst only
    slept.clear()
    for _ in range(10):
        throttle.take(100_000)
    assert sum(slept) == pytest.approx(0.5, abs=0.1)
    slept.clear()
    for _ in range(1000):
        throttle.take(0)
    assert sum(slept) == pytest.approx(1000 * KEY_BYTES_MIN / 1e6, abs=0.6)
    Throttle(0, clock, sleep).take(10**12)


def test_gather_runs_some_at_once_and_keeps_order() -> None:
    running: list[int] = []
    most = 0

    def call(number: int) -> int:
        nonlocal most
        running.append(number)
        most = max(most, len(running))
        concurrency.sleep(0)
        running.remove(number)
        return number

    calls = [lambda number=number: call(number) for number in range(10)]
    assert gather(calls, 3) == list(range(10))
    assert most == 3
    assert gather([], 3) == []


def test_gather_leaves_nobody_behind_when_it_is_killed() -> None:
    ended: list[int] = []
    waiting: list[int] = []
    begun = concurrency.Event()

    def call() -> None:
        waiting.append(1)
        if len(waiting) == 3:
            begun.set()
        try:
            concurrency.Event().wait()
        finally:
            ended.append(1)

    task = concurrency.spawn(gather, [call] * 3, 3)
    begun.wait(10)
    concurrency.kill_task(task)
    for _ in range(6):  # each dies in a turn of its own
        concurrency.sleep(0)
    assert len(ended) == 3


def test_a_gate_lets_a_step_through_when_it_opens() -> None:
    class Ready:
        name = "ready"

        def step(self) -> Progress:
            return Progress.DONE

    is_open: list[bool] = []
    gated = Gated(Ready(), lambda: bool(is_open))
    assert (gated.name, gated.step()) == ("ready", Progress.THROTTLED)
    is_open.append(True)
    assert gated.step() is Progress.DONE


# ---- progress ----------------------------------------------------------------------


def test_progress_and_age_of_rounds() -> None:
    status = ReplicationStatus("object", "d1")
    assert status.eta_seconds(0) is None
    assert status.age_seconds(10) is None
    status.round_started, status.partitions_total = 100.0, 1000
    assert status.eta_seconds(110) is None
    status.partitions_done = 250
    assert status.is_running
    assert status.eta_seconds(110) == pytest.approx(30)
    status.last_round_finished = status.last_clean_finished = 140.0
    assert not status.is_running
    assert status.eta_seconds(150) is None
    assert status.age_seconds(150) == 10


# ---- presence ----------------------------------------------------------------------


def life(last: float, opened: float | None = None, before: float = -9 * WEEK) -> Mark:
    """A mark by ages: when its owner was last open, since when, and until when
    before."""
    return Mark(last, last - DAY if opened is None else opened, before)


@pytest.mark.parametrize(
    ("mark", "others", "are_all", "expected"),
    [
        (None, [], False, False),  # a new device
        (life(0), [], False, False),
        (life(-WEEK), [], False, False),
        (life(-WEEK - 1), [], False, True),
        (life(-2 * WEEK), [None], False, True),
        (life(-2 * WEEK), [], True, False),  # the only device there is
        (life(-2 * WEEK), [life(-2 * WEEK + 30), None], True, False),  # all were off
        (life(-2 * WEEK), [life(-3 * WEEK)], True, False),
        (life(-2 * WEEK), [life(-2 * WEEK), life(-DAY, -4 * WEEK)], True, True),
        # Opened a moment ago, off before that: as this one.
        (life(-2 * WEEK), [life(0, -1, -2 * WEEK)], True, False),
        (life(-2 * WEEK), [life(0, -1, -DAY)], True, True),
        (life(-2 * WEEK), [life(0, -6 * DAY, -2 * WEEK)], True, False),
        (life(-2 * WEEK), [life(0, -8 * DAY, -2 * WEEK)], True, True),
        (life(-2 * WEEK), [life(0, -4 * WEEK)], True, True),  # never off
    ],
)
def test_who_was_away_too_long(
    mark: Mark | None, others: list[Mark | None], are_all: bool, expected: bool
) -> None:
    now = 10**9

    def at(ages: Mark | None) -> Mark | None:
        return None if ages is None else Mark(*(now + age for age in ages))

    found = is_outdated(
        now, at(mark), WEEK, [at(each) for each in others], others_are_all=are_all
    )
    assert found is expected


def test_marks_are_kept_and_renewed() -> None:
    disk, clock = MemoryDisk(), SteppedClock()
    disk.make_directories("/srv/sda")
    rooms = ("objects", "accounts")
    assert read_mark(disk, "/srv/sda", rooms) is None
    begun = clock.time()
    write_mark(disk, "/srv/sda", rooms, begun)
    assert read_mark(disk, "/srv/sda", rooms) == Mark(begun, begun, 0)
    step = PresenceStep(disk, "/srv/sda", rooms, clock)
    clock.advance(60)
    assert step.step() is Progress.IDLE
    assert read_mark(disk, "/srv/sda", rooms) == Mark(begun + 60, begun, 0)
    write_mark(disk, "/srv/sda", ["accounts"], begun + 90)
    oldest = read_mark(disk, "/srv/sda", rooms)
    assert oldest == Mark(begun + 60, begun, 0)  # a room that stayed shut counts
    now = begun + 60 + WEEK
    check_presence(disk, "/srv/sda", rooms, now, WEEK, [], others_are_all=False)
    with pytest.raises(WasAwayTooLong) as caught:
        check_presence(disk, "/srv/sda", rooms, now + 1, WEEK, [], others_are_all=False)
    assert "readmit" in str(caught.value)
    assert isinstance(caught.value, Unavailable)
    survivor = disk.after_power_loss(random.Random(1))
    assert read_mark(survivor, "/srv/sda", rooms) == oldest
    write_mark(disk, "/srv/sda", rooms, now)
    assert read_mark(disk, "/srv/sda", ["accounts"]) == Mark(now, now, begun + 90)


def test_another_disk_that_fails_takes_no_fresh_device_along() -> None:
    disk, now = MemoryDisk(), 1000.0
    disk.make_directories("/srv/sda")
    write_mark(disk, "/srv/sda", ["objects"], now)

    def others() -> Iterator[Mark | None]:
        raise Unavailable("its directory cannot be read")
        yield None

    def check(then: float) -> None:
        rooms = ["objects"]
        check_presence(
            disk, "/srv/sda", rooms, then, WEEK, others(), others_are_all=True
        )

    check(now + 1)
    with pytest.raises(Unavailable, match="cannot be read"):
        check(now + 2 * WEEK)


def test_a_damaged_mark_is_none_and_made_anew() -> None:
    disk = MemoryDisk()
    disk.make_directories("/srv/sda")
    for text in (b"", b"1 2\n", b"one two three", b"1 2 3 4"):
        disk.replace_file("/srv/sda/alive-objects", text)
        assert read_mark(disk, "/srv/sda", ["objects"]) is None
    write_mark(disk, "/srv/sda", ["objects"], 7.0)
    assert read_mark(disk, "/srv/sda", ["objects"]) == Mark(7, 7, 0)
