"""The servers as plain WSGI callables: secrets, addresses, garbage, pages."""

from __future__ import annotations

import io
from typing import Any

import pytest

from objectstore.account.server import account_server
from objectstore.container.server import container_server
from objectstore.kernel.errors import Corrupt, InsufficientStorage, Rejected
from objectstore.kernel.request import Environ
from objectstore.object.server import object_server
from objectstore.wire import codec, frames
from objectstore.wire.errors import ERROR_CONTENT_TYPE, decode_error
from objectstore.wire.records import ObjectName, ObjectState
from test.fakes.nodes import (
    Faults,
    Faulty,
    MemoryAccountNode,
    MemoryContainerNode,
    MemoryObjectNode,
)

SECRET = "a cluster's secret"
KEY = bytes(range(16))
STATE = ObjectState(ObjectName("a", "c", "o"), 5, 4, "etag", metadata_timestamp=5)


class Answer:
    """What the application said."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes):
        self.status = int(status.split()[0])
        self.headers = dict(headers)
        self.body = body


def call(
    application: Any,
    method: str,
    path: str,
    body: bytes = b"",
    secret: str | None = SECRET,
    length: int | None = None,
) -> Answer:
    environ: Environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body) if length is None else length),
    }
    if secret is not None:
        environ["HTTP_X_RINGSTACK_SECRET"] = secret
    said: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        said.extend((status, headers))

    pieces = list(application(environ, start_response))
    return Answer(said[0], said[1], b"".join(pieces))


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def server(faults: Faults) -> Any:
    return object_server({(0, "sda"): Faulty(MemoryObjectNode(), faults)}, SECRET)


def url(verb: str = "", device: str = "sda", policy: str = "0") -> str:
    tail = f"/{verb}" if verb else ""
    return f"/v1/object/{policy}/{device}/{KEY.hex()}{tail}"


def put(server: Any, secret: str | None = SECRET) -> Answer:
    body = frames.join((codec.encode_state(STATE), True), b"body")
    return call(server, "PUT", url(), body, secret)


def test_put_and_lookup(server: Any) -> None:
    answer = put(server)
    assert answer.status == 200
    assert codec.decode_receipt(codec.unpack(answer.body)).stored
    answer = call(server, "GET", url())
    head, body = frames.split(answer.body)
    assert body == b"body"
    assert codec.decode_state(head[0]) == STATE  # type: ignore[index]
    assert int(answer.headers["Content-Length"]) == len(answer.body)


@pytest.mark.parametrize("secret", [None, "", "another secret", SECRET + "x", "é"])
def test_without_the_secret_nothing_is_told(
    server: Any, faults: Faults, secret: str | None
) -> None:
    assert put(server, secret).status == 403
    assert call(server, "GET", url(device="nowhere"), secret=secret).status == 403
    assert call(server, "GET", "/v1/what", secret=secret).status == 403
    assert faults.calls == []


def test_a_short_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        object_server({}, "short")


@pytest.mark.parametrize(
    ("device", "policy"), [("sdb", "0"), ("sda", "1"), ("sda", "x"), ("..", "0")]
)
def test_an_unknown_device_is_507(server: Any, device: str, policy: str) -> None:
    answer = call(server, "GET", url(device=device, policy=policy))
    assert answer.status == 507
    assert type(decode_error(answer.body)) is InsufficientStorage


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/"),
        ("GET", "/v1/object"),
        ("GET", "/v1/object/0/sda"),
        ("GET", "/v1/object/0/sda/xyz"),
        ("GET", "/v1/object/0/sda/" + "0a " * 10 + "00"),
        ("GET", "/v1/container/0/sda/" + KEY.hex()),
        ("PATCH", url()),
        ("GET", url("strange")),
        ("GET", url("read")),
        ("GET", url("read/1/2")),
        ("GET", url("read/1/5/2")),
        ("GET", url("read/-1/0/2")),
        ("GET", url("read/1/0/" + "9" * 30)),
        ("PUT", url("upload")),
        ("PUT", url("upload/x")),
        ("PUT", url()),
        ("POST", url("digests")),
    ],
)
def test_a_bad_address_is_400(server: Any, method: str, path: str) -> None:
    answer = call(server, method, path)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "text/plain"


GARBAGE = [
    b"",
    b"\x00",
    b"not a message at all",
    codec.pack(None),
    codec.pack([1, 2, 3]),
    codec.pack([["x"], 1]),
    codec.pack([[[]], True]),
    codec.pack({"a": 1}),
    codec.pack(-1),
    codec.pack("text"),
    frames.join([None, True], b"x"),
    frames.join([[], True], b"x"),
    frames.join([{}], b"x"),
    b"\xff" * 100,
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_400_everywhere(garbage: bytes) -> None:
    servers = {
        "object/0": object_server({(0, "sda"): MemoryObjectNode()}, SECRET),
        "container": container_server({"sda": MemoryContainerNode()}, SECRET),
        "account": account_server({"sda": MemoryAccountNode()}, SECRET),
    }
    harmless = {("GET", ""), ("GET", "state"), ("GET", "copy")}
    for kind, server in servers.items():
        for method, verb in set(server._verbs) - harmless:
            tail = {"upload": "upload/-", "read": "read/x"}.get(verb, verb)
            path = f"/v1/{kind}/sda/{KEY.hex()}/{tail}"
            answer = call(server, method, path.rstrip("/"), garbage)
            assert answer.status == 400, (kind, method, verb)


def test_a_cut_body_is_400(server: Any, faults: Faults) -> None:
    body = frames.join((codec.encode_state(STATE), True), b"body")
    assert call(server, "PUT", url(), body[:-1], length=len(body)).status == 400
    assert faults.calls == []


def test_a_body_over_its_limit_is_413(server: Any, faults: Faults) -> None:
    length = frames.FRAMED_BYTES_MAX + 1
    answer = call(server, "PUT", url(), b"", length=length)
    assert answer.status == 413
    assert faults.calls == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(Corrupt("bad"), 500), (Rejected(409, "no"), 409), (Rejected(404), 404)],
)
def test_a_node_s_error_is_told(
    server: Any, faults: Faults, error: Any, status: int
) -> None:
    faults.fail("put", error=error)
    answer = put(server)
    assert answer.status == status
    assert answer.headers["Content-Type"] == ERROR_CONTENT_TYPE
    assert type(decode_error(answer.body)) is type(error)


def upload_frames(*frames_: tuple[int, bytes]) -> bytes:
    return b"".join(
        frames.FRAME_HEAD.pack(kind, len(payload)) + payload
        for kind, payload in frames_
    )


COMMIT = (frames.COMMIT, codec.pack((codec.encode_state(STATE), True)))
DATA = (frames.DATA, b"body")


def test_an_upload_is_committed() -> None:
    node = MemoryObjectNode()
    server = object_server({(0, "sda"): node}, SECRET)
    body = upload_frames((frames.DATA, b"bo"), (frames.DATA, b"dy"), COMMIT)
    assert call(server, "PUT", url("upload/4"), body).status == 200
    assert node.bodies == {KEY: b"body"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        upload_frames(DATA),
        upload_frames(DATA, COMMIT)[:-1],
        upload_frames(DATA, COMMIT) + b"x",
        upload_frames(DATA, COMMIT, COMMIT),
        upload_frames(DATA, (frames.COMMIT, b"garbage")),
        upload_frames(DATA, (9, b"")),
        upload_frames((frames.DATA, b"bod"))[:-1],
        upload_frames(DATA)[:3],
    ],
)
def test_an_upload_that_ends_otherwise_is_never_committed(
    server: Any, faults: Faults, body: bytes
) -> None:
    assert call(server, "PUT", url("upload/-"), body).status == 400
    assert "commit" not in faults.calls
    assert faults.calls[-1] == "abort"


def test_a_failing_write_ends_the_upload(server: Any, faults: Faults) -> None:
    faults.fail("write", after=1, error=InsufficientStorage("full"))
    answer = call(server, "PUT", url("upload/-"), upload_frames(DATA, DATA, COMMIT))
    assert answer.status == 507
    assert "commit" not in faults.calls
    assert faults.calls[-1] == "abort"


def test_a_full_device_refuses_an_upload_before_its_body(
    server: Any, faults: Faults
) -> None:
    faults.fail("begin", error=InsufficientStorage("full"))
    answer = call(server, "PUT", url("upload/-"), b"never looked at")
    assert answer.status == 507
    assert faults.calls == ["begin"]


def test_many_failures_are_few_lines(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        assert call(server, "GET", url(device="nowhere")).status == 507
    assert len(caplog.messages) == 1
