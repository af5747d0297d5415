"""Whose parts go when an object is written over."""

from __future__ import annotations

from objectstore.s3 import sysmeta
from objectstore.s3.inner import Answer
from objectstore.s3.multipart.leftovers import Replaced, replaced_by


def head(line: str, upload_id: str) -> Answer:
    return Answer(line, [(sysmeta.UPLOAD_ID, upload_id)], ())


def test_the_parts_of_another_upload_go() -> None:
    assert replaced_by(head("200 OK", "one")) == Replaced("one")
    assert replaced_by(head("200 OK", "one"), own_upload="two") == Replaced("one")
    assert replaced_by(head("404 Not Found", "one")) is None
    assert replaced_by(Answer("200 OK", [], ())) is None


def test_a_completion_that_is_repeated_keeps_its_own() -> None:
    assert replaced_by(head("200 OK", "one"), own_upload="one") is None
