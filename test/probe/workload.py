"""Clients that write, overwrite, delete and read for as long as they may.

Each has names of its own and a seeded random sequence.  Every acknowledged write
is read back at once: that is the contract while at most one node is away.
"""

from __future__ import annotations

import hashlib
import http.client
import threading
from random import Random

from test.functional.harness.http import Answer, Client
from test.functional.harness.users import TESTER
from test.probe.ledger import ABSENT, Ledger

SIZES = (0, 100, 4_000, 4_000, 4_000, 60_000, 300_000, 1_500_000)
NAMES_PER_CLIENT = 400
NETWORK_ERRORS = (OSError, http.client.HTTPException)
PUT_SHARE, DELETE_SHARE = 0.55, 0.15
# A container's name may be tried this often while a node is away.
CREATE_TRIES = 20


class Workload:
    """``clients`` threads on all endpoints; used as a context."""

    def __init__(
        self, endpoints: list[str], ledger: Ledger, seed: int, clients: int = 4
    ) -> None:
        self.endpoints = list(endpoints)
        self.ledger = ledger
        self.containers = [f"probe-{seed}-{number}" for number in range(clients)]
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(container, Random(f"{seed}-{container}"))
            )
            for container in self.containers
        ]

    def __enter__(self) -> Workload:
        for container in self.containers:
            self._create(container)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _create(self, container: str) -> None:
        for attempt in range(CREATE_TRIES):
            endpoint = self.endpoints[attempt % len(self.endpoints)]
            try:
                Client(endpoint, TESTER).ok("PUT", container)
            except (*NETWORK_ERRORS, AssertionError):
                continue
            return
        raise AssertionError(f"cannot create {container}")

    def _run(self, container: str, rng: Random) -> None:
        client: Client | None = None
        while not self._stop.is_set():
            try:
                if client is None or rng.random() < 0.02:
                    client = Client(rng.choice(self.endpoints), TESTER)
                self._act(client, container, rng)
            except (*NETWORK_ERRORS, AssertionError):
                # The node is away: what was asked stays open; on to another.
                self.ledger.refuse()
                client = None
                self._stop.wait(0.05)

    def _act(self, client: Client, container: str, rng: Random) -> None:
        name = f"object-{rng.randrange(NAMES_PER_CLIENT)}"
        chance = rng.random()
        if chance < PUT_SHARE:
            body = rng.randbytes(rng.choice(SIZES))
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            self.ledger.begin(container, name, digest)
            answer = client.call("PUT", container, name, body=body)
            self._note(answer, container, name, digest, {201, 202})
        elif chance < PUT_SHARE + DELETE_SHARE:
            self.ledger.begin(container, name, ABSENT)
            answer = client.call("DELETE", container, name)
            self._note(answer, container, name, ABSENT, {204, 404})
        self.read(client, container, name)

    def _note(
        self, answer: Answer, container: str, name: str, outcome: str, good: set[int]
    ) -> None:
        if answer.status in good:
            self.ledger.settle(container, name, outcome)
        else:
            self.ledger.refuse()

    def read(self, client: Client, container: str, name: str) -> bool:
        """Read and compare; False when what came was wrong.  A refusal is none."""
        answer = client.call("GET", container, name)
        if answer.status == 404:
            return self.ledger.read(container, name, ABSENT)
        if answer.status != 200:
            return True
        digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
        return self.ledger.read(container, name, digest)
