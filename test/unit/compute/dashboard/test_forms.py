"""Forms: bodies as they come, and which answers are good."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.dashboard.frame.fields import (
    BadForm,
    Field,
    Form,
    Group,
    Option,
    confirmation,
    read_values,
    refilled,
)
from compute.dashboard.frame.multipart import Multipart, boundary_of
from compute.dashboard.frame.submitted import FIELDS_MAX, Submitted, read_form
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request

BOUNDARY = "----rs7f"


def parts_of(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, filename, content in parts:
        more = "" if filename is None else f'; filename="{filename}"'
        head = f'Content-Disposition: form-data; name="{name}"{more}\r\n'
        body += f"--{BOUNDARY}\r\n{head}\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def request_of(body: bytes, kind: str) -> Request:
    return Request(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    )


def multipart_of(body: bytes) -> Request:
    return request_of(body, f"multipart/form-data; boundary={BOUNDARY}")


def slowly(body: bytes, step: int) -> Multipart:
    stream = io.BytesIO(body)
    return Multipart(lambda size: stream.read(min(size, step)), BOUNDARY.encode())


@given(
    some.lists(
        some.binary(max_size=60)
        | some.sampled_from([b"\r\n--", b"\r\n----rs7", b"--"]),
        max_size=5,
    ),
    some.integers(1, 50),
)
def test_parts_come_back_however_they_arrive(contents: list[bytes], step: int) -> None:
    body = parts_of(*((f"f{at}", "x.bin", each) for at, each in enumerate(contents)))
    found = [b"".join(part.pieces) for part in slowly(body, step).parts()]
    assert found == contents


@given(some.binary(max_size=300))
def test_garbage_is_refused_and_nothing_else(body: bytes) -> None:
    try:
        for part in slowly(body, 7).parts():
            for _ in part.pieces:
                pass
    except Rejected as error:
        assert error.status == 400


def test_a_file_is_not_read_before_it_is_asked_for() -> None:
    request = multipart_of(
        parts_of(("csrf", None, b"t"), ("file", "a.bin", b"x" * 900_000),
                 ("file", "b.bin", b"y"), ("late", None, b"unseen"))
    )  # fmt: skip
    submitted = read_form(request, "file")
    assert submitted.one("csrf") == "t" and submitted.one("late") == ""
    assert request.body.tell() < 600_000
    found = {part.filename: b"".join(part.pieces) for part in submitted.files}
    assert {name: len(raw) for name, raw in found.items()} == {
        "a.bin": 900_000,
        "b.bin": 1,
    }


def test_names_of_files_are_plain() -> None:
    body = parts_of(("f", 'a%22b\\"c.txt', b""))
    (part,) = (part.filename for part in slowly(body, 99).parts())
    assert part == 'a"b"c.txt'


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; b=1"])
def test_no_boundary(kind: str) -> None:
    with pytest.raises(Rejected):
        boundary_of(kind)


def test_urlencoded_forms_and_their_bounds() -> None:
    plain = "application/x-www-form-urlencoded"
    form = read_form(request_of(b"a=%F0%9F%98%80&a=2&b=x%0D%0Ay", plain))
    assert form.all("a") == ["\U0001f600", "2"] and form.one("b") == "x\ny"
    for body in (b"a=%ff", b"a=1&" * FIELDS_MAX + b"b", b"n" * 300 + b"=1"):
        with pytest.raises(Rejected):
            read_form(request_of(body, plain))
    with pytest.raises(Rejected) as caught:
        read_form(request_of(b"a=" + b"x" * (3 << 20), plain))
    assert caught.value.status == 413
    with pytest.raises(Rejected):
        read_form(request_of(b"{}", "application/json"))
    with pytest.raises(Rejected) as caught:
        read_form(multipart_of(parts_of(("t", "t", b"x" * (3 << 20)))))
    assert caught.value.status == 413


FORM = Form(
    "T",
    [
        Field("name", "Name", is_required=True, longest=5),
        Group(
            "More",
            [
                Field("count", "Count", "number", least=1, most=9),
                Field("kind", "Kind", "select", options=[Option("a", "A")]),
                Field("boxes", "Boxes", "checks", options=[Option("x", "X")]),
                Field("secret", "Secret", "password"),
            ],
        ),
    ],
    "Go",
    "/",
)


def submitted(**values: str) -> Submitted:
    return Submitted({name: [value] for name, value in values.items()})


def test_good_answers() -> None:
    values = read_values(
        FORM, submitted(name=" ann ", count="3", kind="a", boxes="x", secret=" s ")
    )
    assert values["name"] == "ann" and values.number("count") == 3
    assert values.chosen("boxes") == ["x"] and values["secret"] == " s "
    assert values["nothing"] == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""), ("name", "toolong"), ("count", "0"), ("count", "10"),
        ("count", "1.5"), ("count", "\u0663"), ("count", "9" * 40), ("kind", "b"),
        ("boxes", "y"),
    ],
)  # fmt: skip
def test_bad_answers_are_told_at_their_field(name: str, value: str) -> None:
    with pytest.raises(BadForm) as caught:
        read_values(FORM, submitted(**{"name": "ann", name: value}))
    assert set(caught.value.errors) == {name}


def test_a_form_keeps_its_answers_but_no_password() -> None:
    again = refilled(FORM, submitted(name="ann", secret="s"), {"name": "no", "": "all"})
    fields = {each.name: each for each in again.flat()}
    assert fields["name"].value == "ann" and fields["name"].error == "no"
    assert fields["secret"].value == "" and again.problem == "all"


def test_what_nobody_sees_is_what_the_form_says() -> None:
    new = Form("Add it", [Field("key", "Key", "hidden", ["new"])], "Go", "/")
    (field,) = refilled(new, submitted(key="forged"), {}).flat()
    assert field.value == "new"


@pytest.mark.parametrize(
    ("question", "title", "lead"),
    [
        ("Reboot this server?", "Reboot this server?", ""),
        ("Stop it? What runs in it ends.", "Stop it?", "What runs in it ends."),
        ("Delete this key?", "Delete this key?", "This cannot be taken back."),
        ("Delete it? Its disk is lost.", "Delete it?", "Its disk is lost."),
    ],
)
def test_only_what_is_gone_is_said_to_be(question: str, title: str, lead: str) -> None:
    form = confirmation(question, "/servers")
    assert (form.title, form.lead, form.cancel) == (title, lead, "/servers")
