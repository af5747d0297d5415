"""What a form has sent, within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from compute.dashboard.frame.multipart import PIECE_BYTES, Multipart, Part, boundary_of
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request

# A server's user data is 64 KiB in base64, a stack's template 512 KiB.
FORM_BYTES_MAX = 2 * 1024 * 1024
# What is sent beyond that, and read only so that its sender sees why it was refused.
READ_OFF_BYTES_MAX = 32 * 1024 * 1024
# A thousand boxes, which is what a list shows, and what stands beside them.
FIELDS_MAX = 1100
NAME_CHARACTERS_MAX = 200
MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Submitted:
    """Values by name; ``files`` are those that are not to be held, as they come."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Iterator[Part] = iter(())

    def one(self, name: str, default: str = "") -> str:
        """The first value of that name."""
        found = self.values.get(name)
        return found[0] if found else default

    def all(self, name: str) -> list[str]:
        """Every value of that name that is not empty."""
        return [value for value in self.values.get(name, ()) if value]


def read_form(request: Request, streamed: str = "") -> Submitted:
    """The body of a form.  ``streamed``: the name of a field whose files are not read
    here; what stands behind the first of them is not seen.  ``Rejected`` 400, 413."""
    kind = request.environ.get("CONTENT_TYPE", "")
    if kind.startswith(MULTIPART):
        return _read_parts(request, boundary_of(kind), streamed)
    if kind and not kind.startswith(URLENCODED):
        raise Rejected(400, "A form was expected")
    raw = request.read_small_body(FORM_BYTES_MAX)
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise Rejected(400, "The form is malformed or too long") from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        _add(values, name, value)
    return Submitted(values)


def script_upload(request: Request, name: str) -> Submitted:
    """What our script sends: a file's bytes as they are, the answers in the address."""
    pieces = iter(lambda: request.body.read(PIECE_BYTES), b"")
    kind = request.environ.get("CONTENT_TYPE", "")
    part = Part(name, request.query.get("file", ""), kind, pieces)
    values = {key: [value] for key, value in request.query.items()}
    return Submitted(values, iter([part]))


def read_off(request: Request) -> None:
    """The rest of the body, unread by anybody, within bounds; browsers look at no
    answer before they have sent all of their form."""
    left = READ_OFF_BYTES_MAX
    with suppress(Rejected, OSError):
        while left > 0 and (piece := request.body.read(min(PIECE_BYTES, left))):
            left -= len(piece)


def _read_parts(request: Request, boundary: bytes, streamed: str) -> Submitted:
    values: dict[str, list[str]] = {}
    left = FORM_BYTES_MAX
    parts = Multipart(request.body.read, boundary).parts()
    for count, part in enumerate(parts):
        if count >= FIELDS_MAX:
            raise Rejected(400, "The form has too many fields")
        if part.filename is not None and part.name == streamed:
            return Submitted(values, _files(part, parts, streamed))
        raw = bytearray()
        for piece in part.pieces:
            raw += piece
            if len(raw) > left:
                raise Rejected(413, "The form is too large")
        left -= len(raw)
        if part.filename == "" and not raw:
            continue  # a file field that was left empty
        try:
            _add(values, part.name, raw.decode("utf-8"))
        except UnicodeDecodeError:
            raise Rejected(400, f"{part.name} is no text (UTF-8)") from None
    return Submitted(values)


def _files(first: Part, parts: Iterator[Part], name: str) -> Iterator[Part]:
    if first.filename:
        yield first
    for part in parts:
        if part.name == name and part.filename:
            yield part


def _add(values: dict[str, list[str]], name: str, value: str) -> None:
    if len(name) > NAME_CHARACTERS_MAX:
        raise Rejected(400, "The form is malformed")
    # Browsers send line breaks of text as CR LF.
    values.setdefault(name, []).append(value.replace("\r\n", "\n"))
