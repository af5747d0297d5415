"""Clients: greenlets outside all machines that send requests to random proxies.

Every body says whose it is, so a read tells which write it shows.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.journal.direct import DIRECT_BYTES_MIN
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.wire.nodes import INLINE_BYTES_MAX
from test.sim.history import (
    CREATE,
    DELETE,
    DESCRIBES,
    GET,
    LIST,
    POST,
    PUT,
    History,
    Op,
)
from test.sim.hub import SimulatedHub
from test.sim.machine import Machine, Process

ACCOUNT = "AUTH_sim"
# Longer than any of the proxy's own patience.
PATIENCE_SECONDS = 60.0
THINK_SECONDS = 0.6
SMALL_BYTES = (0, 3000)
# Just over what a log record holds, so that there are body files too.
LARGE_BYTES = INLINE_BYTES_MAX + 10
WEIGHTS = {PUT: 34, CREATE: 6, POST: 8, DELETE: 14, GET: 28, LIST: 10}
# Metadata that says whose it is, as bodies do.
DESCRIBED_BY = "X-Object-Meta-By"
LARGE_RATE = 0.02
# Enough for a batch that goes around the page cache.
MEDIUM_BYTES = DIRECT_BYTES_MIN
MEDIUM_RATE = 0.10


class Answer(NamedTuple):
    """A reply, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    life: Process,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    taken: list[int],
    query: str = "format=json",
) -> Answer:
    """One request to a proxy, in its own process; ``taken`` gets the timestamps that
    it takes for it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "RAW_PATH_INFO": quote(path),
        "QUERY_STRING": query,
        "HTTP_HOST": "simulated",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        CONTEXT_KEY: Context(facts=life.proxy.facts),
    }
    for name, value in headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    head: list[Any] = []

    def start_response(status: str, fields: Any, exc_info: Any = None) -> None:
        head[:] = [int(status.split()[0]), dict(fields)]

    life.timestamps.note(taken)
    try:
        pieces = life.front(environ, start_response)
        content = b"".join(bytes(piece) for piece in pieces)
        if hasattr(pieces, "close"):
            pieces.close()
    finally:
        life.timestamps.end()
    return Answer(head[0], head[1], content)


class Client:
    """One client: one request at a time."""

    def __init__(
        self,
        number: int,
        hub: SimulatedHub,
        machines: Sequence[Machine],
        random: Random,
        history: History,
        epoch: Callable[[], int],
        is_backed: Callable[[Op], bool],
        trace: Callable[[str], None],
    ) -> None:
        self.number = number
        self._hub = hub
        self._machines = machines
        self._random = random
        self._history = history
        self._epoch = epoch
        self._is_backed = is_backed
        self._trace = trace

    def run(self, names: Sequence[tuple[str, str]], until: float) -> None:
        """Ask at random until that time."""
        random = self._random
        while self._hub.now < until:
            concurrency.sleep(random.random() * THINK_SECONDS)
            kind = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            container, name = random.choice(names)
            self.one(kind, container, "" if kind == LIST else name)

    def one(
        self, kind: str, container: str, name: str, machine: Machine | None = None
    ) -> Op | None:
        """One request, to its end or the end of patience; None: nobody is up."""
        up = [each for each in self._machines if each.is_up]
        if not up:
            return None
        machine = machine or self._random.choice(up)
        op = Op(
            len(self._history.ops),
            self.number,
            machine.name,
            kind,
            container,
            name,
            self._hub.now,
            self._epoch(),
        )
        self._history.add(op)
        promise = machine.perform(self._request(op, machine))
        with suppress(RingstackError):  # it never hears
            self._take(op, promise.wait(PATIENCE_SECONDS))
        self._trace(str(op))
        return op

    def _request(self, op: Op, machine: Machine) -> Callable[[], Answer]:
        method, path = op.kind.upper(), f"/v1/{ACCOUNT}/{op.container}"
        headers: dict[str, str] = {}
        body = b""
        if op.kind == LIST:
            method = "GET"
        else:
            path += f"/{op.name}"
        if op.kind in (PUT, CREATE):
            method, body = "PUT", self._body(op)
            op.etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if op.kind in DESCRIBES:
            headers[DESCRIBED_BY] = str(op.number)
        if op.kind == CREATE:
            headers["If-None-Match"] = "*"
        life = machine.life
        assert life is not None
        return lambda: ask(life, method, path, headers, body, op.timestamps)

    def _body(self, op: Op) -> bytes:
        size = self._random.randint(*SMALL_BYTES)
        dice = self._random.random()
        if dice < LARGE_RATE:
            size += LARGE_BYTES
        elif dice < LARGE_RATE + MEDIUM_RATE:
            size += MEDIUM_BYTES
        text = f"{op.container}/{op.name} by #{op.number};".encode()
        return (text * (size // len(text) + 1))[: max(size, len(text))]

    def _take(self, op: Op, answer: Answer) -> None:
        op.end, op.end_epoch, op.status = self._hub.now, self._epoch(), answer.status
        op.is_reduced = "X-Ringstack-Consistency" in answer.headers
        op.is_owed = "X-Ringstack-Row" in answer.headers
        if op.kind == GET and op.status == 200:
            length = int(answer.headers["Content-Length"])
            if len(answer.body) < length:
                op.end = None  # the body ended early: it is no answer
            op.described = int(answer.headers[DESCRIBED_BY])
            op.seen = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
        if op.kind == LIST and op.status == 200:
            op.listed = {row["name"]: row["hash"] for row in orjson.loads(answer.body)}
        if op.is_acknowledged:
            op.is_backed = self._is_backed(op)
