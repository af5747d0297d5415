"""Range requests: one piece, several, the end, none; If-Range."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message

import pytest
import swiftclient

from test.functional.harness.http import Answer, Client
from test.functional.harness.tools import curl
from test.functional.test_objects import INLINE, pattern

# One object in the log, one in a body file.
SIZES = {"small": 10_000, "large": INLINE + 70_001}


@pytest.fixture(params=SIZES)
def kept(request: pytest.FixtureRequest, client: Client, container: str) -> bytes:
    data = pattern(SIZES[request.param])
    client.ok("PUT", container, "object", body=data, Content_Type="x/y")
    return data


def asked(client: Client, container: str, text: str, **headers: str) -> Answer:
    return client.call("GET", container, "object", Range=text, **headers)


def parts_of(answer: Answer) -> list[tuple[str, str, bytes]]:
    """(Content-Type, Content-Range, bytes) of every part, as a stock parser reads."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    found = []
    for part in parts:
        assert isinstance(part, Message)
        found.append((part["Content-Type"], part["Content-Range"]))
    # The stock parser may change line ends, so the bytes are cut out by hand.
    match = re.search("boundary=(.*)", answer.headers["content-type"])
    assert match is not None
    mark = b"--" + match[1].encode()
    pieces = answer.body.split(mark)
    assert pieces[0] in (b"", b"\r\n")
    assert pieces[-1].startswith(b"--")
    bodies = [piece.partition(b"\r\n\r\n")[2][:-2] for piece in pieces[1:-1]]
    return [(*one, body) for one, body in zip(found, bodies, strict=True)]


def test_one_piece(client: Client, container: str, kept: bytes) -> None:
    size = len(kept)
    wanted = {
        "bytes=0-0": (0, 1),
        "bytes=0-": (0, size),
        "bytes=1-9": (1, 10),
        "bytes=-1": (size - 1, size),
        "bytes=-500": (size - 500, size),
        f"bytes={size - 1}-": (size - 1, size),
        f"bytes={size - 1}-{size + 99}": (size - 1, size),
        f"bytes=-{size}": (0, size),
        f"bytes=-{size + 10}": (0, size),
        "bytes=5000-9000": (5000, 9001),
        "Bytes = 3 - 4": (3, 5),
    }
    for text, (start, stop) in wanted.items():
        answer = asked(client, container, text)
        assert answer.status == 206, text
        assert answer.body == kept[start:stop], text
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert answer.headers["content-length"] == str(stop - start)
        assert answer.headers["content-type"] == "x/y"
        assert "etag" in answer.headers


def test_several_pieces(client: Client, container: str, kept: bytes) -> None:
    size = len(kept)
    wanted = {
        "bytes=0-9,20-29": [(0, 10), (20, 30)],
        "bytes=0-0,-1": [(0, 1), (size - 1, size)],
        "bytes=-10, 0-9 ,500-600": [(size - 10, size), (0, 10), (500, 601)],
        f"bytes=100-200,{size + 5}-,4000-7000": [(100, 201), (4000, 7001)],
    }
    for text, slices in wanted.items():
        answer = asked(client, container, text)
        assert answer.status == 206, text
        assert answer.headers["content-type"].startswith("multipart/byteranges;")
        assert answer.headers["content-length"] == str(len(answer.body))
        assert parts_of(answer) == [
            ("x/y", f"bytes {start}-{stop - 1}/{size}", kept[start:stop])
            for start, stop in slices
        ], text


def test_one_of_several_is_left(client: Client, container: str, kept: bytes) -> None:
    answer = asked(client, container, f"bytes=10-19,{len(kept)}-")
    assert answer.status == 206
    assert answer.body == kept[10:20]
    assert answer.headers["content-range"] == f"bytes 10-19/{len(kept)}"


def test_what_is_not_there(client: Client, container: str, kept: bytes) -> None:
    size = len(kept)
    many = ",".join(f"{n * 2}-{n * 2}" for n in range(51))
    overlapping = "0-100,50-150,60-160,70-170"
    for text in (f"{size}-", f"{size + 1}-{size + 2}", "-0", many, overlapping):
        answer = asked(client, container, f"bytes={text}")
        assert answer.status == 416, text
        assert answer.headers["content-range"] == f"bytes */{size}"
        assert kept[:100] not in answer.body


def test_what_is_no_range_is_ignored(
    client: Client, container: str, kept: bytes
) -> None:
    for text in ("bytes=9-3", "bytes=a-b", "lines=1-2", "bytes", "bytes=", "bytes=-"):
        answer = asked(client, container, text)
        assert (answer.status, answer.body) == (200, kept), text


def test_of_nothing(client: Client, container: str) -> None:
    client.ok("PUT", container, "object", body=b"")
    assert asked(client, container, "bytes=0-0").status == 416
    assert client.call("GET", container, "object").status == 200


def test_if_range(client: Client, container: str, kept: bytes) -> None:
    head = client.ok("HEAD", container, "object").headers
    part, whole = (206, kept[:5]), (200, kept)
    for validator, wanted in {
        f'"{head["etag"]}"': part,
        head["last-modified"]: part,
        '"other"': whole,
        "Wed, 21 Oct 2015 07:28:00 GMT": whole,
    }.items():
        answer = asked(client, container, "bytes=0-4", If_Range=validator)
        assert (answer.status, answer.body) == wanted, validator


def test_head_takes_no_range(client: Client, container: str, kept: bytes) -> None:
    answer = client.call("HEAD", container, "object", Range="bytes=0-4")
    assert answer.headers["content-length"] in ("5", str(len(kept)))
    assert answer.body == b""


def test_stock_clients(
    endpoint: str, client: Client, container: str, kept: bytes
) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    _, body = connection.get_object(
        container, "object", headers={"Range": "bytes=7-1006"}
    )
    assert body == kept[7:1007]
    _, chunks = connection.get_object(container, "object", resp_chunk_size=4096)
    assert b"".join(chunks) == kept
    url = f"{endpoint}/v1/AUTH_test/{container}/object"
    token = f"X-Auth-Token: {client.token}"
    assert curl("-H", token, "-r", "100-", url).output == kept[100:]
    assert curl("-H", token, "-r", "-100", url).output == kept[-100:]
