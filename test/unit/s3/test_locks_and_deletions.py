"""Holds and deletions of one version at once: what is held is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from test.fakes.swift_features import SwiftFeatures
from test.unit.s3.house import House
from test.unit.s3.test_versions import locked, put

HOLD = b"<LegalHold><Status>ON</Status></LegalHold>"


class Meeting:
    """A house in which something happens before a request of the store."""

    def __init__(self) -> None:
        self.house = House(features_over=self._watched)
        locked(self.house)
        self.version = put(self.house, b"one")
        self.before: tuple[str, str, Callable[[], Any]] | None = None
        self.is_unsure = False  # those with the version are away

    def _watched(self, app: Any) -> Any:
        features = SwiftFeatures(app)
        self.before = None
        self.is_unsure = False

        def watched(environ: dict[str, Any], start_response: Any) -> Any:
            if self.is_unsure and environ["REQUEST_METHOD"] == "HEAD":
                unsure = ("X-Ringstack-Consistency", "reduced")
                start_response("404 Not Found", [("Content-Length", "0"), unsure])
                return [b""]
            if self.before is not None:
                method, path, happens = self.before
                if environ["REQUEST_METHOD"] == method and path in environ["PATH_INFO"]:
                    self.before = None
                    happens()
            return features(environ, start_response)

        return watched

    def hold(self) -> int:
        query = f"legal-hold=&versionId={self.version}"
        return self.house.ask("PUT", "/bucket/key", query, HOLD).status

    def delete(self) -> int:
        query = f"versionId={self.version}"
        return self.house.ask("DELETE", "/bucket/key", query).status

    def is_there(self) -> bool:
        query = f"versionId={self.version}"
        return self.house.ask("HEAD", "/bucket/key", query).status == 200


def test_who_comes_while_it_is_deleted_does_not_hold_it() -> None:
    it = Meeting()
    held: list[int] = []
    it.before = ("DELETE", "/bucket/key", lambda: held.append(it.hold()))
    assert it.delete() == 204
    assert held == [409]
    assert it.hold() == 404


def test_a_hold_that_came_before_is_seen() -> None:
    it = Meeting()
    held: list[int] = []
    it.before = ("PUT", "+locks/", lambda: held.append(it.hold()))
    assert it.delete() == 403
    assert held == [200]
    assert it.is_there()


@pytest.mark.parametrize("at", ["GET", "PUT"])
def test_who_looked_before_it_was_deleted_holds_nothing(at: str) -> None:
    it = Meeting()
    it.before = (at, "+locks/", it.delete)
    assert it.hold() in (404, 409)
    assert not it.is_there()
    assert it.hold() == 404


def test_what_cannot_be_looked_up_is_not_deleted() -> None:
    it = Meeting()
    assert it.hold() == 200
    it.is_unsure = True
    assert it.delete() == 503
    it.is_unsure = False
    assert it.is_there()
    assert it.delete() == 403


def test_of_two_deletions_both_are_done() -> None:
    it = Meeting()
    it.before = ("DELETE", "/bucket/key", it.delete)
    assert it.delete() == 204
    assert not it.is_there()
