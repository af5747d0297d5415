"""Listeners that speak TLS themselves: bodies, files, whom they show and believe."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.client import Client, ClientPool, ClientSettings
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.identity_file import (
    LOOK_SECONDS,
    CallerIdentity,
    ServerIdentity,
)
from objectstore.kernel.http.tls_settings import TlsSettings
from test.functional.edge.harness import running
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


def test_who_speaks_plain_http_is_told(
    application: Any, certificates: Certificates
) -> None:
    with running(application, tls=shown(certificates)) as edge:
        said = edge.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 400 ") and b"https://" in said
        assert edge.talk(b"\x16\x03garbage" * 100)[:4] != b"HTTP"
        assert edge.server.connections == 0


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
