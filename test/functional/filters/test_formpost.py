"""Uploads by HTML forms, as browsers send them."""

from __future__ import annotations

import hmac
import time

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Answer, Client

KEY = "a key of the container"
BOUNDARY = "----form"


@pytest.fixture
def signed(client: Client, container: str) -> str:
    client.ok("POST", container, X_Container_Meta_Temp_Url_Key=KEY)
    return container


def post(
    client: Client,
    path: str,
    files: dict[str, bytes],
    *,
    redirect: str = "",
    size: int = 100,
    count: int = 2,
    expires: int = 0,
    key: str = KEY,
    changed: dict[str, str] | None = None,
) -> Answer:
    until = expires or int(time.time()) + 60
    text = f"{path}\n{redirect}\n{size}\n{count}\n{until}"
    fields = {
        "redirect": redirect,
        "max_file_size": str(size),
        "max_file_count": str(count),
        "expires": str(until),
        "signature": hmac.digest(key.encode(), text.encode(), "sha256").hex(),
        **(changed or {}),
    }
    pieces = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        f"{value}\r\n".encode()
        for name, value in fields.items()
    ]
    for number, (name, content) in enumerate(files.items()):
        head = f'form-data; name="file{number}"; filename="{name}"'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {head}\r\n"
        pieces.append(f"{head}Content-Type: text/x\r\n\r\n".encode() + content)
        pieces.append(b"\r\n")
    pieces.append(f"--{BOUNDARY}--\r\n".encode())
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return client.raw("POST", path, headers, b"".join(pieces))


def test_files_become_objects(client: Client, connect: Connect, signed: str) -> None:
    path = f"/v1/{client.account}/{signed}/up-"
    files = {"a.txt": b"first", "ü.bin": bytes(range(90))}
    assert post(connect(None), path, files).status == 201
    assert client.ok("GET", signed, "up-a.txt").body == b"first"
    second = client.ok("GET", signed, "up-ü.bin")
    assert (second.body, second.headers["content-type"]) == (bytes(range(90)), "text/x")


def test_the_browser_is_sent_on(client: Client, connect: Connect, signed: str) -> None:
    path = f"/v1/{client.account}/{signed}/"
    answer = post(connect(None), path, {"a": b"x"}, redirect="http://there/?a=b")
    assert answer.status == 303
    assert answer.headers["location"].startswith("http://there/?a=b&status=201")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"expires": 1}, 401),
        ({"key": "another"}, 401),
        ({"changed": {"max_file_size": "100000"}}, 401),
        ({"changed": {"redirect": "http://elsewhere/"}}, 401),
        ({"changed": {"signature": ""}}, 401),
        ({"size": 3}, 400),
        ({"count": 0}, 400),
    ],
)
def test_what_the_form_does_not_allow(
    client: Client, connect: Connect, signed: str, more: dict[str, int], status: int
) -> None:
    path = f"/v1/{client.account}/{signed}/"
    answer = post(connect(None), path, {"a": b"too much"}, **more)  # type: ignore[arg-type]
    assert answer.status == status
    assert client.ok("GET", signed).lines == []
