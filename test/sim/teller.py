"""Asks for a story: a request of any kind, to any proxy, and what became of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError
from test.sim.client import ACCOUNT, PATIENCE_SECONDS, Answer, ask
from test.sim.clock import WALL_SECONDS
from test.sim.hub import SimulatedHub
from test.sim.machine import Machine
from test.sim.pipeline import presigned

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A reply; ``status`` 0: nobody heard."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_done(self) -> bool:
        """Whether its client may rely on it.  Whatever else: it may be done or not."""
        return 200 <= self.status < 300

    @property
    def is_reduced(self) -> bool:
        """Too few replicas have answered for the store's promises."""
        return "x-ringstack-consistency" in self.headers


class Teller:
    """One story's way to the store."""

    def __init__(
        self,
        name: str,
        hub: SimulatedHub,
        machines: Sequence[Machine],
        random: Random,
        trace: Callable[[str], None],
    ) -> None:
        self.name = name
        self._hub = hub
        self._machines = machines
        self._random = random
        self._trace = trace

    @property
    def wall_seconds(self) -> float:
        """The right time."""
        return WALL_SECONDS + self._hub.now

    def swift(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: Query | None = None,
    ) -> Told:
        """A Swift request about ``container/object``; its answer."""
        return self.begin_swift(method, place, headers, body, query)()

    def s3(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: Query | None = None,
    ) -> Told:
        """The same to the S3 face."""
        return self.begin_s3(method, place, headers, body, query)()

    def begin_swift(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: Query | None = None,
        *,
        account: str = ACCOUNT,
    ) -> Callable[[], Told]:
        """Send it; to be called for the answer."""
        path = f"/v1/{account}/{place}".rstrip("/")
        named = {"format": "json"} if method == "GET" else {}
        text = urlencode({**named, **(query or {})})
        return self._send(method, path, text, headers, body)

    def begin_s3(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: Query | None = None,
    ) -> Callable[[], Told]:
        """The same to the S3 face."""
        given = dict(headers or {})
        if body:
            md5 = hashlib.md5(body, usedforsecurity=False).digest()
            given["Content-MD5"] = base64.b64encode(md5).decode()
        text = presigned(method, f"/{place}", query or {}, given)
        return self._send(method, f"/{place}", text, given, body)

    def _send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str] | None,
        body: bytes,
    ) -> Callable[[], Told]:
        began = self._hub.now
        up = [each for each in self._machines if each.is_up]
        if not up:
            return Told
        machine = self._random.choice(up)
        life = machine.life
        assert life is not None
        given = dict(headers or {})
        promise: Promise[Answer] = machine.perform(
            lambda: ask(life, method, path, given, body, [], query)
        )
        shown = query.partition("AWSAccessKeyId")[0]

        def wait() -> Told:
            told = Told()
            with suppress(RingstackError):  # it never hears
                answer = promise.wait(PATIENCE_SECONDS)
                lowered = {name.lower(): text for name, text in answer.headers.items()}
                told = Told(answer.status, lowered, answer.body)
                if len(answer.body) < int(lowered.get("content-length", 0)):
                    # A body that ends early is no answer.
                    told = Told() if method != "HEAD" else told
            facts = f"{self.name} at {machine.name} {method} {path} {shown}"
            self._trace(
                f"{facts} {began:.4f} {told.status} {'reduced' * told.is_reduced}"
            )
            return told

        return wait
