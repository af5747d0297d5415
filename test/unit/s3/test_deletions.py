"""Deleting several objects, and on conditions."""

from __future__ import annotations

from test.unit.s3.house import House


def test_many_objects_are_deleted_at_once(house: House) -> None:
    for key in ("d1", "d2", " d3"):
        house.ask("PUT", f"/bucket/{key}", body=b"x")
    keys = "".join(
        f"<Object><Key>{key}</Key></Object>" for key in ("d1", " d3", "none")
    )
    answer = house.ask(
        "POST", "/bucket", "delete=", f"<Delete>{keys}</Delete>".encode()
    )
    assert [node.get("Key") for node in answer.xml.all("Deleted")] == [
        "d1",
        " d3",
        "none",
    ]
    assert house.ask("HEAD", "/bucket/d1").status == 404
    assert house.ask("HEAD", "/bucket/d2").status == 200
    quiet = f"<Delete><Quiet>true</Quiet>{keys}</Delete>".encode()
    assert house.ask("POST", "/bucket", "delete=", quiet).xml.children == []
    many = "<Object><Key>k</Key></Object>" * 1001
    assert (
        house.ask(
            "POST", "/bucket", "delete=", f"<Delete>{many}</Delete>".encode()
        ).code
        == "MalformedXML"
    )


def test_deletes_can_be_conditional(house: House) -> None:
    etag = house.ask("PUT", "/bucket/dc", body=b"x").headers["etag"]
    wrong = {"if-match": '"no"'}
    answer = house.ask("DELETE", "/bucket/dc", headers=wrong)
    assert answer.code == "PreconditionFailed"
    one = "<Object><Key>dc</Key><ETag>{}</ETag></Object>"
    body = f"<Delete>{one.format('no')}</Delete>".encode()
    refused = house.ask("POST", "/bucket", "delete=", body).xml.child("Error")
    assert refused is not None
    assert refused.get("Code") == "PreconditionFailed"
    assert house.ask("DELETE", "/bucket/dc", headers={"if-match": etag}).status == 204
