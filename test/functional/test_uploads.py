"""How bytes come in: chunked, announced, checked, broken off."""

from __future__ import annotations

import hashlib
import io
import socket

import pytest
import swiftclient

from test.functional.harness.http import Client
from test.functional.harness.store import wait_for
from test.functional.harness.tools import curl
from test.functional.test_objects import INLINE, SIZES, pattern


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("size", SIZES)
def test_chunked(client: Client, container: str, size: int) -> None:
    data = pattern(size)
    pieces = (data[n : n + 70_001] for n in range(0, size, 70_001))
    answer = client.call("PUT", container, "object", body=pieces)
    assert (answer.status, answer.headers["etag"]) == (201, md5(data))
    assert client.ok("GET", container, "object").body == data


def test_curl_sends_its_standard_input_in_chunks(
    endpoint: str, client: Client, container: str
) -> None:
    data = pattern(3 * 2**20)
    url = f"{endpoint}/v1/AUTH_test/{container}/piped"
    token = ["-H", f"X-Auth-Token: {client.token}"]
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    assert curl(*token, *status, "-T", "-", url, stdin=data).text == "201"
    assert curl(*token, url).output == data
    # And with the length that curl knows of a file: Expect: 100-continue.
    verbose = curl(
        "-v", *token, *status, "-H", "Expect: 100-continue", "-T", "/proc/self/exe", url
    )
    assert verbose.text == "201"
    assert "< HTTP/1.1 100 Continue" in verbose.errors


def test_a_refusal_comes_instead_of_100_continue(
    endpoint: str, client: Client, container: str, tmp_path: object
) -> None:
    url = f"{endpoint}/v1/AUTH_test/{container}"
    token = f"X-Auth-Token: {client.token}"
    expect = "Expect: 100-continue"
    client.ok("PUT", container, "there", body=b"x")
    refused = {
        "401": ("nobody", []),
        "404": ("../no-container/o", ["-H", token]),
        "412": ("there", ["-H", token, "-H", "If-None-Match: *"]),
        "400": ("x" * 1025, ["-H", token]),
    }
    for status, (name, headers) in refused.items():
        ended = curl(
            "-v",
            "--path-as-is",
            *headers,
            *("-H", expect, "-o", "/dev/null", "-w", "%{http_code}"),
            *("-T", "/proc/self/exe", f"{url}/{name}".replace(f"{container}/../", "")),
        )
        assert ended.text == status, ended.errors[-2000:]
        if status != "412":  # conditions are looked at when the bytes are there
            assert "100 Continue" not in ended.errors, status


def test_the_etag_is_checked(client: Client, container: str) -> None:
    for size in (0, 10, INLINE + 1):
        data = pattern(size)
        for tag in (md5(data), f'"{md5(data)}"', md5(data).upper()):
            answer = client.call("PUT", container, "object", body=data, ETag=tag)
            assert answer.status == 201, tag
        for body in (data + b"!", iter([data, b"!"])):
            answer = client.call("PUT", container, "object", body=body, ETag=md5(data))
            assert answer.status == 422
            answer = client.call("PUT", container, "new", body=data, ETag=md5(b"else"))
            assert answer.status == 422
        assert client.ok("GET", container, "object").body == data
        assert client.call("HEAD", container, "new").status == 404
        assert client.ok("GET", container).lines == ["object"]


@pytest.mark.parametrize("promised", [1000, INLINE * 3])
def test_what_is_broken_off_leaves_nothing(
    client: Client, container: str, promised: int
) -> None:
    host, port = client.endpoint.removeprefix("http://").split(":")
    for length in (f"Content-Length: {promised}", "Transfer-Encoding: chunked"):
        head = (
            f"PUT /v1/AUTH_test/{container}/half HTTP/1.1\r\nHost: {host}\r\n"
            f"X-Auth-Token: {client.token}\r\n{length}\r\n\r\n"
        )
        body = b"x" * (promised // 2)
        if "chunked" in length:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + body)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(20)
            answer = connection.recv(65536)
            assert not answer.startswith(b"HTTP/1.1 2"), answer
        assert client.call("HEAD", container, "half").status == 404
        assert client.ok("GET", container).lines == []
    client.ok("PUT", container, "half", body=b"whole")


def test_an_abandoned_upload_frees_its_bytes(client: Client, container: str) -> None:
    host, port = client.endpoint.removeprefix("http://").split(":")
    head = (
        f"PUT /v1/AUTH_test/{container}/half HTTP/1.1\r\nHost: {host}\r\n"
        f"X-Auth-Token: {client.token}\r\nContent-Length: {2**30}\r\n\r\n"
    )
    connection = socket.create_connection((host, int(port)))
    connection.sendall(head.encode() + b"x" * INLINE * 4)
    connection.close()
    # The connection's end is noticed at once, and the name is free.
    wait_for(
        lambda: client.call("PUT", container, "half", body=b"new").status == 201,
        "the name to be free",
    )
    assert client.ok("GET", container, "half").body == b"new"


def test_the_client_library_uploads_files_and_generators(
    endpoint: str, container: str
) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    data = pattern(INLINE + 1)
    etag = connection.put_object(container, "bytes", data, etag=md5(data))
    assert etag == md5(data)
    chunks = (data[n : n + 10_000] for n in range(0, len(data), 10_000))
    assert connection.put_object(container, "generator", chunks) == md5(data)
    connection.put_object(
        container, "known", io.BytesIO(data), content_length=len(data)
    )
    connection.put_object(container, "partly", io.BytesIO(data), content_length=100)
    for name in ("bytes", "generator", "known"):
        assert connection.get_object(container, name)[1] == data
    assert connection.get_object(container, "partly")[1] == data[:100]
    with pytest.raises(swiftclient.ClientException) as error:
        connection.put_object(container, "bytes", b"other", etag=md5(data))
    assert error.value.http_status == 422
