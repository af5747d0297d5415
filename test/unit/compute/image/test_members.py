"""Sharing: members, their answers, and who may see whom."""

from __future__ import annotations

from test.unit.compute.image.house import OTHER, House

THIRD = "c" * 32


def test_a_shared_image_is_seen_and_read(house: House) -> None:
    image_id = house.active(b"lent")
    members = f"/v2/images/{image_id}/members"
    added = house.ok("POST", members, {"member": OTHER}).json
    assert added == {
        "member_id": OTHER,
        "image_id": image_id,
        "status": "pending",
        "created_at": "2023-11-14T22:13:20Z",
        "updated_at": "2023-11-14T22:13:20Z",
        "schema": "/v2/schemas/member",
    }
    assert house.ask("POST", members, {"member": OTHER}).status == 409
    got = house.ok("GET", f"/v2/images/{image_id}/file", project=OTHER)
    assert got.body == b"lent"
    assert house.ask("DELETE", f"/v2/images/{image_id}", project=OTHER).status == 403
    answered = house.ok(
        "PUT", f"{members}/{OTHER}", {"status": "accepted"}, project=OTHER
    )
    assert answered.json["status"] == "accepted"
    house.ok("DELETE", f"{members}/{OTHER}")
    assert house.ask("GET", f"/v2/images/{image_id}", project=OTHER).status == 404
    assert house.ask("DELETE", f"{members}/{OTHER}").status == 404


def test_members_do_not_see_each_other(house: House) -> None:
    image_id = house.create()
    members = f"/v2/images/{image_id}/members"
    for project in (OTHER, THIRD):
        house.ok("POST", members, {"member": project})
    listed = house.ok("GET", members).json
    assert [member["member_id"] for member in listed["members"]] == [OTHER, THIRD]
    assert listed["schema"] == "/v2/schemas/members"
    own = house.ok("GET", members, project=OTHER).json["members"]
    assert [member["member_id"] for member in own] == [OTHER]
    assert house.ok("GET", f"{members}/{OTHER}", project=OTHER).status == 200
    assert house.ask("GET", f"{members}/{THIRD}", project=OTHER).status == 404
    assert house.ask("GET", members, project="d" * 32).status == 404


def test_who_may_share_and_answer(house: House) -> None:
    image_id = house.create()
    members = f"/v2/images/{image_id}/members"
    house.ok("POST", members, {"member": OTHER})
    accepted = {"status": "accepted"}
    # The owner cannot accept in the member's name.
    assert house.ask("PUT", f"{members}/{OTHER}", accepted).status == 403
    # Nor can a member share on.
    more = house.ask("POST", members, {"member": THIRD}, project=OTHER)
    assert more.status == 403
    wrong = house.ask("PUT", f"{members}/{OTHER}", {"status": "x"}, project=OTHER)
    assert wrong.status == 400
    assert house.ask("POST", members, {}).status == 400
    unknown = house.ask("PUT", f"{members}/{THIRD}", accepted, project=OTHER)
    assert unknown.status == 404


def test_only_shared_images_have_members(house: House) -> None:
    image_id = house.create(visibility="private")
    members = f"/v2/images/{image_id}/members"
    assert house.ask("POST", members, {"member": OTHER}).status == 403
    assert house.ask("GET", members).status == 403


def test_there_is_a_bound(house: House) -> None:
    image_id = house.create()
    members = f"/v2/images/{image_id}/members"
    for number in range(128):
        house.ok("POST", members, {"member": f"{number:032x}"})
    assert house.ask("POST", members, {"member": OTHER}).status == 413
