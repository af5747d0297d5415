"""Reading a form from its body, in whatever pieces it comes."""

from __future__ import annotations

import io

import pytest

from objectstore.s3.errors import S3Error
from objectstore.s3.payload.form_stream import FormStream
from test.unit.s3.forms import BOUNDARY, form_body


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50, 1000])
def test_a_form_may_come_in_any_pieces(size: int) -> None:
    content = b"\r\n--" + BOUNDARY[:-1].encode() + b"\r\n-\r" * 9

    class Dribble(io.BytesIO):
        def read1(self, _: int = -1) -> bytes:  # type: ignore[override]
            return self.read(size)

    body = Dribble(form_body({"key": "k", "a": "b"}, content))
    stream = FormStream(body, f"multipart/form-data; boundary={BOUNDARY}")
    form = stream.read_form()
    assert form.fields == {"key": "k", "a": "b"}
    assert stream.read() == content


@pytest.mark.parametrize(
    "body",
    [b"", b"x" * 30_000, b"--" + BOUNDARY.encode() + b"\r\n", form_body({}, b"")[:-30]],
)
def test_bad_forms_end_in_an_error(body: bytes) -> None:
    stream = FormStream(io.BytesIO(body), f"multipart/form-data; boundary={BOUNDARY}")
    with pytest.raises(S3Error) as caught:
        stream.read_form()
        stream.read()
    assert caught.value.status == 400
