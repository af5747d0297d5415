"""Requests as filters see them."""

from __future__ import annotations

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context, Environ, Request


def environ_of(path: str, context: Context | None = None) -> Environ:
    environ: Environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
    if context is not None:
        environ[CONTEXT_KEY] = context
    return environ


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/v1/a/c/o/p", ("v1", "a", "c", "o/p")),
        ("/v1/a/c", ("v1", "a", "c", "")),
        ("/v1", ("v1", "", "", "")),
        ("/", ("", "", "", "")),
        ("", ("", "", "", "")),
        ("v1/a", ("", "", "", "")),
        ("/v1/a/c/\xc3\xb6", ("v1", "a", "c", "ö")),
    ],
)
def test_a_path_has_up_to_four_parts(path: str, parts: tuple[str, ...]) -> None:
    assert Request(environ_of(path)).split() == parts


def test_requests_of_one_context_have_each_their_own_parts() -> None:
    context = Context()
    outer = Request(environ_of("/v1/a/c/o", context))
    assert outer.split() == ("v1", "a", "c", "o")
    inner = Request(environ_of("/v1/a/d/p", context))
    assert inner.split() == ("v1", "a", "d", "p")
    assert outer.split() == ("v1", "a", "c", "o")
    outer.set_path("/v1/a/e/ö")
    assert outer.split() == ("v1", "a", "e", "ö")
    outer.environ["PATH_INFO"] = "/v1/b"
    assert outer.split() == ("v1", "b", "", "")


def test_a_path_that_is_not_utf8_is_refused_every_time() -> None:
    request = Request(environ_of("/v1/a/c/\xff", Context()))
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            request.split()
        assert caught.value.status == 412
