"""formpost: forms in pieces of any size, signatures, bounds, answers."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.middleware.formpost import Formpost, FormpostSettings
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.signed.multipart import BadForm, parse_value, parts_of
from test.fakes.swift_app import (
    Answer,
    Client,
    Got,
    KnownFacts,
    SteppedClock,
    SwiftApp,
    make_environ,
)

NOW = 1_700_000_000
PATH = "/v1/a/c/up-"
TYPE = "multipart/form-data; boundary=XyZ"


def form(*parts: tuple[str, str, bytes], end: bytes = b"--\r\n") -> bytes:
    """Parts are (name, file name or "", content)."""
    made = b""
    for name, filename, content in parts:
        made += f'--XyZ\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if filename:
            made += f'; filename="{filename}"\r\nContent-Type: text/x'.encode()
        made += b"\r\n\r\n" + content + b"\r\n"
    return made + b"--XyZ" + end


def fields(key: str = "key", digest: str = "sha256", **changed: str) -> Any:
    values = {
        "redirect": "",
        "max_file_size": "10",
        "max_file_count": "2",
        "expires": str(NOW + 60),
        **changed,
    }
    order = ("redirect", "max_file_size", "max_file_count", "expires")
    text = "\n".join([PATH, *(values[name] for name in order)])
    values.setdefault(
        "signature", hmac.new(key.encode(), text.encode(), digest).hexdigest()
    )
    return [(name, "", value.encode()) for name, value in values.items()]


class House:
    def __init__(self) -> None:
        self.server = SwiftApp()
        self.server.default = Answer(201)
        facts = KnownFacts(
            {"a": {"X-Account-Meta-Temp-Url-Key-2": "key"}},
            {("a", "c"): {"X-Container-Meta-Temp-Url-Key": "ckey"}},
        )
        app = Formpost(self.server, FormpostSettings(), SteppedClock(NOW))
        self.client = Client(app, facts)

    def post(self, body: bytes, path: str = PATH) -> Got:
        return self.client("POST", path, {"Content-Type": TYPE}, body)


FILE = ("file1", "fïle.txt", b"0123")


def test_an_upload() -> None:
    house = House()
    got = house.post(form(*fields(x_delete_after="60"), FILE, ("f", "two", b"")))
    assert (got.status, got.body) == (201, b"201 Created")
    one, two = house.server.seen
    assert (one.method, one.path, one.body) == ("PUT", "/v1/a/c/up-fïle.txt", b"0123")
    assert one.headers["Content-Type"] == "text/x"
    assert one.headers["X-Delete-After"] == "60"
    assert one.headers["Transfer-Encoding"] == "chunked"
    assert (two.path, two.body) == ("/v1/a/c/up-two", b"")


def test_the_bearer_may_only_write_that_object() -> None:
    house = House()
    house.post(form(*fields(), FILE))
    authorize = house.server.last.context.authorize
    assert authorize is not None
    with pytest.raises(Rejected):
        authorize(Request(make_environ("PUT", "/v1/a/c/other")), AccessRules())
    with pytest.raises(Rejected):
        authorize(Request(make_environ("GET", house.server.last.path)), AccessRules())


def test_headers_of_the_form_do_not_reach_the_upload() -> None:
    house = House()
    headers = {
        "Content-Type": TYPE,
        "X-Copy-From": "c/secret",
        "X-Object-Manifest": "c/secret",
        "X-Object-Meta-A": "1",
        "Content-Encoding": "gzip",
    }
    house.client("POST", PATH, headers, form(*fields(), FILE))
    seen = house.server.last.headers
    assert set(seen) == {"Content-Type", "Transfer-Encoding"}


def test_keys_and_digests() -> None:
    assert House().post(form(*fields("ckey", "sha512"), FILE)).status == 201
    for key, digest in (("key", "sha1"), ("other", "sha256")):
        with pytest.raises(Rejected, match="401 FormPost: Invalid Signature"):
            House().post(form(*fields(key, digest), FILE))


@pytest.mark.parametrize(
    ("changed", "status", "text"),
    [
        ({"expires": str(NOW - 1)}, 401, "FormPost: Form Expired"),
        ({"expires": "soon"}, 400, "FormPost: expires not an integer"),
        ({"max_file_count": "x"}, 400, "FormPost: max_file_count not an integer"),
        ({"max_file_size": "x"}, 400, "FormPost: max_file_size not an integer"),
        ({"x_delete_at": "x"}, 400, "FormPost: x_delete_at not an integer"),
        ({"signature": ""}, 401, "FormPost: Invalid Signature"),
    ],
)
def test_bad_forms(changed: dict[str, str], status: int, text: str) -> None:
    house = House()
    with pytest.raises(Rejected) as caught:
        house.post(form(*fields(**changed), FILE))
    assert (caught.value.status, caught.value.text) == (status, text)
    assert house.server.seen == []


def test_too_many_files() -> None:
    got = House().post(form(*fields(), FILE, FILE, FILE))
    assert got.status == 400
    assert got.body == b"400 Bad Request\r\nFormPost: Max File Count Exceeded"


def test_too_large_files() -> None:
    got = House().post(form(*fields(), ("f", "big", b"x" * 11)))
    assert got.status == 400
    assert got.body == b"400 Bad Request\r\nFormPost: Max_File_Size Exceeded"


def test_no_files() -> None:
    got = House().post(form(*fields()))
    assert got.body == b"400 Bad Request\r\nFormPost: No Files To Process"


def test_redirects() -> None:
    got = House().post(form(*fields(redirect="https://x/y"), FILE))
    assert got.status == 303
    assert got.headers["Location"] == "https://x/y?status=201&message="
    got = House().post(form(*fields(redirect='https://x/y?a="><b>'), *[FILE] * 3))
    message = "status=400&message=max%20file%20count%20exceeded"
    assert got.headers["Location"].endswith(f"&{message}")
    assert b"<b>" not in got.body


def test_the_servers_refusal_is_told() -> None:
    house = House()
    house.server.default = Rejected(413, "Upload exceeds quota.")
    got = house.post(form(*fields(), FILE))
    assert got.body == (
        b"413 Request Entity Too Large\r\nFormPost: Upload Exceeds Quota."
    )


def test_container_paths_get_their_slash() -> None:
    house = House()
    text = f"/v1/a/c\n\n10\n2\n{NOW + 60}"
    made = hmac.new(b"key", text.encode(), "sha256").hexdigest()
    house.post(form(*fields(signature=made), FILE), "/v1/a/c")
    assert house.server.last.path == "/v1/a/c/fïle.txt"


def test_what_is_no_form_passes() -> None:
    house = House()
    for content_type in ("text/plain", "multipart/form-data", ""):
        house.client("POST", PATH, {"Content-Type": content_type})
    for path in ("/bucket", "/bucket/key/more", "/v1/a"):
        house.client("POST", path, {"Content-Type": TYPE}, b"--XyZ--\r\n")
    assert len(house.server.seen) == 6


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"--Xyz\r\n",
        form(*fields(), FILE)[:-6],
        form(*fields(), FILE, end=b"")[:-20],
        b"--XyZ\r\n" + b"a" * 20_000,
    ],
)
def test_broken_bodies(body: bytes) -> None:
    with pytest.raises(Rejected, match="400 FormPost: "):
        House().post(body)


contents = st.lists(
    st.binary(max_size=30)
    | st.sampled_from([b"\r\n--XyZ!"[:7], b"--", b"\r\n", b"\r"]),
    max_size=4,
)


@given(contents, st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_parts_come_out_as_they_went_in(values: list[bytes], sizes: list[int]) -> None:
    values = [value for value in values if b"--XyZ" not in value]
    body = form(*((f"n{i}", "f", value) for i, value in enumerate(values)))
    pieces = []
    turn = 0
    while body:
        size = sizes[turn % len(sizes)]
        pieces.append(body[:size])
        body, turn = body[size:], turn + 1
    read = IterableInput(pieces).read1
    got = [(part.name, b"".join(part)) for part in parts_of(read, "XyZ")]
    assert got == [(f"n{i}", value) for i, value in enumerate(values)]


def test_skipped_parts_do_not_disturb_the_next() -> None:
    body = form(("a", "f", b"x" * 100_000), ("b", "", b"y"))
    stream = IterableInput([body])
    names = [part.name for part in parts_of(stream.read1, "XyZ")]
    assert names == ["a", "b"]


def test_a_form_without_end() -> None:
    with pytest.raises(BadForm):
        list(parts_of(IterableInput([b"--XyZ"]).read, "XyZ"))


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        (
            'form-data; name="a"; filename="b c.txt"',
            {"name": "a", "filename": "b c.txt"},
        ),
        (
            'form-data; filename="a\\"b;c=d"; name=e',
            {"filename": 'a"b;c=d', "name": "e"},
        ),
        ("form-data;Name = a ;name=b", {"name": "a"}),
        ('form-data; filename="never ended', {"filename": "never ended"}),
        ("form-data; filename*=utf-8''a", {"filename*": "utf-8''a"}),
        ('form-data; filename="a\u2028\x85\rb"', {"filename": "a\u2028\x85\rb"}),
        ('form-data; name*="a"; name*0="b"', {"name*": "a", "name*0": "b"}),
        ("form-data; name=a" + "(" * 9000, {"name": "a" + "(" * 9000}),
        ("form-data" + '; a="\\"' * 1000, {"a": '"; a='}),
    ],
)
def test_parameters_of_any_header(text: str, parameters: dict[str, str]) -> None:
    assert parse_value(text) == ("form-data", parameters)


def test_a_form_without_a_boundary_is_not_taken() -> None:
    house = House()
    house.client("POST", PATH, {"Content-Type": f"multipart/form-data; {'(' * 999}"})
    assert [seen.method for seen in house.server.seen] == ["POST"]
