"""The client pool over TLS: whom it believes, and that bodies come whole."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from objectstore.client.over_http import HttpCaller
from objectstore.kernel import concurrency
from objectstore.kernel.client import Client, ClientPool, ClientSettings
from objectstore.kernel.errors import Unavailable
from test.functional.edge.harness import running
from test.functional.edge.test_client import application
from test.servers.certificates import Certificates, make_certificates
from test.servers.tls_front import TlsFront, tls_front

# Many TLS records, and more than a connection's buffers hold.
BODY = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"), "localhost", "127.0.0.1")


@pytest.fixture
def front(certificates: Certificates) -> Iterator[TlsFront]:
    # The edge is served by greenlets of this thread, the front by threads.
    with (
        running(application) as edge,
        tls_front(certificates.server, edge.address[1]) as front,
    ):
        yield front


@contextmanager
def calling(
    port: int, ca_file: Path | None, name: str = "localhost"
) -> Iterator[Client]:
    pool = ClientPool(
        ClientSettings(
            connect_timeout=2.0,
            response_timeout=5.0,
            stall_timeout=5.0,
            ca_file=ca_file,
        )
    )
    try:
        yield pool.client(("127.0.0.1", port), tls_host=name)
    finally:
        pool.close()


def test_requests_share_one_encrypted_connection(
    front: TlsFront, certificates: Certificates
) -> None:
    with calling(front.port, certificates.authority) as client:
        for _ in range(5):
            response = client.request("PUT", "/o", [], BODY)
            assert response.status == 200
            assert response.read() == BODY
            assert client.request("GET", "/none").status == 204
            concurrency.sleep(0.01)  # tickets that the server sent are no reply
        assert front.connections == 1


@pytest.mark.parametrize("length", [None, len(BODY)])
def test_pieces_and_views(
    front: TlsFront, certificates: Certificates, length: int | None
) -> None:
    with calling(front.port, certificates.authority) as client:
        call = client.open("PUT", "/stream", length=length)
        for at in range(0, len(BODY), 300_000):
            call.write(memoryview(BODY)[at : at + 300_000])
        with call.finish() as response:
            got = bytearray(len(BODY))
            assert response.readinto(memoryview(got)[:40_000]) == 40_000
            got[40_000:] = response.read()
            assert bytes(got) == BODY


def test_callers_take_https_urls(front: TlsFront, certificates: Certificates) -> None:
    pool = ClientPool(ClientSettings(ca_file=certificates.authority))
    for host in ("127.0.0.1", "localhost"):
        caller = HttpCaller(f"https://{host}:{front.port}", pool)
        assert caller.request("PUT", "/o", {}, iter([b"one", b"two"])).read() == (
            b"onetwo"
        )
    pool.close()


def test_a_stranger_is_refused(front: TlsFront) -> None:
    with (
        calling(front.port, None) as client,
        pytest.raises(Unavailable, match="certificate verify failed"),
    ):
        client.request("GET", "/none")
    assert front.connections == 0


def test_another_name_is_refused(front: TlsFront, certificates: Certificates) -> None:
    with (
        calling(front.port, certificates.authority, "other.test") as client,
        pytest.raises(Unavailable, match=r"other\.test"),
    ):
        client.request("GET", "/none")


def test_a_peer_without_tls_is_refused(certificates: Certificates) -> None:
    with (
        running(application) as edge,
        calling(edge.address[1], certificates.authority) as client,
        pytest.raises(Unavailable, match="TLS"),
    ):
        client.request("GET", "/none")


def test_a_peer_that_says_nothing_is_given_up(certificates: Certificates) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        calling(silent.getsockname()[1], certificates.authority) as client,
        pytest.raises(Unavailable, match="no answer within"),
    ):
        client.request("GET", "/none")


def test_a_body_cut_short_is_noticed(certificates: Certificates) -> None:
    """Without length, only TLS's own goodbye tells that the body is whole."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)

    def serve() -> None:
        accepted, _ = listener.accept()
        with context.wrap_socket(accepted, server_side=True) as secure:
            secure.recv(1000)
            secure.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf")
            # The plain socket ends; TLS says nothing.
            socket.socket.shutdown(secure, socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with calling(listener.getsockname()[1], certificates.authority) as client:
            response = client.request("GET", "/o")
            with pytest.raises(Unavailable):
                response.read()
        thread.join()


def test_certificates_that_are_not_there(tmp_path: Path) -> None:
    pool = ClientPool(ClientSettings(ca_file=tmp_path / "none.pem"))
    with pytest.raises(Unavailable, match=r"none\.pem"):
        HttpCaller("https://127.0.0.1", pool)
    pool.close()
