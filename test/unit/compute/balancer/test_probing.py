"""Members that haproxy does not probe: the process that does, and telling haproxy."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from compute.balancer.agent import probers
from compute.balancer.agent.health import with_states
from compute.balancer.agent.prober_program import (
    Datagrams,
    checksum,
    connects,
    is_expected,
)
from compute.balancer.agent.probers import Prober
from compute.balancer.agent.statistics import Figures, parse
from compute.balancer.haproxy.metrics import metrics_program
from compute.balancer.probes import Probe

FIGURES = parse(
    "# pxname,svname,status\nP:A,m,no check\nP:B,m,DOWN\nP:A,n,UP\nP:A,off,MAINT\n"
)


def test_haproxy_hears_what_it_does_not_know() -> None:
    commands, figures = with_states(
        FIGURES, {"m": "DOWN", "n": "UP", "off": "DOWN", "gone": "DOWN"}
    )
    assert commands == ["set server P:A/m health down"]
    assert figures.servers["m"] == ["DOWN", "DOWN"]
    assert figures.servers["n"] == ["UP"] and figures.servers["off"] == ["MAINT"]
    commands, figures = with_states(FIGURES, {"m": "UP"})
    assert commands == ["set server P:B/m health up"]
    assert with_states(Figures(), {"m": "UP"}) == ([], Figures())


@pytest.mark.parametrize(
    ("code", "codes", "is_so"),
    [
        (200, "200", True),
        (202, "200,202", True),
        (203, "200,202", False),
        (203, "200-204", True),
        (205, "200-204", False),
    ],
)
def test_codes(code: int, codes: str, is_so: bool) -> None:
    assert is_expected(code, codes) is is_so


def test_a_sum_of_the_internet() -> None:
    data = bytes.fromhex("08000000000a00010102030405060708")
    total = checksum(data)
    assert checksum(data[:2] + total.to_bytes(2, "big") + data[4:]) == 0


def test_a_port_that_is_not_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        asked = Datagrams("127.0.0.1", port)
        assert asyncio.run(asked.ask(0.05))  # nobody says no
    assert not asyncio.run(asked.ask(5.0))
    asked.close()


def test_servers_of_http_by_their_code() -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = await reader.readline()
        code = b"204 fine" if line == b"GET /health HTTP/1.0\r\n" else b"500 ill"
        writer.write(b"HTTP/1.0 " + code + b"\r\n\r\n")
        writer.close()

    async def ask() -> tuple[bool, bool]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            target = {
                "type": "HTTP",
                "address": "127.0.0.1",
                "port": server.sockets[0].getsockname()[1],
                "method": "GET",
                "path": "/health",
                "host": "",
                "codes": "200-204",
            }
            return await connects(target), await connects({**target, "path": "/"})

    assert asyncio.run(ask()) == (True, False)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Prober]]:
    """A process that is ours by name only: it does what the text says."""
    begun: list[Prober] = []

    def begin(program: str) -> Prober:
        command = [sys.executable, "-I", "-S", "-c", program]
        monkeypatch.setattr(probers, "command_inside", lambda *_: command)
        begun.append(Prober("b", 1, 0, 0))
        return begun[-1]

    yield begin
    for each in begun:
        each.end()


def many() -> tuple[Probe, ...]:
    """More than a pipe holds."""
    return tuple(
        Probe(str(number), "TCP", "10.0.0.1", 80, 1, 1, 1, 1, "GET", "/" * 200)
        for number in range(1000)
    )


def test_one_that_says_much_is_heard_while_it_is_asked(
    stub: Callable[[str], Prober], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probers, "ASK_SECONDS", 60.0)
    wordy = (
        "import sys\n"
        'for number in range(20000): print(\'{"%d": "DOWN"}\' % (number % 9))\n'
        "sys.stdout.flush()\n"
        "sys.stdin.readline()\n"
        'print(\'{"7": "UP"}\'); print(\'{"8": "UP"}\', flush=True)\n'
        "sys.stdin.readline()\n"
    )
    prober = stub(wordy)
    prober.ask(many())
    while [prober.states.get(each) for each in "78"] != ["UP", "UP"]:
        assert prober.is_alive()
        prober.listen()


def test_nobody_waits_for_one_that_does_not_read(
    stub: Callable[[str], Prober], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probers, "ASK_SECONDS", 0.1)
    prober = stub("import time; time.sleep(60)")
    with pytest.raises(TimeoutError):
        prober.ask(many())


def test_the_program_of_metrics_is_whole() -> None:
    text = metrics_program()
    assert "%(" not in text and '{"current_sessions", "scur"' in text
