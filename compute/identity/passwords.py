"""Passwords and other secrets: hashed with scrypt, on native threads, a few at a time.

The stored text is ``$scrypt$ln=15,r=8,p=1$salt$digest`` (base64 without padding), so
that the cost can change and old hashes still be checked.  A hash takes about 0.1 s of a
processor on purpose; so a password just found right is remembered for a short
while, as a digest under a key that only this process has, bound to the very hash
that it fitted: clients that sign in for every call cost one hash a minute, not one
a call, and a changed password is forgotten by itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

SALT_BYTES = 16
DIGEST_BYTES = 32
BLOCK_SIZE, PARALLEL = 8, 1
# A password longer than this is a mistake or an attack on our processor.
PASSWORD_CHARACTERS_MAX = 4096
# Who waits longer than this many hashes take would not wait for the answer.
WAITING_MAX = 200
REMEMBERED_MAX = 2000
# scrypt's memory is 128 * r * N bytes; room for the largest allowed cost.
MEMORY_BYTES_MAX = 2**31 - 1


class Passwords:
    """Hashes secrets and checks them."""

    def __init__(
        self, clock: Clock, *, log2_cost: int, at_once: int, memory_seconds: float
    ) -> None:
        self._clock = clock
        self._log2_cost = log2_cost
        self._places = concurrency.Semaphore(at_once)
        self._waiting = 0
        self._memory_seconds = memory_seconds
        self._memory: dict[bytes, float] = {}
        self._memory_key = secrets.token_bytes(32)
        # Checked when there is no such user, so that this takes as long.
        self._nobody = _render(
            log2_cost, secrets.token_bytes(SALT_BYTES), secrets.token_bytes(32)
        )

    def hash(self, password: str) -> str:
        """What to store for a password."""
        salt = secrets.token_bytes(SALT_BYTES)
        digest = self._native(password, salt, self._log2_cost)
        return _render(self._log2_cost, salt, digest)

    def fits(self, password: str, stored: str) -> bool:
        """Whether it is the password of a stored hash; "" fits none, and takes as
        long."""
        mark = hmac.digest(self._memory_key, f"{stored}\0{password}".encode(), "sha256")
        if stored and self._memory.get(mark, 0.0) > self._clock.monotonic():
            return True
        log2_cost, salt, wanted = _parse(stored or self._nobody)
        given = self._native(password, salt, log2_cost)
        right = hmac.compare_digest(given, wanted) and bool(stored)
        if right and self._memory_seconds:
            while len(self._memory) >= REMEMBERED_MAX:
                del self._memory[next(iter(self._memory))]
            self._memory[mark] = self._clock.monotonic() + self._memory_seconds
        return right

    def _native(self, password: str, salt: bytes, log2_cost: int) -> bytes:
        if self._waiting >= WAITING_MAX:
            raise Unavailable("too many passwords wait to be checked")
        self._waiting += 1
        try:
            with self._places:
                return concurrency.offload(_scrypt, password, salt, log2_cost)
        finally:
            self._waiting -= 1


def _scrypt(password: str, salt: bytes, log2_cost: int) -> bytes:
    return hashlib.scrypt(
        password[:PASSWORD_CHARACTERS_MAX].encode(),
        salt=salt,
        n=2**log2_cost,
        r=BLOCK_SIZE,
        p=PARALLEL,
        maxmem=MEMORY_BYTES_MAX,
        dklen=DIGEST_BYTES,
    )


def _render(log2_cost: int, salt: bytes, digest: bytes) -> str:
    shown = [base64.b64encode(part).decode().rstrip("=") for part in (salt, digest)]
    return f"$scrypt$ln={log2_cost},r={BLOCK_SIZE},p={PARALLEL}${shown[0]}${shown[1]}"


def _parse(stored: str) -> tuple[int, bytes, bytes]:
    _, _, numbers, salt, digest = stored.split("$")
    log2_cost = int(numbers.partition(",")[0].removeprefix("ln="))
    return log2_cost, _decoded(salt), _decoded(digest)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
