"""Probes members from inside a load balancer's namespace, as a process of its own.

    python prober_program.py UID GID

Each line that it reads is the whole list of members to probe, as JSON; each line that
it writes says of one how it fares from now on.  It ends when nobody
writes to it any more.  It starts as root, for the sockets that hear answers to PING,
and is nobody in particular before it reads a word.

* PING: an ICMP echo is answered.
* UDP-CONNECT: nobody says that the port, or the host, is not there.
* TCP: a connection comes about; HTTP: and is answered by one of the expected codes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import struct
import sys
from typing import Any

LINE_BYTES_MAX = 4 * 1024 * 1024
STATUS_LINE_BYTES_MAX = 4096
DATAGRAM_BYTES_MAX = 65536
ECHO: dict[int, tuple[int, int]] = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
TOKEN_BYTES = 16
# Level and option by which a socket hears that a host is not there (linux/in.h, in6.h):
# without, only that a port is not.
HEAR_ERRORS = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
ERRORS_MAX = 64


class Echoes:
    """ICMP of one version of IP: what was sent, and who waits for its answer."""

    def __init__(self, family: int) -> None:
        protocol = (
            socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
        )
        self._family = family
        self._socket = socket.socket(family, socket.SOCK_RAW, protocol)
        self._socket.setblocking(False)
        self._waiting: dict[bytes, asyncio.Future[None]] = {}

    def begin(self) -> None:
        """Hear answers from now on."""
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    async def ask(self, address: str, seconds: float) -> bool:
        """Whether an answer comes in time."""
        token = secrets.token_bytes(TOKEN_BYTES)
        answered = asyncio.get_running_loop().create_future()
        self._waiting[token] = answered
        head = struct.pack(
            "!BBHHH", ECHO[self._family][0], 0, 0, os.getpid() & 65535, 1
        )
        # (The kernel reckons the sum of ICMPv6.)
        total = checksum(head + token) if self._family == socket.AF_INET else 0
        packet = head[:2] + struct.pack("!H", total) + head[4:] + token
        try:
            self._socket.sendto(packet, (address, 0))
            await asyncio.wait_for(answered, seconds)
        except (TimeoutError, OSError):
            return False
        finally:
            del self._waiting[token]
        return True

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            data = self._socket.recv(DATAGRAM_BYTES_MAX)
            if self._family == socket.AF_INET and data:
                data = data[(data[0] & 15) * 4 :]  # behind the header of IP
            waiting = self._waiting.get(data[8 : 8 + TOKEN_BYTES])
            is_answer = data[:1] == bytes([ECHO[self._family][1]])
            if is_answer and waiting is not None and not waiting.done():
                waiting.set_result(None)


def checksum(data: bytes) -> int:
    """Of the internet."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Datagrams:
    """A member's port of UDP.  The socket is kept between probes: that a host is not
    there is known seconds later, and told to whoever asks next."""

    def __init__(self, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(*HEAR_ERRORS[family], 1)
        self._socket.setblocking(False)
        self._socket.connect((address, port))

    async def ask(self, seconds: float) -> bool:
        """Whether nobody says no in time."""
        loop = asyncio.get_running_loop()
        # That a host is not there is heard seconds later: of the probe before.
        is_silent = not self._errors()
        try:
            with contextlib.suppress(BlockingIOError):
                while True:  # answers that came late are none of this probe's
                    self._socket.recv(DATAGRAM_BYTES_MAX)
            self._socket.send(b"")
            heard = loop.sock_recv(self._socket, DATAGRAM_BYTES_MAX)
            await asyncio.wait_for(heard, seconds)
        except TimeoutError:
            return is_silent
        except OSError:
            self._errors()  # the same once more
            return False
        return True

    def _errors(self) -> int:
        """How many there were that nobody has taken; they are, now."""
        number = 0
        with contextlib.suppress(OSError):
            while number < ERRORS_MAX:
                self._socket.recvmsg(0, 0, socket.MSG_ERRQUEUE)
                number += 1
        return number

    def close(self) -> None:
        """It is asked no more."""
        self._socket.close()


async def connects(target: dict[str, Any]) -> bool:
    """TCP and HTTP."""
    reader, writer = await asyncio.open_connection(
        target["address"], target["port"], limit=STATUS_LINE_BYTES_MAX
    )
    try:
        if target["type"] != "HTTP":
            return True
        host = target["host"] or target["address"]
        words = f"{target['method']} {target['path']} HTTP/1.0\r\nHost: {host}\r\n\r\n"
        writer.write(words.encode("ascii", "replace"))
        line = (await reader.readline()).split()
        is_http = len(line) > 1 and line[0].startswith(b"HTTP/") and line[1].isdigit()
        return is_http and is_expected(int(line[1]), target["codes"])
    finally:
        writer.close()


def is_expected(code: int, codes: str) -> bool:
    """``200``, ``200,202`` or ``200-204``."""
    first, dash, last = codes.partition("-")
    if dash:
        return int(first) <= code <= int(last)
    return str(code) in codes.split(",")


class Prober:
    """All members of one load balancer."""

    def __init__(self, echoes: dict[bool, Echoes]) -> None:
        self._echoes = echoes
        self._tasks: dict[str, tuple[dict[str, Any], asyncio.Task[None]]] = {}
        self._fares: dict[str, bool] = {}

    def take(self, targets: list[dict[str, Any]]) -> None:
        """Probe these, and no others; those that are as before go on."""
        wanted = {each["member_id"]: each for each in targets}
        for key, (target, task) in list(self._tasks.items()):
            if wanted.get(key) != target:
                task.cancel()
                del self._tasks[key]
                if key not in wanted:
                    self._fares.pop(key, None)
        for key, target in wanted.items():
            if key not in self._tasks:
                task = asyncio.ensure_future(self._watch(key, target))
                self._tasks[key] = (target, task)

    async def _watch(self, key: str, target: dict[str, Any]) -> None:
        row = 0  # so many in a row have said otherwise than what is believed
        datagrams: Datagrams | None = None
        try:
            while True:
                try:
                    if target["type"] == "UDP-CONNECT" and datagrams is None:
                        datagrams = Datagrams(target["address"], target["port"])
                    is_well = await self._ask(target, datagrams)
                except OSError:
                    is_well = False
                believed = self._fares.get(key)
                row = 0 if is_well == believed else row + 1
                needed = target["rise"] if is_well else target["fall"]
                if believed is None or row >= needed:
                    row = 0
                    if believed is not is_well:
                        self._fares[key] = is_well
                        _tell(key, is_well)
                await asyncio.sleep(target["delay"])
        finally:
            if datagrams is not None:
                datagrams.close()

    async def _ask(self, target: dict[str, Any], datagrams: Datagrams | None) -> bool:
        seconds = float(target["timeout"])
        if target["type"] == "PING":
            echoes = self._echoes[":" in target["address"]]
            return await echoes.ask(target["address"], seconds)
        if datagrams is not None:
            return await datagrams.ask(seconds)
        try:
            return await asyncio.wait_for(connects(target), seconds)
        except (TimeoutError, ValueError):
            return False


def _tell(key: str, is_well: bool) -> None:
    sys.stdout.write(json.dumps({key: "UP" if is_well else "DOWN"}) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Until nobody writes any more."""
    families = {False: socket.AF_INET, True: socket.AF_INET6}
    echoes = {is_six: Echoes(family) for is_six, family in families.items()}
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[1]))
    for each in echoes.values():
        each.begin()
    prober = Prober(echoes)
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        prober.take(json.loads(line))


if __name__ == "__main__":
    asyncio.run(main())
