"""Listeners that speak TLS themselves: bodies, files, whom they show and believe."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.client import Client, ClientPool, ClientSettings
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.edge import CLIENT_FAULTS
from objectstore.kernel.http.identity_file import (
    LOOK_SECONDS,
    CallerIdentity,
    ServerIdentity,
)
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.http.tls import TlsSocket, accepted, encrypted
from objectstore.kernel.http.tls_settings import TlsSettings
from test.functional.edge.harness import IMPATIENT, running
from test.servers.certificates import Certificates, make_certificates

BODY = os.urandom(3_000_000)
PATIENT = ClientSettings(
    connect_timeout=2.0, response_timeout=5.0, stall_timeout=5.0, idle_timeout=5.0
)


class InFile:
    """A body of which a part lies in a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def spans(self) -> Iterator[Any]:
        yield b"before"
        yield (self._file.fileno(), 10, len(BODY) - 10)

    def close(self) -> None:
        self._file.close()


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("one"), "127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("two"), "127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("files") / "body"
    path.write_bytes(BODY)

    def answer(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/file":
            length = str(len(BODY) - 4)
            start_response("200 OK", [("Content-Length", length)])
            return InFile(path)
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("X-Scheme", environ["wsgi.url_scheme"])])
        return [body]

    return answer


def shown(
    certificates: Certificates, time: Callable[[], float] | None = None, **more: Any
) -> ServerIdentity:
    settings = TlsSettings(certificate=certificates.server, **more)
    return ServerIdentity(settings, time or Time(), authority=settings.authority)


@contextmanager
def calling(
    address: Any, trust: Path, name: str = "127.0.0.1", identity: Any = None
) -> Iterator[Client]:
    pool = ClientPool(
        ClientSettings(
            connect_timeout=2.0, response_timeout=5.0, stall_timeout=5.0, ca_file=trust
        )
    )
    try:
        context = identity.context if identity is not None else None
        yield pool.client(address, tls_host=name, context=context)
    finally:
        pool.close()
        concurrency.sleep(0)


def test_bodies_come_and_go_whole(application: Any, certificates: Certificates) -> None:
    with (
        running(application, tls=shown(certificates)) as edge,
        calling(edge.address, certificates.authority) as client,
    ):
        for _ in range(3):
            response = client.request("PUT", "/o", [], BODY)
            assert response.header(b"x-scheme") == b"https"
            assert response.read() == BODY
            response = client.request("GET", "/file")
            assert response.read() == b"before" + BODY[10:]


def test_a_second_request_in_the_same_record_is_answered(
    application: Any, certificates: Certificates
) -> None:
    context = ssl.create_default_context(cafile=certificates.authority)
    with running(application, tls=shown(certificates)) as edge:

        def talk() -> bytes:
            with (
                socket.create_connection(edge.address, timeout=5) as sock,
                context.wrap_socket(sock, server_hostname="127.0.0.1") as secure,
            ):
                one = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                secure.sendall(one + one.replace(b"Host", b"Connection: close\r\nHost"))
                said = b""
                # An end without a goodbye would raise here.
                while piece := secure.recv(65536):
                    said += piece
                return said

        assert concurrency.offload(talk).count(b"abc") == 2


@pytest.fixture
def trusting(certificates: Certificates) -> Callable[[Any], ssl.SSLSocket]:
    """Connects as a client would who trusts the server."""
    context = ssl.create_default_context(cafile=certificates.authority)

    def connect(address: Any) -> ssl.SSLSocket:
        sock = socket.create_connection(address, timeout=5)
        return context.wrap_socket(
            sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False
        )

    return connect


def read_all(secure: ssl.SSLSocket) -> bytes:
    """Up to a proper end: without a goodbye it would raise."""
    said = b""
    while piece := secure.recv(65536):
        said += piece
    return said


def test_who_ends_in_the_middle_of_a_body_is_let_go(
    application: Any,
    certificates: Certificates,
    trusting: Callable[[Any], ssl.SSLSocket],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(application, tls=shown(certificates)) as edge:

        def talk() -> None:
            with trusting(edge.address) as secure:
                secure.sendall(
                    b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"
                )
                secure.unwrap().close()

        concurrency.offload(talk)
        edge.access.wait_for(1)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


@pytest.mark.parametrize(
    "begun", [b"GET / HT", b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"]
)
def test_who_is_too_slow_is_told(
    application: Any,
    certificates: Certificates,
    trusting: Callable[[Any], ssl.SSLSocket],
    begun: bytes,
) -> None:
    with running(application, IMPATIENT, shown(certificates)) as edge:

        def talk() -> bytes:
            with trusting(edge.address) as secure:
                secure.sendall(begun)
                return read_all(secure)

        assert concurrency.offload(talk).startswith(b"HTTP/1.1 408 ")


def test_a_refusal_comes_to_who_still_sends(
    certificates: Certificates, trusting: Callable[[Any], ssl.SSLSocket]
) -> None:
    seen = threading.Event()

    def refuse(environ: Any, start_response: Any) -> Any:
        start_response("413 Too Large", [("Content-Length", "2")])
        return [b"no"]

    with running(refuse, tls=shown(certificates)) as edge:

        def talk() -> bytes:
            with trusting(edge.address) as secure:
                head = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"
                secure.sendall(head + b"a" * 1000)
                secure.sendall(b"a" * 1000)
                assert seen.wait(5)  # it lingers by now
                for _ in range(20):
                    secure.sendall(b"a" * 20_000)
                return read_all(secure)

        talking = concurrency.Promise[bytes]()
        task = concurrency.spawn(lambda: talking.resolve(concurrency.offload(talk)))
        edge.access.wait_for(1)
        concurrency.sleep(0.01)
        seen.set()
        assert talking.wait(5).endswith(b"no")
        concurrency.wait_task(task)


@pytest.fixture
def pair(certificates: Certificates) -> Iterator[tuple[TlsSocket, TlsSocket]]:
    """Both ends of a connection, ours first."""
    ours, theirs = socket.socketpair()
    shaking = concurrency.Promise[TlsSocket]()
    context = shown(certificates).context()
    concurrency.spawn(lambda: shaking.resolve(accepted(ours, context, 5.0)))
    trust = ssl.create_default_context(cafile=certificates.authority)
    there = encrypted(theirs, trust, "127.0.0.1", 5.0)
    here = shaking.wait(5.0)
    yield here, there
    there.close()
    here.close()


def test_a_look_whether_something_came_leaves_it_to_who_waits(
    pair: tuple[TlsSocket, TlsSocket],
) -> None:
    here, there = pair
    stream = Stream(here, CLIENT_FAULTS, lambda: 0.0, 5.0)
    received = concurrency.Promise[bytes]()
    concurrency.spawn(lambda: received.resolve(stream.receive()))
    concurrency.sleep(0)
    assert not stream.has_arrivals()
    there.send(b"abc")
    assert stream.has_arrivals()
    assert received.wait(5.0) == b"abc"
    stream.close()


def test_a_peer_that_takes_little_is_seen_to_move(
    pair: tuple[TlsSocket, TlsSocket],
) -> None:
    here, _ = pair
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += here.send(BODY[sent:])
    assert 0 < sent < len(BODY)


def test_who_speaks_plain_http_is_told(
    application: Any, certificates: Certificates
) -> None:
    with running(application, tls=shown(certificates)) as edge:
        said = edge.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 400 ") and b"https://" in said
        assert edge.talk(b"\x16\x03garbage" * 100)[:4] != b"HTTP"
        assert edge.server.connections == 0
        assert edge.server.failed_handshakes == 2


def test_an_encrypted_key_is_refused_and_nobody_is_asked(
    certificates: Certificates, tmp_path: Path
) -> None:
    """OpenSSL would ask at the terminal, where there is one."""
    path = tmp_path / "own.pem"
    words = ["openssl", "pkey", "-in", certificates.server, "-aes256"]
    told = subprocess.run(
        [*words, "-passout", "pass:x"], check=True, capture_output=True, text=True
    )
    whole = certificates.server.read_text()
    path.write_text(whole[: whole.index("-----BEGIN PRIV")] + told.stdout)
    with pytest.raises(Unavailable, match="private key is encrypted"):
        ServerIdentity(TlsSettings(certificate=path), Time())
    with pytest.raises(Unavailable, match="private key is encrypted"):
        CallerIdentity(path, certificates.authority, Time())


def test_servers_show_each_other_certificates(
    application: Any, certificates: Certificates, others: Certificates
) -> None:
    ours = CallerIdentity(certificates.server, certificates.authority, Time())
    foreign = CallerIdentity(others.server, certificates.authority, Time())
    tls = shown(certificates, authority=certificates.authority)
    with running(application, tls=tls) as edge:
        with calling(edge.address, certificates.authority, identity=ours) as client:
            assert client.request("PUT", "/", [], b"abc").read() == b"abc"
        for identity in (None, foreign):
            with (
                calling(
                    edge.address, certificates.authority, identity=identity
                ) as client,
                pytest.raises(Unavailable),
            ):
                client.request("PUT", "/", [], b"abc")


def test_names_and_addresses_are_shown_different_certificates(
    application: Any, certificates: Certificates, others: Certificates
) -> None:
    tls = shown(certificates, public_certificate=others.server)
    with running(application, tls=tls) as edge:
        for name, issuer, stranger in (
            ("127.0.0.1", certificates, others),
            ("localhost", others, certificates),
        ):
            with calling(edge.address, issuer.authority, name) as client:
                assert client.request("PUT", "/", [], b"abc").read() == b"abc"
            with (
                calling(edge.address, stranger.authority, name) as client,
                pytest.raises(Unavailable),
            ):
                client.request("PUT", "/", [], b"abc")


def test_a_renewed_certificate_is_shown_without_a_restart(
    application: Any, certificates: Certificates, others: Certificates, tmp_path: Path
) -> None:
    path, time = tmp_path / "own.pem", Time()
    shutil.copy(certificates.server, path)
    settings = TlsSettings(certificate=path)
    with running(application, tls=ServerIdentity(settings, time)) as edge:

        def answers(trust: Path) -> bool:
            with calling(edge.address, trust) as client:
                try:
                    return client.request("PUT", "/", [], b"abc").read() == b"abc"
                except Unavailable:
                    return False

        assert answers(certificates.authority)
        path.write_text("half of a cert")
        time.now += LOOK_SECONDS
        assert answers(certificates.authority)
        shutil.copy(others.server, path)
        time.now += LOOK_SECONDS
        assert answers(others.authority)
        assert not answers(certificates.authority)
