"""EC2 keys: from an access key to its secret and its user, as identity knows them.

Identity shows an EC2 key by the SHA-256 of its name, to services.  Having
the secret, we sign a text of our own and ask identity whose signature that is: its
answer is what a token would say, and it says no when the user, the project or the
right is gone.  So every signature of S3 is checked here, chunks and forms too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from objectstore.client.caller import Answer, Caller
from objectstore.client.identity import (
    REFUSED_SECONDS,
    TIMEOUT_SECONDS,
    ServiceTokens,
    member,
)
from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

KEYS_MAX = 10_000
# Any text does: it never leaves the house.
PROOF = b"ringstack: whose key is this?"

Found = tuple[Identity, str]


class Ec2Keys:
    """Keys that identity has told us about."""

    def __init__(
        self,
        caller: Caller,
        service: ServiceTokens,
        clock: Clock,
        read: Callable[[Mapping[str, Any]], Identity],
        cache_seconds: float,
    ) -> None:
        """``read``: from what identity says of a token to an identity."""
        self._caller = caller
        self._service = service
        self._clock = clock
        self._read = read
        self._cache_seconds = cache_seconds
        self._known: dict[str, tuple[float, Found | None]] = {}

    def forget(self) -> None:
        """Ask anew about every key."""
        self._known.clear()

    def find(self, access: str) -> Found | None:
        """Who the key stands for, and its secret; None: it is not known, or not good.

        Raises ``Unavailable`` when identity cannot say.
        """
        now = self._clock.time()
        known = self._known.get(access)
        if known is None or known[0] <= now:
            found = self._ask(access)
            seconds = REFUSED_SECONDS if found is None else self._cache_seconds
            self._known.pop(access, None)
            while len(self._known) >= KEYS_MAX:
                del self._known[next(iter(self._known))]
            known = self._known[access] = (now + seconds, found)
        return known[1]

    def _ask(self, access: str) -> Found | None:
        identifier = hashlib.sha256(access.encode()).hexdigest()
        credential = self._call(
            "GET", f"/v3/credentials/{identifier}", b"", "credential", (404,)
        )
        if credential is None or credential["type"] != "ec2":
            return None
        secret: str = orjson.loads(credential["blob"])["secret"]
        signature = hmac.digest(secret.encode(), PROOF, "sha1")
        proof = {
            "access": access,
            "token": base64.urlsafe_b64encode(PROOF).decode(),
            "signature": base64.b64encode(signature).decode(),
        }
        body = orjson.dumps({"credentials": proof})
        token = self._call("POST", "/v3/s3tokens", body, "token", (401, 404))
        return None if token is None else (self._read(token), secret)

    def _call(
        self, method: str, path: str, body: bytes, name: str, nothing: tuple[int, ...]
    ) -> Any:
        """A member of the answer; None for a status that means that there is none."""
        service = self._service.token()
        headers = {"X-Auth-Token": service, "Content-Type": "application/json"}
        with self._caller.request(
            method, path, headers, body, timeout=TIMEOUT_SECONDS
        ) as answer:
            if answer.status == 200:
                return member(answer, name)
            # A 401 without a word about the key may mean our own token.
            if answer.status == 401 and not self._is_good(service):
                self._service.discard(service)
                raise Unavailable("identity does not take the service's token")
            if answer.status in nothing:
                return None
            raise _unavailable(answer)

    def _is_good(self, token: str) -> bool:
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        with self._caller.request(
            "HEAD", "/v3/auth/tokens", headers, timeout=TIMEOUT_SECONDS
        ) as answer:
            return answer.status == 200


def _unavailable(answer: Answer) -> Unavailable:
    return Unavailable(f"identity answers {answer.status} about an access key")
