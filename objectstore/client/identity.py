"""Asking an identity service (Keystone v3): whose token is this; signing in ourselves.

``KnownTokens`` asks about a token once and believes the answer for a while.  Without a
token of its own it shows identity the very token that it asks about: a token may
always look at itself.  ``ServiceTokens`` keeps a token of a service user and renews
it in time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

import orjson

from objectstore.client.caller import Answer, Caller
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")

# How long a revoked token may still work where nobody tells of revocations.
CACHE_SECONDS = 30.0
CACHE_SIZE = 10_000  # clients in use at one time; about 1 KiB each
# A wrong token is asked about again soon: it may have been asked for too early.
REFUSED_SECONDS = 5.0
REFUSED_SIZE = 1_000
# Well over any; stops nonsense before it goes over a wire.
TOKEN_CHARACTERS_MAX = 8192
# A service's token is renewed when it has less than this left...
RENEW_SECONDS = 600.0
# ... and is used as long as it has this much left when identity is away.
LAST_SECONDS = 30.0
TIMEOUT_SECONDS = 10.0

TOKENS_PATH = "/v3/auth/tokens?nocatalog"
_log = logging.getLogger("objectstore.client.identity")


class TokenSource(Protocol):
    """Gives a token to call services with."""

    def token(self) -> str:
        """One that is good for some minutes at least; ``Unavailable``."""


Reading = Callable[[Mapping[str, Any], str], T]
"""From the ``token`` object of identity's reply, and the token, to what is kept."""


class KnownTokens(Generic[T]):
    """Tokens that identity has told us about."""

    def __init__(
        self,
        caller: Caller,
        clock: Clock,
        read: Reading[T],
        *,
        service: TokenSource | None = None,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        """``service``: whose token the questions are asked with; None: with the
        token itself."""
        self._caller = caller
        self._clock = clock
        self._read = read
        self._service = service
        self._cache_seconds = cache_seconds
        self._known: dict[str, tuple[float, T]] = {}
        self._refused: dict[str, float] = {}
        self._asking: dict[str, Promise[T | None]] = {}
        self._forgotten = 0

    def forget(self) -> None:
        """Ask anew about every token; answers on their way are not kept."""
        self._forgotten += 1
        self._known.clear()

    def find(self, token: str) -> T | None:
        """What is known of a good token; None for any other.

        Raises ``Unavailable`` when identity cannot say.
        """
        known = self._known.get(token)
        if known is not None and known[0] > self._clock.time():
            return known[1]
        asking = self._asking.get(token)
        if asking is not None:
            # A client's many requests with a new token are one question.
            return asking.wait(TIMEOUT_SECONDS)
        promise = self._asking[token] = Promise()
        try:
            value = self._ask(token)
        except BaseException as error:
            ended = error if isinstance(error, Exception) else Unavailable("cancelled")
            promise.fail(ended)
            raise
        else:
            promise.resolve(value)
            return value
        finally:
            del self._asking[token]

    def _ask(self, token: str) -> T | None:
        now, forgotten = self._clock.time(), self._forgotten
        self._known.pop(token, None)
        if self._refused.get(token, 0.0) > now or not _is_plausible(token):
            return None
        body = self._validated(token)
        if body is None:
            _make_room(self._refused, REFUSED_SIZE)
            self._refused[token] = now + REFUSED_SECONDS
            return None
        expires = moment(body["expires_at"])
        if expires <= now:
            return None
        value = self._read(body, token)
        if forgotten == self._forgotten:
            _make_room(self._known, CACHE_SIZE)
            self._known[token] = (min(now + self._cache_seconds, expires), value)
        return value

    def _validated(self, token: str, *, again: bool = True) -> Mapping[str, Any] | None:
        asker = token if self._service is None else self._service.token()
        headers = {
            "X-Auth-Token": asker,
            "X-Subject-Token": token,
            # We keep to the access rules of restricted credentials.
            "OpenStack-Identity-Access-Rules": "1",
        }
        with self._caller.request(
            "GET", TOKENS_PATH, headers, timeout=TIMEOUT_SECONDS
        ) as answer:
            if answer.status == 200:
                found: Mapping[str, Any] = member(answer, "token")
                return found
            if answer.status == 404 or (answer.status == 401 and asker == token):
                return None
            status = answer.status
        if status == 401 and again and isinstance(self._service, ServiceTokens):
            # Our own token ended before its time: with another one, once more.
            self._service.discard(asker)
            return self._validated(token, again=False)
        raise Unavailable(f"identity answers {status} about a token")


@dataclass(frozen=True, slots=True)
class ServiceCredentials:
    """How a service of ours signs in."""

    password: str = field(repr=False)
    user: str = "ringstack"
    project: str = "service"
    domain_id: str = "default"

    def request(self) -> dict[str, Any]:
        """The body that asks for a token of the service's project."""
        domain = {"id": self.domain_id}
        user = {"name": self.user, "domain": domain, "password": self.password}
        return {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": self.project, "domain": domain}},
            }
        }


class ServiceTokens:
    """A ``TokenSource`` for one service user."""

    def __init__(
        self, caller: Caller, credentials: ServiceCredentials, clock: Clock
    ) -> None:
        self._caller = caller
        self._credentials = credentials
        self._clock = clock
        self._token = ""
        self._expires = 0.0
        self._renewing = concurrency.Semaphore(1)

    def token(self) -> str:
        """See ``TokenSource.token``."""
        if self._left() > RENEW_SECONDS:
            return self._token
        with self._renewing:
            if self._left() <= RENEW_SECONDS:
                self._renew()
            return self._token

    def discard(self, token: str) -> None:
        """That token was refused: get another one for the next call."""
        if token == self._token:
            self._expires = 0.0

    def _left(self) -> float:
        return self._expires - self._clock.time()

    def _renew(self) -> None:
        try:
            self._sign_in()
        except Unavailable as error:
            if self._left() < LAST_SECONDS:
                raise
            _log.warning("the service's token is not renewed: %s", error)

    def _sign_in(self) -> None:
        body = orjson.dumps(self._credentials.request())
        headers = {"Content-Type": "application/json"}
        with self._caller.request(
            "POST", TOKENS_PATH, headers, body, timeout=TIMEOUT_SECONDS
        ) as answer:
            if answer.status != 201:
                user = self._credentials.user
                raise Unavailable(f"identity answers {answer.status} to user {user}")
            token = answer.headers.get("x-subject-token", "")
            self._expires = moment(member(answer, "token")["expires_at"])
            self._token = token


def member(answer: Answer, name: str) -> Any:
    """One member of an answer's JSON object; ``Unavailable`` when it is not there:
    whatever answered is not identity."""
    value = answer.json()
    if not isinstance(value, dict) or name not in value:
        raise Unavailable("identity answers with something else than was asked for")
    return value[name]


def moment(text: str) -> float:
    """Seconds since the epoch of a moment as identity writes them."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _is_plausible(token: str) -> bool:
    """Whether it could be a token at all, and may stand in a header."""
    plain = token.isascii() and token.isprintable() and " " not in token
    return plain and 0 < len(token) <= TOKEN_CHARACTERS_MAX


def _make_room(cache: dict[str, Any], size: int) -> None:
    """For one more: the oldest goes."""
    while len(cache) >= size:
        del cache[next(iter(cache))]
