"""Manifests that share an upload's parts: whoever is left has all of its bytes."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.middleware.copy import filter_factory as copy
from objectstore.middleware.object_versioning import ObjectVersioning
from objectstore.middleware.slo import filter_factory as slo
from objectstore.middleware.versioned_writes import VersionedWrites
from test.unit.proxy.cluster import Cluster
from test.unit.s3.house import ALICE, Answer, House
from test.unit.s3.test_interrupted_completions import Breaking
from test.unit.s3.test_multipart import finish, part, segments, start
from test.unit.s3.test_sweeper import sweep
from test.unit.s3.test_versions import ENABLE

BUCKET = f"/v1/{ALICE.account}/bucket"
BODY = b"A" * 10 + b"B" * 10


class Shared:
    """A house with all filters that copy manifests, and an uploaded object in it."""

    def __init__(self, *, is_versioned: bool = False) -> None:
        self.cluster = Cluster()
        self.house = House(cluster=self.cluster, features_over=self._features)
        self.house.bucket()
        if is_versioned:
            self.house.ask("PUT", "/bucket", "versioning=", ENABLE)
        self.upload()

    def _features(self, app: Any) -> Any:
        clock = self.cluster.clock
        self.breaking = Breaking(VersionedWrites(ObjectVersioning(app, clock), clock))
        return copy({})(slo({})(self.breaking))

    def upload(self) -> None:
        upload = start(self.house)
        etags = {n: part(self.house, upload, n, bytes([64 + n]) * 10) for n in (1, 2)}
        assert finish(self.house, upload, etags).status == 200

    def swift(self, method: str, path: str, query: str = "", **headers: str) -> Answer:
        environ = self.house.bare(method, path, query, b"")
        environ["HTTP_X_AUTH_TOKEN"] = "t"
        environ["ringstack.context"].is_owner = True
        for name, value in headers.items():
            environ[f"HTTP_{name.upper()}"] = value
        return self.house.send(environ)

    def copy_manifest(self, destination: str, **query: str) -> Answer:
        asked = "&".join(
            f"{name.replace('_', '-')}={value}" for name, value in query.items()
        )
        query_string = "&".join(filter(None, ("multipart-manifest=get", asked)))
        return self.swift(
            "COPY", f"{BUCKET}/key", query_string, destination=destination
        )

    def versions(self) -> list[str]:
        """The newest first."""
        listed = self.house.ask("GET", "/bucket", "versions=").xml.all("Version")
        return [each.get("VersionId") for each in listed]

    def body(self, query: str = "") -> bytes:
        return self.house.ask("GET", "/bucket/key", query).body


def test_a_manifest_copied_to_its_own_name_keeps_its_parts() -> None:
    it = Shared()
    assert it.copy_manifest("bucket/key").status == 201
    assert it.body() == BODY
    sweep(it.house, later=True)
    assert it.body() == BODY
    # They go with it.
    assert it.house.ask("DELETE", "/bucket/key").status == 204
    assert segments(it.house) == []


def test_a_version_made_current_by_its_manifest_keeps_its_parts() -> None:
    it = Shared(is_versioned=True)
    (first,) = it.versions()
    it.house.ask("PUT", "/bucket/key", body=b"another")
    assert it.copy_manifest("bucket/key", version_id=first).status == 201
    again, _, _ = it.versions()
    it.house.ask("DELETE", "/bucket/key", f"versionId={first}")
    sweep(it.house, later=True)
    assert it.body() == it.body(f"versionId={again}") == BODY
    it.house.ask("DELETE", "/bucket/key", f"versionId={again}")
    assert segments(it.house) == []


@pytest.mark.parametrize("destination", ["bucket/other", "elsewhere/key"])
def test_a_manifest_is_not_copied_to_another_name(destination: str) -> None:
    it = Shared()
    it.house.bucket("elsewhere")
    with pytest.raises(Rejected, match="409"):
        it.copy_manifest(destination)
    assert it.swift("HEAD", f"/v1/{ALICE.account}/{destination}").status == 404
    # What it names is.
    copied = it.swift("COPY", f"{BUCKET}/key", destination=destination)
    assert copied.status == 201
    assert it.house.ask("GET", f"/{destination}").body == BODY


@pytest.mark.parametrize("header", ["x_versions_location", "x_history_location"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_swift_keeps_as_an_old_version_keeps_its_parts(
    header: str, method: str
) -> None:
    it = Shared()
    it.house.bucket("archive")
    location = {header: "archive"}
    assert it.swift("POST", BUCKET, **location).status == 204
    assert it.house.ask(method, "/bucket/key").status in (200, 204)
    sweep(it.house, later=True)
    archive = f"/v1/{ALICE.account}/archive"
    names = it.swift("GET", archive).body.decode().splitlines()
    bodies = [it.swift("GET", f"{archive}/{name}").body for name in names]
    # Without a note of the deletion the stack has nothing left to bring back.
    assert BODY in bodies or (method, header) == ("DELETE", "x_versions_location")


@pytest.mark.parametrize("header", ["x_versions_location", "x_history_location"])
@pytest.mark.parametrize("is_gone", [False, True])
def test_old_versions_keep_their_parts_when_no_more_are_kept(
    header: str, *, is_gone: bool
) -> None:
    """Also when the bucket is gone, and there is another of its name."""
    it = Shared()
    it.house.bucket("archive")
    assert it.swift("POST", BUCKET, **{header: "archive"}).status == 204
    it.house.ask("PUT", "/bucket/key", body=b"another")
    assert it.swift("POST", BUCKET, **{f"x_remove_{header[2:]}": "x"}).status == 204
    if is_gone:
        assert it.house.ask("DELETE", "/bucket/key").status == 204
        assert it.house.ask("DELETE", "/bucket").status == 204
        it.house.bucket()
        it.upload()
    sweep(it.house, later=True)
    archive = f"/v1/{ALICE.account}/archive"
    (name,) = it.swift("GET", archive).body.decode().splitlines()
    assert it.swift("GET", f"{archive}/{name}").body == BODY


def test_an_object_that_outlived_its_deletion_keeps_its_parts() -> None:
    """Another clock was ahead: what is there is newer than the deletion."""
    it = Shared()
    it.breaking.at = ("DELETE", "/bucket/key")
    it.breaking.is_superseded = True
    assert it.house.ask("DELETE", "/bucket/key").status == 204
    assert it.body() == BODY
