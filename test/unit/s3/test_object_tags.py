"""Tags of objects."""

from __future__ import annotations

from test.unit.s3.house import House


def test_tags(house: House) -> None:
    house.ask("PUT", "/bucket/t", body=b"x", headers={"x-amz-meta-a": "1"})
    body = (
        b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
    )
    assert house.ask("PUT", "/bucket/t", "tagging=", body).status == 200
    found = house.ask("GET", "/bucket/t", "tagging=").xml.child("TagSet")
    assert found is not None
    assert [tag.get("Key") for tag in found.all("Tag")] == ["k"]
    assert house.ask("HEAD", "/bucket/t").headers["x-amz-meta-a"] == "1"
    assert house.ask("DELETE", "/bucket/t", "tagging=").status == 204
    assert b"<Tag>" not in house.ask("GET", "/bucket/t", "tagging=").body
    twice = body.replace(b"<Tag>", b"<Tag><Key>k</Key><Value>w</Value></Tag><Tag>", 1)
    assert house.ask("PUT", "/bucket/t", "tagging=", twice).code == "InvalidTag"


def test_tags_of_a_header(house: House) -> None:
    tagged = house.ask("PUT", "/bucket/h", headers={"x-amz-tagging": "a=b&alone&c="})
    assert tagged.status == 200
    tag_set = house.ask("GET", "/bucket/h", "tagging=").xml.child("TagSet")
    assert tag_set is not None
    found = [(tag.get("Key"), tag.get("Value")) for tag in tag_set.all("Tag")]
    assert found == [("a", "b"), ("alone", ""), ("c", "")]
    for wrong in ("a=b&&c=d", "a=%ff", "a=1&a=2"):
        headers = {"x-amz-tagging": wrong}
        assert house.ask("PUT", "/bucket/h", headers=headers).status == 400
