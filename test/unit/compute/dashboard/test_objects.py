"""Large files are cut, and links signed, as the object store takes them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.dashboard.frame.application import NOBODY
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.multipart import Part
from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.objects.links import signed_url
from compute.dashboard.pages.objects.upload import SEGMENTS_MAX, put_segments, upload
from compute.dashboard.rooms import Rooms
from objectstore.client.caller import Answer
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.request import Request


def stored(pieces: Iterator[bytes], size: int) -> tuple[list[int], dict[str, bytes]]:
    """The sizes that the manifest names, and what was stored."""
    found: dict[str, bytes] = {}

    def put(name: str, some_of_it: Iterator[bytes]) -> str:
        found[name] = b"".join(some_of_it)
        return "etag"

    manifest = put_segments(put, "f/1", pieces, size)
    assert [each["name"] for each in manifest] == list(found)
    return [each["size_bytes"] for each in manifest], found


@given(some.lists(some.binary(max_size=30), max_size=12), some.integers(1, 50))
def test_segments_make_the_file_again(pieces: list[bytes], size: int) -> None:
    whole = b"".join(pieces)
    sizes, found = stored(iter(pieces), size)
    assert b"".join(found.values()) == whole
    assert sizes == [len(each) for each in found.values()]
    assert all(each == size for each in sizes[:-1]) and sizes[-1] <= size
    # A file without bytes is one segment without bytes, and no other is.
    assert sizes[-1] > 0 or whole == b""


def test_a_file_has_only_so_many_segments() -> None:
    with pytest.raises(Rejected) as refused:
        stored(iter([b"x"] * (SEGMENTS_MAX + 1)), 1)
    assert refused.value.status == 413


def test_a_link_is_signed_as_the_store_asks() -> None:
    # printf 'GET\n1000\n/v1/AUTH_p/c/a b' | openssl dgst -sha256 -hmac key
    url = signed_url("http://store/v1/AUTH_p/c/a%20b", "key", 1000)
    path, _, query = url.partition("?")
    assert path == "http://store/v1/AUTH_p/c/a%20b"
    assert query == (
        "temp_url_sig=73a18221a3073ec341df9a93880aad98a3d88f31d02a536a4ebf1b7403e51d28&temp_url_expires=1000"
    )


class Store:
    """Takes everything, and answers the manifest with that status; 0: not at all."""

    def __init__(self, status: int) -> None:
        self._status = status
        self.held: set[str] = set()

    def request(
        self, method: str, path: str, headers: Any, body: Any, *, timeout: float
    ) -> Answer:
        if not isinstance(body, bytes):
            body = b"".join(body)
        if method == "DELETE":
            self.held.discard(path)
        else:
            self.held.add(path)
        if "multipart-manifest" not in path:
            return Answer(201, {"etag": "e"}, [])
        if not self._status:
            raise Unavailable("no answer came in time")
        return Answer(self._status, {}, [])


@pytest.mark.parametrize(("status", "stay"), [(201, True), (422, False), (0, True)])
def test_segments_stay_while_a_manifest_may_name_them(status: int, stay: bool) -> None:
    store = Store(status)
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": BytesIO()}
    visit = Visit(
        Request(environ), NOBODY, Rooms({"object-store": store}, "t", "p"), "",
        {"container": "c"}, 1000.0,
    )  # fmt: skip
    file = Part("files", "f", "text/plain", iter([b"some bytes"]))
    visit.submitted = Submitted({}, iter([file]))
    try:
        upload(visit, Values(visit.submitted, {"prefix": ""}))
    except (Rejected, Unavailable):
        assert status != 201
    segment = "/v1/AUTH_/c_segments/f/1000.000000/00000000"
    assert (segment in store.held) is stay
