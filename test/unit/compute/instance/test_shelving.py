"""Servers on the shelf, and back."""

from __future__ import annotations

from test.unit.compute.instance.house import House


def test_shelve_and_unshelve(house: House) -> None:
    server_id = house.boot()
    before = house.show(server_id)["addresses"]
    assert house.act(server_id, "shelve").status == 202
    house.work()
    server = house.show(server_id)
    assert server["status"] == "SHELVED_OFFLOADED"
    assert server["OS-EXT-SRV-ATTR:host"] is None
    assert house.act(server_id, "unshelve").status == 202
    house.work()
    server = house.show(server_id)
    assert server["status"] == "ACTIVE"
    assert server["addresses"] == before
    assert [each.name for each in house.images.list()] == ["tiny"]


def test_an_unshelved_server_heeds_its_group(house: House) -> None:
    """Those that came while it was away too."""
    rule = {"name": "apart", "policy": "anti-affinity"}
    group = house.ok("POST", "/os-server-groups", {"server_group": rule})
    hint = {"group": group["server_group"]["id"]}

    def ordered(name: str) -> str:
        body = {"server": house.order(name), "os:scheduler_hints": hint}
        server_id = str(house.ok("POST", "/servers", body)["server"]["id"])
        house.work()
        return server_id

    shelved = ordered("one")
    house.act(shelved, "shelve")
    house.work()
    others = [ordered("two"), ordered("three")]  # the house has two hosts
    assert house.act(shelved, "unshelve").status == 409
    house.ok("DELETE", f"/servers/{others[0]}")
    house.work()
    assert house.act(shelved, "unshelve").status == 202
    house.work()
    places = {house.show(each)["OS-EXT-SRV-ATTR:host"] for each in (shelved, others[1])}
    assert len(places) == 2


def test_where_a_shelved_server_cannot_come_back(house: House) -> None:
    server_id = house.boot()
    house.act(server_id, "shelve")
    house.work()
    for place in ({"availability_zone": "moon"}, {"host": "moon"}):
        got = house.act(server_id, "unshelve", place, roles="admin")
        assert got.status == 400, got.body
    assert house.show(server_id)["status"] == "SHELVED_OFFLOADED"
    got = house.act(server_id, "unshelve", {"host": "host1"}, roles="admin")
    assert got.status == 202
    house.work()
    assert house.show(server_id)["OS-EXT-SRV-ATTR:host"] == "host1"


def test_shelved_server_is_deleted_with_its_image(house: House) -> None:
    server_id = house.boot()
    house.act(server_id, "shelve")
    house.work()
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert [each.name for each in house.images.list()] == ["tiny"]
    assert house.leftovers() == []
