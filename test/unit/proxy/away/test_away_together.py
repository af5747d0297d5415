"""One process has two of three primaries.  It was away while something was written:
what its devices say, alike and alone, is not believed where others can be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectstore.kernel.concurrency import Event, spawn_later
from objectstore.kernel.errors import Rejected
from objectstore.kernel.timestamps import from_seconds
from objectstore.proxy.databases.changes import change_container
from objectstore.proxy.rounds.patience import FRESH_SECONDS
from objectstore.proxy.settings import ProxySettings
from objectstore.wire.records import ContainerName
from test.unit.proxy.away.bodies import BOX
from test.unit.proxy.cluster import IMPATIENT, Cluster

PATH = f"{BOX}/o"
NEW_ACCOUNT = "/AUTH_new"
NEW_BOX = "/AUTH_test/new"
AT = from_seconds(1.0)
REDUCED = "X-Ringstack-Consistency"
SHORTLY = 0.01
PATIENT = replace(IMPATIENT, return_patience=60.0)


class House:
    """Where the first two primaries of ``path`` are of one process."""

    def __init__(
        self, kind: str, path: str, settings: ProxySettings = IMPATIENT
    ) -> None:
        self.cluster = Cluster(devices=5, settings=settings)
        self.cluster.make_container()
        *self.together, self.third = self.cluster.primaries(kind, path)
        self.cluster.directory.owners[self.together[1]] = self.together[0]
        ring = self.cluster.ring
        self.cluster.placement.follow({0: ring}, ring, ring)
        self._kind = kind

    def leave(self) -> None:
        for device in self.together:
            self.cluster.faults(self._kind, device).down = True

    def return_(self) -> None:
        for device in self.together:
            self.cluster.faults(self._kind, device).down = False


@pytest.fixture
def house() -> House:
    """``old`` is on the devices of that process, ``new`` on the third and stand-ins."""
    made = House("object", PATH)
    made.cluster.put(PATH, b"old")
    return made


@pytest.fixture
def etag(house: House) -> str:
    """Of ``new``."""
    house.leave()
    written = house.cluster.put(PATH, b"new")
    house.return_()
    return written.headers["Etag"]


def test_a_stand_in_tells(house: House, etag: str) -> None:
    house.cluster.faults("object", house.third).down = True
    assert house.cluster.ask("GET", PATH).body == b"new"


def test_a_stand_in_tells_also_while_the_third_is_a_suspect(
    house: House, etag: str
) -> None:
    hanging = house.cluster.faults("object", house.third)
    hanging.hold = Event()
    try:
        for _ in range(2):
            assert house.cluster.ask("GET", PATH).body == b"new"
    finally:
        hanging.hold.set()


@pytest.mark.parametrize("is_third_away", [False, True])
def test_conditions_are_held_against_what_others_know(
    house: House, etag: str, is_third_away: bool
) -> None:
    house.cluster.faults("object", house.third).down = is_third_away
    assert house.cluster.put(PATH, b"2", If_Match=etag).status == 201
    gone = house.cluster.put(PATH, b"3", If_Match=etag)
    assert gone.status == 412


def test_nobody_is_told_that_there_is_nothing_to_change(house: House) -> None:
    path = f"{BOX}/new"
    device, *others = house.cluster.primaries("object", path)
    house.cluster.set_down(device)
    house.cluster.put(path, b"new")
    house.cluster.set_down(device, False)
    for number in range(5):
        house.cluster.faults("object", number).down = number != device
    assert house.cluster.ask("POST", path).status == 503
    for other in others:
        house.cluster.faults("object", other).down = False
    assert house.cluster.ask("POST", path).status == 202


def test_what_was_deleted_meanwhile_may_be_made_again(house: House) -> None:
    house.leave()
    assert house.cluster.ask("DELETE", PATH).status == 204
    house.return_()
    assert house.cluster.put(PATH, b"again", If_None_Match="*").status == 201


def test_a_deletion_finds_what_these_two_have_missed(house: House) -> None:
    house.cluster.ask("DELETE", PATH)
    house.leave()
    house.cluster.put(PATH, b"new")
    house.return_()
    assert house.cluster.ask("DELETE", PATH).status == 204
    assert house.cluster.ask("DELETE", PATH).status == 404


def test_a_stand_in_tells_what_was_set_of_a_container() -> None:
    house = House("container", BOX)
    house.leave()
    assert house.cluster.ask("PUT", BOX, {"X-Container-Meta-A": "1"}).status == 202
    house.return_()
    house.cluster.faults("container", house.third).down = True
    assert house.cluster.ask("HEAD", BOX).headers["X-Container-Meta-A"] == "1"


@pytest.mark.parametrize("third_goes", [False, True])
@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [("POST", {"X-Container-Meta-A": "1"}, 204), ("DELETE", {}, 404)],
)
def test_a_container_that_two_of_three_never_heard_of_is_changed(
    method: str, headers: dict[str, str], status: int, third_goes: bool
) -> None:
    new = "/AUTH_test/new"
    house = House("container", new)
    house.leave()
    assert house.cluster.ask("PUT", new).status == 201
    house.return_()
    assert house.cluster.ask("HEAD", new).status == 204
    assert house.cluster.ask(method, new, headers).status == 204
    # The two know it from now on.
    house.cluster.faults("container", house.third).down = third_goes
    found = house.cluster.ask("HEAD", new)
    assert found.status == status
    assert found.headers.get("X-Container-Meta-A", "") == headers.get(
        "X-Container-Meta-A", ""
    )


@pytest.mark.parametrize("third_goes", [False, True])
@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [("POST", {"X-Account-Meta-A": "1"}, 204), ("DELETE", {}, 404)],
)
def test_an_account_that_two_of_three_never_heard_of_is_changed(
    method: str, headers: dict[str, str], status: int, third_goes: bool
) -> None:
    settings = replace(IMPATIENT, allow_account_management=True)
    house = House("account", NEW_ACCOUNT, settings)
    make_on(house.third, NEW_ACCOUNT, house.cluster)
    assert house.cluster.ask(method, NEW_ACCOUNT, headers).status == 204
    # The two know it from now on.
    house.cluster.faults("account", house.third).down = third_goes
    found = house.cluster.ask("HEAD", NEW_ACCOUNT)
    assert found.status == status
    assert found.headers.get("X-Account-Meta-A", "") == headers.get(
        "X-Account-Meta-A", ""
    )


def new_house_with_an_object() -> House:
    """The first two never heard of the container, stand-ins have none of its rows."""
    house = House("container", NEW_BOX, PATIENT)
    # Nobody waits for them in order to look.
    house.cluster.clock.ahead = 2 * FRESH_SECONDS
    house.leave()
    assert house.cluster.ask("PUT", NEW_BOX).status == 201
    assert house.cluster.put(f"{NEW_BOX}/o").headers["X-Ringstack-Row"] == "owed"
    return house


def test_a_container_is_not_empty_when_one_primary_knows_of_something() -> None:
    house = new_house_with_an_object()
    spawn_later(SHORTLY, house.return_)
    assert house.cluster.ask("DELETE", NEW_BOX).status == 409
    assert house.cluster.ask("GET", NEW_BOX).text() == "o\n"


def test_nobody_is_told_to_delete_what_one_primary_refuses_to() -> None:
    house = new_house_with_an_object()
    house.return_()
    third = house.cluster.directory.container(house.cluster.ring.devices[house.third])
    name = ContainerName("AUTH_test", "new")
    key, _ = house.cluster.placement.container("AUTH_test", "new")
    before = third.info(key).result()
    later = before.put_timestamp + 1
    with pytest.raises(Rejected):
        change_container(
            house.cluster.app._parts, name, lambda node: node.delete(key, later), before
        )
    assert house.cluster.ask("GET", NEW_BOX).text() == "o\n"


def make_on(device: int, account: str, cluster: Cluster) -> None:
    """Nobody but this device hears of the account."""
    name = account.strip("/")
    key, _ = cluster.placement.account(name)
    cluster.directory.raw["account", device, 0].create(key, name, AT, {}).result()


def forget_stand_ins(house: House, kind: str) -> None:
    """Only primaries are there to ask."""
    cluster = house.cluster
    for number in range(5):
        if number not in (*house.together, house.third):
            cluster.faults(kind, number).down = True


def come_back_shortly(house: House, kind: str) -> None:
    faults = house.cluster.faults(kind, house.third)

    def come_back() -> None:
        faults.down = False

    faults.down = True
    spawn_later(SHORTLY, come_back)


def test_a_process_that_is_fresh_waits_for_who_was_there() -> None:
    house = House("object", PATH, PATIENT)
    house.cluster.put(PATH, b"old")
    house.leave()
    house.cluster.put(PATH, b"new")
    house.return_()
    forget_stand_ins(house, "object")
    come_back_shortly(house, "object")
    found = house.cluster.ask("GET", PATH)
    assert (found.body, found.headers.get(REDUCED)) == (b"new", None)


def test_what_it_says_without_them_is_marked(house: House, etag: str) -> None:
    forget_stand_ins(house, "object")
    house.cluster.faults("object", house.third).down = True
    found = house.cluster.ask("GET", PATH)
    assert (found.body, found.headers[REDUCED]) == (b"old", "reduced")
    # Later it has been told what it missed.
    house.cluster.clock.ahead += FRESH_SECONDS
    assert REDUCED not in house.cluster.ask("GET", PATH).headers


def test_a_fresh_process_waits_for_who_knows_a_container() -> None:
    house = House("container", BOX, PATIENT)
    # Whoever writes it has been there for long.
    house.cluster.clock.ahead = 2 * FRESH_SECONDS
    house.leave()
    assert house.cluster.ask("PUT", BOX, {"X-Container-Meta-A": "1"}).status == 202
    house.return_()
    house.cluster.clock.ahead = 0.0
    forget_stand_ins(house, "container")
    come_back_shortly(house, "container")
    found = house.cluster.ask("HEAD", BOX)
    assert found.headers["X-Container-Meta-A"] == "1" and REDUCED not in found.headers


@pytest.mark.parametrize(("kind", "path"), [("container", NEW_BOX), ("object", PATH)])
def test_a_fresh_process_hears_who_is_late_of_what_it_does_not_know(
    kind: str, path: str
) -> None:
    house = House(kind, path, PATIENT)
    forget_stand_ins(house, kind)
    house.cluster.faults(kind, house.third).delay_seconds = 2 * PATIENT.read_patience
    found = house.cluster.ask("GET", path)
    assert (found.status, found.headers.get(REDUCED)) == (404, None)


@pytest.mark.parametrize(("kind", "path"), [("container", NEW_BOX), ("object", PATH)])
def test_a_fresh_process_asks_again_who_was_away_a_moment_before(
    kind: str, path: str
) -> None:
    house = House(kind, path)
    forget_stand_ins(house, kind)
    third = house.cluster.faults(kind, house.third)
    third.down = True
    house.cluster.ask("GET", path)
    third.down = False
    found = house.cluster.ask("GET", path)
    assert (found.status, found.headers.get(REDUCED)) == (404, None)
