"""Objects that are deleted together, and what of one is looked at."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import orjson
import pytest

from compute.dashboard.frame.application import NOBODY
from compute.dashboard.frame.fields import Form, Values
from compute.dashboard.frame.submitted import URLENCODED, Submitted, read_form
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.objects.objects import (
    LISTED_MAX,
    chosen_form,
    delete_some,
    fitting,
)
from compute.dashboard.pages.objects.preview import TEXT_BYTES_SHOWN, preview_of
from compute.dashboard.rooms import Rooms
from objectstore.client.caller import Answer
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request


class Store:
    """Has these objects, and a thousand below each folder; gives all of one whatever
    part is asked for."""

    def __init__(self, *names: str, content: bytes = b"") -> None:
        self.names = set(names)
        self.listings = 0
        self._content = content

    def request(
        self, method: str, path: str, headers: Any, body: Any, *, timeout: float
    ) -> Answer:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if "prefix" in query:
            self.listings += 1
            below = [f"{query['prefix'][0]}{each}" for each in range(LISTED_MAX)]
            raw = orjson.dumps([{"name": each, "bytes": 1} for each in below])
            return Answer(200, {}, [raw])
        name = unquote(parts.path).rpartition("/")[2]
        if name not in self.names:
            return Answer(404, {}, [])
        if method == "DELETE":
            self.names.discard(name)
        return Answer(200, {}, [self._content] if method == "GET" else [])


def visit_of(store: Store, **values: list[str]) -> Visit:
    request = Request({"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO()})
    visit = Visit(
        request, NOBODY, Rooms({"object-store": store}, "t", "p"), "",
        {"container": "c"}, 1000.0,
    )  # fmt: skip
    visit.submitted = Submitted(values)
    return visit


def test_what_is_gone_already_keeps_none_of_the_others() -> None:
    names = [f"n{each:02d}" for each in range(45)]
    store = Store(*names[1:])
    visit = visit_of(store)
    delete_some(visit, Values(visit.submitted, {}, {"names": names}))
    assert not store.names


def test_what_a_list_shows_is_sent_in_one_form() -> None:
    for name in ("n" * 9, "\u2603" * 341):
        names = fitting(f"{name}{each}" for each in range(2 * LISTED_MAX))
        raw = urlencode({"csrf": "c" * 32, "names": names}, doseq=True).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": URLENCODED,
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw),
        }
        assert read_form(Request(environ)).all("names") == names
        assert len(names) == LISTED_MAX or len(name) > 9


def test_folders_are_looked_into_until_the_form_is_full() -> None:
    store = Store()
    visit = visit_of(store, names=[f"folder-{each}/" for each in range(900)])
    form = chosen_form(visit, Values(visit.submitted, {}))
    assert isinstance(form, Form)
    assert len(form.flat()[0].options) == LISTED_MAX
    assert "There is more" in form.flat()[0].help
    assert store.listings <= 2


def test_nothing_chosen_is_told() -> None:
    visit = visit_of(Store())
    with pytest.raises(Rejected):
        chosen_form(visit, Values(visit.submitted, {}))


def test_no_more_of_a_text_is_read_than_shown() -> None:
    size = 4 * TEXT_BYTES_SHOWN
    visit = visit_of(Store("a", content=b"x" * size))
    headers = {"content-type": "text/plain", "content-length": str(size)}
    assert preview_of(visit, "a", headers) == []
    visit = visit_of(Store("a", content=b"x" * TEXT_BYTES_SHOWN))
    assert len(preview_of(visit, "a", headers)[0].text) == TEXT_BYTES_SHOWN
