"""What is not done with a resource says what is; what has not changed says nothing
that a cache would take for the object's."""

from __future__ import annotations

import pytest

from test.unit.s3.house import House


@pytest.fixture(scope="module")
def house() -> House:
    house = House()
    house.bucket()
    headers = {"content-type": "image/png", "cache-control": "max-age=60"}
    house.ask("PUT", "/bucket/key", body=b"x", headers=headers)
    return house


@pytest.mark.parametrize(
    ("method", "path", "query", "allowed"),
    [
        ("PUT", "/", "", "GET"),
        ("PATCH", "/bucket", "", "DELETE, GET, HEAD, OPTIONS, POST, PUT"),
        ("POST", "/bucket", "", "DELETE, GET, HEAD, OPTIONS, POST, PUT"),
        ("POST", "/bucket/key", "", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("POST", "/bucket", "acl=", "GET, PUT"),
        ("PUT", "/bucket", "accelerate=", "GET"),
        ("GET", "/bucket", "delete=", "POST"),
        ("POST", "/bucket/key", "tagging=", "DELETE, GET, PUT"),
    ],
)
def test_a_refused_method_tells_those_that_are_allowed(
    house: House, method: str, path: str, query: str, allowed: str
) -> None:
    answer = house.ask(method, path, query)
    assert (answer.status, answer.code) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == allowed


def test_not_modified_changes_nothing_in_a_cache(house: House) -> None:
    etag = house.ask("HEAD", "/bucket/key").headers["etag"]
    for method in ("GET", "HEAD"):
        answer = house.ask(method, "/bucket/key", headers={"if-none-match": etag})
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == "max-age=60"
        assert answer.headers["last-modified"]
        assert "content-type" not in answer.headers
        assert "content-length" not in answer.headers
