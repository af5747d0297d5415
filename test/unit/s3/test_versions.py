"""Versions, delete markers, object lock."""

from __future__ import annotations

import pytest

from objectstore.s3.dates import iso
from test.unit.s3.house import ALICE, House

ENABLE = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
SUSPEND = ENABLE.replace(b"Enabled", b"Suspended")


@pytest.fixture
def house() -> House:
    return House()


def versioned(house: House) -> None:
    house.bucket()
    assert house.ask("PUT", "/bucket", "versioning=", ENABLE).status == 200


def locked(house: House) -> None:
    house.bucket(x_amz_bucket_object_lock_enabled="true")


def put(house: House, body: bytes, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = house.ask("PUT", "/bucket/key", body=body, headers=named)
    assert answer.status == 200, answer.body
    return answer.headers["x-amz-version-id"]


def until(house: House, seconds: float) -> str:
    return iso(house.clock.time() + seconds)


def test_versions_are_kept_and_read(house: House) -> None:
    versioned(house)
    first, second = put(house, b"one"), put(house, b"two")
    assert house.ask("GET", "/bucket/key").body == b"two"
    assert house.ask("GET", "/bucket/key", f"versionId={first}").body == b"one"
    listed = house.ask("GET", "/bucket", "versions=").xml
    shown = [(v.get("VersionId"), v.get("IsLatest")) for v in listed.all("Version")]
    assert shown == [(second, "true"), (first, "false")]
    state = house.ask("GET", "/bucket", "versioning=").xml
    assert state.get("Status") == "Enabled"


def test_delete_markers(house: House) -> None:
    versioned(house)
    version = put(house, b"one")
    deleted = house.ask("DELETE", "/bucket/key")
    marker = deleted.headers["x-amz-version-id"]
    assert deleted.headers["x-amz-delete-marker"] == "true"
    got = house.ask("GET", "/bucket/key")
    assert (got.code, got.headers["x-amz-delete-marker"]) == ("NoSuchKey", "true")
    assert (
        house.ask("GET", "/bucket/key", f"versionId={marker}").code
        == "MethodNotAllowed"
    )
    assert house.ask("GET", "/bucket/key", f"versionId={version}").body == b"one"
    listed = house.ask("GET", "/bucket", "versions=").xml
    assert [m.get("VersionId") for m in listed.all("DeleteMarker")] == [marker]
    undone = house.ask("DELETE", "/bucket/key", f"versionId={marker}")
    assert undone.headers["x-amz-delete-marker"] == "true"
    assert house.ask("GET", "/bucket/key").body == b"one"
    assert house.ask("GET", "/bucket/key", "versionId=1.00000").code == "NoSuchVersion"


@pytest.mark.parametrize("query", ["attributes=", "tagging=", "acl="])
def test_a_marker_has_nothing_of_an_object(house: House, query: str) -> None:
    versioned(house)
    put(house, b"one")
    marker = house.ask("DELETE", "/bucket/key").headers["x-amz-version-id"]
    wanted = {"x-amz-object-attributes": "ETag"}
    named = f"{query}&versionId={marker}"
    answer = house.ask("GET", "/bucket/key", named, headers=wanted)
    assert (answer.status, answer.code) == (405, "MethodNotAllowed")
    assert answer.headers["x-amz-delete-marker"] == "true"
    latest = house.ask("GET", "/bucket/key", query, headers=wanted)
    assert latest.code == "NoSuchKey"


def test_suspended_versioning_writes_null_versions(house: House) -> None:
    versioned(house)
    version = put(house, b"one")
    house.ask("PUT", "/bucket", "versioning=", SUSPEND)
    assert put(house, b"two") == "null"
    assert put(house, b"three") == "null"
    assert house.ask("GET", "/bucket/key", "versionId=null").body == b"three"
    assert house.ask("GET", "/bucket/key", f"versionId={version}").body == b"one"


def test_a_bucket_with_versions_is_not_empty(house: House) -> None:
    versioned(house)
    version = put(house, b"one")
    marker = house.ask("DELETE", "/bucket/key").headers["x-amz-version-id"]
    assert house.ask("DELETE", "/bucket").code == "BucketNotEmpty"
    for each in (version, marker):
        house.ask("DELETE", "/bucket/key", f"versionId={each}")
    assert house.ask("DELETE", "/bucket").status == 204


def test_retention_protects_a_version(house: House) -> None:
    locked(house)
    version = put(
        house,
        b"one",
        x_amz_object_lock_mode="COMPLIANCE",
        x_amz_object_lock_retain_until_date=until(house, 1000),
    )
    assert (
        house.ask("HEAD", "/bucket/key").headers["x-amz-object-lock-mode"]
        == "COMPLIANCE"
    )
    bypass = {"x-amz-bypass-governance-retention": "true"}
    query = f"versionId={version}"
    for headers in ({}, bypass):
        answer = house.ask("DELETE", "/bucket/key", query, headers=headers)
        assert answer.code == "AccessDenied"
    # A delete without a version only puts a marker.
    assert house.ask("DELETE", "/bucket/key").status == 204
    assert house.ask("GET", "/bucket/key", query).body == b"one"
    shorter = retention("COMPLIANCE", until(house, 10))
    assert (
        house.ask("PUT", "/bucket/key", f"retention=&{query}", shorter).code
        == "AccessDenied"
    )
    longer = retention("COMPLIANCE", until(house, 2000))
    assert house.ask("PUT", "/bucket/key", f"retention=&{query}", longer).status == 200
    weaker = retention("GOVERNANCE", until(house, 5000))
    answer = house.ask("PUT", "/bucket/key", f"retention=&{query}", weaker, bypass)
    assert answer.code == "AccessDenied"


def retention(mode: str, date: str) -> bytes:
    inner = f"<Mode>{mode}</Mode><RetainUntilDate>{date}</RetainUntilDate>"
    return f"<Retention>{inner}</Retention>".encode()


def test_governance_can_be_bypassed(house: House) -> None:
    locked(house)
    version = put(
        house,
        b"one",
        x_amz_object_lock_mode="GOVERNANCE",
        x_amz_object_lock_retain_until_date=until(house, 1000),
    )
    query = f"versionId={version}"
    assert house.ask("DELETE", "/bucket/key", query).code == "AccessDenied"
    bypass = {"x-amz-bypass-governance-retention": "true"}
    assert house.ask("DELETE", "/bucket/key", query, headers=bypass).status == 204


def test_a_governed_version_takes_a_bypass_to_become_stricter(house: House) -> None:
    locked(house)
    end = until(house, 1000)
    put(
        house,
        b"one",
        x_amz_object_lock_mode="GOVERNANCE",
        x_amz_object_lock_retain_until_date=end,
    )
    stricter = retention("COMPLIANCE", end)
    refused = house.ask("PUT", "/bucket/key", "retention=", stricter)
    assert refused.code == "AccessDenied"
    bypass = {"x-amz-bypass-governance-retention": "true"}
    done = house.ask("PUT", "/bucket/key", "retention=", stricter, bypass)
    assert done.status == 200


def test_legal_hold(house: House) -> None:
    locked(house)
    version = put(house, b"one")
    query = f"versionId={version}"
    on = b"<LegalHold><Status>ON</Status></LegalHold>"
    assert house.ask("PUT", "/bucket/key", f"legal-hold=&{query}", on).status == 200
    assert house.ask("GET", "/bucket/key", "legal-hold=").xml.get("Status") == "ON"
    assert house.ask("DELETE", "/bucket/key", query).code == "AccessDenied"
    off = on.replace(b"ON", b"OFF")
    house.ask("PUT", "/bucket/key", f"legal-hold=&{query}", off)
    assert house.ask("DELETE", "/bucket/key", query).status == 204


def test_default_retention(house: House) -> None:
    locked(house)
    body = (
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
        "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days>"
        "</DefaultRetention></Rule></ObjectLockConfiguration>"
    )
    assert house.ask("PUT", "/bucket", "object-lock=", body.encode()).status == 200
    version = put(house, b"one")
    answer = house.ask("DELETE", "/bucket/key", f"versionId={version}")
    assert answer.code == "AccessDenied"
    shown = house.ask("GET", "/bucket/key", "retention=").xml
    assert shown.get("Mode") == "COMPLIANCE"


def test_locked_buckets_stay_versioned(house: House) -> None:
    locked(house)
    assert (
        house.ask("PUT", "/bucket", "versioning=", SUSPEND).code == "InvalidBucketState"
    )


def test_swift_cannot_break_a_lock(house: House) -> None:
    locked(house)
    version = put(house, b"one", x_amz_object_lock_legal_hold="ON")
    path = f"/v1/{ALICE.account}/bucket"
    for method, place, query, headers in (
        ("DELETE", f"{path}/key", f"version-id={version}", {}),
        ("POST", path, "", {"X-Versions-Enabled": "false"}),
        ("POST", f"{path}/key", "", {"X-Delete-After": "1"}),
        ("GET", f"{path}+locks", "", {}),
        ("DELETE", f"{path}/key", "multipart-manifest=delete", {}),
        ("DELETE", f"{path}+segments/parts/x", "", {}),
        ("PUT", f"{path}+segments/parts/x", "", {}),
        ("DELETE", f"{path}+locks/{version}/key", "", {}),
    ):
        answer = house.ask(method, place, query, headers=headers, user=None)
        assert answer.status == 403, (method, place)
    assert house.ask("GET", "/bucket/key", f"versionId={version}").body == b"one"


def test_lock_needs_a_locked_bucket(house: House) -> None:
    house.bucket()
    headers = {"x-amz-object-lock-legal-hold": "ON"}
    assert (
        house.ask("PUT", "/bucket/key", body=b"x", headers=headers).code
        == "InvalidRequest"
    )
    assert (
        house.ask("GET", "/bucket", "object-lock=").code
        == "ObjectLockConfigurationNotFoundError"
    )


def test_delete_if_match_in_a_versioned_bucket(house: House) -> None:
    versioned(house)
    put(house, b"one")
    etag = house.ask("HEAD", "/bucket/key").headers["etag"]
    refused = house.ask("DELETE", "/bucket/key", headers={"If-Match": '"other"'})
    assert refused.code == "PreconditionFailed"
    assert house.ask("GET", "/bucket/key").body == b"one"
    deleted = house.ask("DELETE", "/bucket/key", headers={"If-Match": etag})
    assert deleted.headers["x-amz-delete-marker"] == "true"
