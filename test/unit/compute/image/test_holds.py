"""Deleted images that hosts still read."""

from __future__ import annotations

from test.unit.compute.image.house import Got, House, Make

WHOLE = bytes(range(256)) * 8192  # two segments
GONE = 404


def asked_for(house: House, image_id: str) -> Got:
    return house.ask("GET", f"/internal/images/{image_id}", roles="service")


def sweep(house: House) -> None:
    house.step("image-sweeper")


def test_the_bytes_of_a_held_image_stay_until_it_is_released(house: House) -> None:
    image_id = house.active(WHOLE, disk_format="raw", name="held")
    house.client.hold("alpha", image_id)
    house.ok("DELETE", f"/v2/images/{image_id}")
    sweep(house)
    # For users it is gone, whatever they ask.
    for path in ("", "/file"):
        for roles in ("member", "admin"):
            got = house.ask("GET", f"/v2/images/{image_id}{path}", roles=roles)
            assert got.status == GONE
    assert house.ok("GET", "/v2/images").json["images"] == []
    kept = house.client.kept(image_id)
    assert (kept.disk_format, kept.size_bytes) == ("raw", len(WHOLE))
    assert house.client.read_kept(image_id, 1_000_000, 99) == WHOLE[1_000_000:1_000_099]
    assert house.client.held() == {image_id}
    assert house.client.hold_only("alpha", []) == frozenset()
    sweep(house)
    assert house.objects() == []
    assert asked_for(house, image_id).status == GONE


def test_users_neither_hold_nor_read_what_is_held(house: House) -> None:
    image_id = house.active(WHOLE)
    for method, path in (
        ("GET", f"/internal/images/{image_id}"),
        ("GET", f"/internal/images/{image_id}/file"),
        ("GET", "/internal/holds"),
        ("PUT", f"/internal/holds/alpha/{image_id}"),
    ):
        for roles in ("member", "admin"):
            assert house.ask(method, path, roles=roles).status == 403, path
    got = house.ask("PUT", "/internal/holds/alpha", {"images": []}, roles="admin")
    assert got.status == 403


def test_two_hosts_hold_on_their_own(house: House) -> None:
    image_id = house.active(WHOLE)
    house.client.hold("alpha", image_id)
    assert house.client.hold_only("beta", [image_id]) == {image_id}
    house.ok("DELETE", f"/v2/images/{image_id}")
    house.client.hold_only("alpha", [])
    sweep(house)
    assert len(house.objects()) == 2
    house.client.hold_only("beta", [])
    sweep(house)
    assert house.objects() == []


def test_a_host_that_is_not_heard_of_holds_nothing_for_ever(make: Make) -> None:
    house = make(hold_lease=100.0)
    image_id = house.active(WHOLE)
    house.client.hold("alpha", image_id)
    house.ok("DELETE", f"/v2/images/{image_id}")
    house.clock.advance(60.0)
    assert house.client.hold_only("alpha", [image_id]) == {image_id}
    house.clock.advance(60.0)
    sweep(house)
    assert house.objects()
    house.clock.advance(60.0)
    sweep(house)
    assert house.objects() == []


def test_a_hold_comes_too_late_for_an_image_that_is_gone(house: House) -> None:
    image_id = house.active(WHOLE)
    house.ok("DELETE", f"/v2/images/{image_id}")
    got = house.ask("PUT", f"/internal/holds/alpha/{image_id}", roles="service")
    assert got.status == GONE
    assert house.client.hold_only("alpha", [image_id]) == frozenset()
    sweep(house)
    assert house.objects() == []


def test_held_bytes_outlive_the_room_and_the_memory_of_the_id(make: Make) -> None:
    house = make(deleted_kept=10.0)
    image_id = house.active(WHOLE)
    house.client.hold("alpha", image_id)
    house.ok("DELETE", f"/v2/images/{image_id}")
    house.start(seed=2)
    house.clock.advance(20.0)
    sweep(house)
    assert house.client.read_kept(image_id, 0, 4) == WHOLE[:4]
    house.client.hold_only("alpha", [])
    for _ in range(2):  # the bytes, then the id
        sweep(house)
    assert house.objects() == []
    house.create(id=image_id)


def test_half_an_upload_is_never_held(house: House) -> None:
    image_id = house.create()
    house.client.hold("alpha", image_id)
    house.ok("DELETE", f"/v2/images/{image_id}")
    sweep(house)
    assert asked_for(house, image_id).status == GONE
