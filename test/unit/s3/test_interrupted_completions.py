"""Completions that are broken off or taken over: no object loses its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from objectstore.middleware.object_versioning import ObjectVersioning
from objectstore.middleware.slo import filter_factory as slo
from test.unit.proxy.cluster import Cluster
from test.unit.s3.house import ALICE, House
from test.unit.s3.test_multipart import finish, part, segments, start
from test.unit.s3.test_sweeper import sweep
from test.unit.s3.test_versions import ENABLE


class Killed(BaseException):
    """What a worker hears that is about to be no more."""


def die() -> None:
    raise Killed


class Breaking:
    """A store before one of whose requests something happens."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.at = ("", "")
        self.is_unheard = False  # it is done, and the answer lost
        self.is_superseded = False  # something newer is there
        self.happens: Callable[[], Any] = die

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        method, part_of_path = self.at
        if environ["REQUEST_METHOD"] == method and part_of_path in environ["PATH_INFO"]:
            self.at = ("", "")
            if self.is_unheard:
                list(self._app(environ, lambda *_: None))
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return [b""]
            if self.is_superseded:
                line = "202 Accepted" if method == "PUT" else "204 No Content"
                start_response(line, [("Content-Length", "0"), ("Etag", "0")])
                return [b""]
            self.happens()
        return self._app(environ, start_response)


BEFORE_PARTS_ARE_LISTED = ("GET", "+segments")
BEFORE_THE_MARKER_GOES = ("DELETE", "+segments/uploads/")


class Interrupted:
    """A house whose completions can be broken off."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.house = House(cluster=self.cluster, features_over=self._broken)
        self.house.bucket()
        self.upload = start(self.house)
        self.etags = {
            n: part(self.house, self.upload, n, bytes([64 + n]) * 10) for n in (1, 2)
        }

    def _broken(self, app: Any) -> Any:
        features = slo({})(ObjectVersioning(app, self.cluster.clock))
        self.breaking = Breaking(features)
        return self.breaking

    def break_off(self) -> None:
        """Complete; the object is there, and the client hears nothing."""
        self.breaking.at = BEFORE_THE_MARKER_GOES
        with pytest.raises(Killed):
            finish(self.house, self.upload, self.etags)

    def is_taken_over(self, at: tuple[str, str]) -> None:
        """Somebody else claims the upload at that moment of the completion."""
        record = f"/{ALICE.account}/bucket+segments/made/{self.upload}"

        def take() -> None:
            self.cluster.ask("PUT", record, body=b"another's")

        self.breaking.at, self.breaking.happens = at, take

    def version(self, body: bytes, query: str = "") -> bool:
        return self.house.ask("GET", "/bucket/key", query).body == body


BODY = b"A" * 10 + b"B" * 10


def test_an_abort_leaves_what_was_made() -> None:
    it = Interrupted()
    it.break_off()
    assert it.version(BODY)
    answer = it.house.ask("DELETE", "/bucket/key", f"uploadId={it.upload}")
    assert answer.status == 204
    assert it.version(BODY)
    sweep(it.house, later=True)
    assert it.version(BODY)


def test_a_repetition_makes_no_second_version() -> None:
    it = Interrupted()
    it.house.ask("PUT", "/bucket", "versioning=", ENABLE)
    it.break_off()
    assert finish(it.house, it.upload, it.etags).status == 200
    listed = list(it.house.ask("GET", "/bucket", "versions=").xml.all("Version"))
    assert len(listed) == 1


def test_of_two_versions_of_one_upload_one_goes() -> None:
    it = Interrupted()
    it.house.ask("PUT", "/bucket", "versioning=", ENABLE)
    it.break_off()
    it.house.ask("PUT", "/bucket/key", body=b"another")
    assert finish(it.house, it.upload, {1: it.etags[1]}).status == 200
    listed = list(it.house.ask("GET", "/bucket", "versions=").xml.all("Version"))
    short, _, whole = [version.get("VersionId") for version in listed]
    assert it.version(BODY, f"versionId={whole}")
    assert it.version(b"A" * 10, f"versionId={short}")
    it.house.ask("DELETE", "/bucket/key", f"versionId={short}")
    assert it.version(BODY, f"versionId={whole}")
    it.house.ask("DELETE", "/bucket/key", f"versionId={whole}")
    assert segments(it.house) == []


def test_who_was_taken_over_makes_nothing() -> None:
    it = Interrupted()
    it.is_taken_over(BEFORE_PARTS_ARE_LISTED)
    assert finish(it.house, it.upload, it.etags).code == "OperationAborted"
    assert it.house.ask("HEAD", "/bucket/key").status == 404


def test_who_was_taken_over_sweeps_nothing() -> None:
    """Another may be about to use those parts."""
    it = Interrupted()
    it.is_taken_over(BEFORE_THE_MARKER_GOES)
    assert finish(it.house, it.upload, {1: it.etags[1]}).status == 200
    assert sum(name.startswith("parts/") for name in segments(it.house)) == 2


def test_an_abort_that_was_taken_over_sweeps_nothing() -> None:
    it = Interrupted()
    it.is_taken_over(BEFORE_THE_MARKER_GOES)
    answer = it.house.ask("DELETE", "/bucket/key", f"uploadId={it.upload}")
    assert answer.status == 204
    assert sum(name.startswith("parts/") for name in segments(it.house)) == 2


def test_a_delete_that_became_a_marker_sweeps_nothing() -> None:
    """The bucket has versions since this process last looked."""
    it = Interrupted()
    assert finish(it.house, it.upload, it.etags).status == 200
    it.breaking.at = ("DELETE", "/bucket/key")
    it.breaking.happens = lambda: it.house.ask("PUT", "/bucket", "versioning=", ENABLE)
    assert it.house.ask("DELETE", "/bucket/key").status == 204
    listed = list(it.house.ask("GET", "/bucket", "versions=").xml.all("Version"))
    assert it.version(BODY, f"versionId={listed[0].get('VersionId')}")


def test_a_claim_of_which_nobody_heard_is_free_again() -> None:
    """The record was written, and the answer lost."""
    it = Interrupted()
    it.breaking.at = ("PUT", "+segments/made/")
    it.breaking.is_unheard = True
    assert finish(it.house, it.upload, it.etags).status == 503
    assert finish(it.house, it.upload, it.etags).status == 200
    assert it.version(BODY)


def test_what_is_newer_than_a_write_keeps_its_parts() -> None:
    it = Interrupted()
    assert finish(it.house, it.upload, it.etags).status == 200
    it.breaking.at = ("PUT", "/bucket/key")
    it.breaking.is_superseded = True
    assert it.house.ask("PUT", "/bucket/key", body=b"late").status == 200
    assert it.version(BODY)


def test_an_upload_whose_replicas_are_away_is_not_taken_for_none() -> None:
    it = Interrupted()
    marker = f"/{ALICE.account}/bucket+segments/uploads/key/{it.upload}"
    away = it.cluster.primaries("object", marker)
    for device in away:
        it.cluster.faults("object", device).down = True
    assert finish(it.house, it.upload, it.etags).status == 503
    for device in away:
        it.cluster.faults("object", device).down = False
    assert finish(it.house, it.upload, it.etags).status == 200
