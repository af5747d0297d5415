"""S3's versions over the real filter: what becomes of links to them."""

from __future__ import annotations

import pytest

from test.unit.s3.house import House, house_with_real_filters
from test.unit.s3.test_versions import ENABLE, SUSPEND, put


@pytest.fixture
def house() -> House:
    made = house_with_real_filters()
    made.bucket()
    return made


def test_a_delete_marker_is_no_copys_source(house: House) -> None:
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    put(house, b"x")
    marker = house.ask("DELETE", "/bucket/key").headers["x-amz-version-id"]
    made = house.ask("POST", "/bucket/whole", "uploads=").xml.get("UploadId")
    for target, query in (
        ("/bucket/copy", ""),
        ("/bucket/whole", f"partNumber=1&uploadId={made}"),
    ):
        source = {"x-amz-copy-source": f"/bucket/key?versionId={marker}"}
        answer = house.ask("PUT", target, query, headers=source)
        assert (answer.status, answer.code) == (400, "InvalidRequest")
        source = {"x-amz-copy-source": "/bucket/key"}
        answer = house.ask("PUT", target, query, headers=source)
        assert (answer.status, answer.code) == (404, "NoSuchKey")


def test_the_null_version_that_is_current_again_goes_with_its_link(
    house: House,
) -> None:
    house.ask("PUT", "/bucket/key", body=b"before versions")
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    newer = put(house, b"newer")
    house.ask("DELETE", "/bucket/key", f"versionId={newer}")
    for method in ("GET", "HEAD"):
        got = house.ask(method, "/bucket/key")
        assert got.headers["x-amz-version-id"] == "null"
    assert house.ask("GET", "/bucket/key").body == b"before versions"
    assert house.ask("DELETE", "/bucket/key", "versionId=null").status == 204
    assert house.ask("GET", "/bucket/key").code == "NoSuchKey"
    assert house.ask("GET", "/bucket").xml.child("Contents") is None
    assert house.ask("DELETE", "/bucket").status == 204


def test_older_versions_follow_the_null_version(house: House) -> None:
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    older = put(house, b"older")
    house.ask("PUT", "/bucket", "versioning=", SUSPEND)
    house.ask("PUT", "/bucket/key", body=b"null")
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    newer = put(house, b"newer")
    house.ask("DELETE", "/bucket/key", f"versionId={newer}")
    assert house.ask("GET", "/bucket/key").body == b"null"
    assert house.ask("DELETE", "/bucket/key", "versionId=null").status == 204
    got = house.ask("GET", "/bucket/key")
    assert (got.body, got.headers["x-amz-version-id"]) == (b"older", older)
