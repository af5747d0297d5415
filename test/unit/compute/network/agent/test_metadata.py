"""Who a guest is taken for, and what of its request is passed on."""

from __future__ import annotations

import io
import socket
from typing import Any

import pytest

from compute.network.agent.metadata.metadata import (
    BODY_BYTES_MAX,
    QUESTIONS_OF_A_GUEST_MAX,
    MetadataAnswer,
    MetadataApplication,
)
from compute.network.agent.model import Listener
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Rejected, Unavailable
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import SOCKET_KEY

LISTENER = Listener("rs-router-1", (("10.1.0.0/16", "red"), ("10.1.2.0/24", "blue")))


class Source:
    """Remembers the questions; answers, raises or waits as told."""

    def __init__(self) -> None:
        self.questions: list[tuple[Any, ...]] = []
        self.error: Exception | None = None
        self.gate: concurrency.Event | None = None
        self.hops = 64

    def answer(
        self,
        network_id: str,
        address: str,
        method: str,
        path: str,
        headers: HeaderList,
        body: bytes,
    ) -> MetadataAnswer:
        self.questions.append((network_id, address, method, path, headers, body))
        if self.gate is not None:
            self.gate.wait()
        if self.error is not None:
            raise self.error
        plain = [("Content-Type", "text/plain")]
        return MetadataAnswer(200, plain, b"yes", self.hops)


def ask(
    application: MetadataApplication,
    address: str = "10.1.0.5",
    method: str = "GET",
    body: bytes = b"",
    **headers: Any,
) -> tuple[int, bytes]:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/latest/meta-data/",
        "REMOTE_ADDR": address,
        "wsgi.input": io.BytesIO(body),
        **headers,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    status: list[int] = []

    def start_response(line: str, _: HeaderList) -> None:
        status.append(int(line.split()[0]))

    content = b"".join(application(environ, start_response))
    return status[0], content


def test_the_guest_is_known_by_its_address() -> None:
    source = Source()
    application = MetadataApplication(LISTENER, source)
    assert ask(application) == (200, b"yes")
    assert ask(application, "10.1.2.5")[0] == 200
    assert [question[:2] for question in source.questions] == [
        ("red", "10.1.0.5"),
        ("blue", "10.1.2.5"),
    ]
    for stranger in ("192.0.2.1", "fe80::1", "", "x"):
        assert ask(application, stranger)[0] == 404
    assert len(source.questions) == 2


def test_what_a_guest_says_of_itself_does_not_count() -> None:
    source = Source()
    ask(
        MetadataApplication(LISTENER, source),
        HTTP_X_FORWARDED_FOR="10.1.0.9",
        HTTP_X_INSTANCE_ID="other",
        HTTP_X_AUTH_TOKEN="secret",
        HTTP_X_AWS_EC2_METADATA_TOKEN="token",
    )
    assert source.questions[0][1] == "10.1.0.5"
    assert source.questions[0][4] == [
        ("X-aws-ec2-metadata-token", "token"),
        ("X-Forwarded-For", "10.1.0.9"),
    ]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable("away"), 503),
        (DeadlineExceeded("late"), 504),
        (Rejected(401), 401),
    ],
)
def test_errors_of_the_source(error: Exception, status: int) -> None:
    source = Source()
    source.error = error
    assert ask(MetadataApplication(LISTENER, source))[0] == status


def test_methods_and_bodies() -> None:
    source = Source()
    application = MetadataApplication(LISTENER, source)
    assert ask(application, method="DELETE")[0] == 405
    assert ask(application, method="POST", body=b"x" * BODY_BYTES_MAX)[0] == 200
    assert ask(application, method="POST", body=b"x" * (BODY_BYTES_MAX + 1))[0] == 413


def test_one_guest_cannot_take_everything() -> None:
    source = Source()
    source.gate = concurrency.Event()
    application = MetadataApplication(LISTENER, source)
    asking = [
        concurrency.spawn(ask, application) for _ in range(QUESTIONS_OF_A_GUEST_MAX)
    ]
    concurrency.sleep(0)
    assert ask(application)[0] == 503
    source.gate.set()
    assert ask(application, "10.1.0.6")[0] == 200
    assert {concurrency.wait_task(task)[0] for task in asking} == {200}
    assert ask(application)[0] == 200


@pytest.mark.parametrize(
    ("family", "level", "option"),
    [
        (socket.AF_INET, socket.IPPROTO_IP, socket.IP_TTL),
        (socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
    ],
)
def test_how_far_an_answer_goes(family: int, level: int, option: int) -> None:
    source = Source()
    source.hops = 2
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        ask(MetadataApplication(LISTENER, source), **{SOCKET_KEY: sock})
        assert sock.getsockopt(level, option) == 2


def test_a_connection_that_a_token_went_over_reaches_no_further_again() -> None:
    source = Source()
    with socket.socket() as sock:
        for source.hops in (1, 64):
            ask(MetadataApplication(LISTENER, source), **{SOCKET_KEY: sock})
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 1
