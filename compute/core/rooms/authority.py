"""The rights a room works with when its caller waits no longer: a trust of the caller.

Whoever asks for an operation entrusts our service's user, with his own token, with the
roles that the token has on its project; the trust impersonates him.  So the work has
his rights and no more, it ends when he loses a role or is disabled, and no token or
password of his is kept.  Each operation has the trust of the one who asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from compute.core.context import RequestContext, TokenChecker, TokenSource
from compute.core.errors import Forbidden
from compute.core.instants import iso_micro_z
from objectstore.client.caller import Caller
from objectstore.client.identity import moment
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable

TIMEOUT_SECONDS = 30.0
# A token is asked for anew when it has less than this left.
RENEW_SECONDS = 300.0
TOKENS_MAX = 5000

# A trust that ended before what goes by it would leave that helpless.
FAR_SECONDS = 500 * 365.25 * 86400
# Of a second each; the last of them is still some centuries before the year 9999.
MARK_BITS = 33
# Whoever asked for a trust has got an answer, or is dead, after so long.
ATTEMPT_SECONDS = 600.0

_TRUSTS = "/v3/OS-TRUST/trusts"
_TOKENS = "/v3/auth/tokens"


@dataclass(frozen=True, slots=True)
class Entrusted:
    """A token by a trust; ``endpoint``: where its catalogue says that we are."""

    token: str
    expires_at: float
    project_id: str
    endpoint: str


def marked_end(now: float, random: Random) -> float:
    """A moment some centuries away, at which one trust is to end and no other: trusts
    have no field for a marker by which one that was made and lost is found again."""
    return float(int(now + FAR_SECONDS) + random.getrandbits(MARK_BITS))


class Authority:
    """Makes trusts, and tokens of them."""

    def __init__(
        self,
        identity: Caller,
        tokens: TokenChecker,
        service: TokenSource,
        clock: Clock,
        *,
        service_type: str,
        purpose: str,
    ) -> None:
        """``service_type``: the room's, in the catalogue; ``purpose``: what it does by
        trusts, as the user is told who can make none ("Stacks are worked on")."""
        self._identity = identity
        self._tokens = tokens
        self._service = service
        self._clock = clock
        self._service_type = service_type
        self._purpose = purpose
        self._known: dict[str, Entrusted] = {}

    def entrust(self, context: RequestContext, expires_at: float) -> str:
        """A new trust of the caller's, until then; its id.  ``Forbidden`` when his
        token cannot make one (restricted application credentials, tokens by
        trusts)."""
        roles = self._roles_of(context.token)
        body = {
            "trust": {
                "trustor_user_id": context.user_id,
                "trustee_user_id": self._trustee(),
                "project_id": context.project_id,
                "impersonation": True,
                "expires_at": iso_micro_z(expires_at),
                "roles": [{"id": each["id"]} for each in roles],
            }
        }
        try:
            found, _ = self._ask("POST", _TRUSTS, context.token, body)
        except Rejected as error:
            raise Forbidden(
                f"{self._purpose} by a trust of yours, and identity does not let"
                " you make one with this token (an application credential must be"
                f" unrestricted): {error.text}"
            ) from error
        return str(found["trust"]["id"])

    def ending_at(self, moment_of_end: float) -> list[str]:
        """The ids of the trusts of ours that end just then."""
        query = f"{_TRUSTS}?trustee_user_id={self._trustee()}"
        try:
            found, _ = self._ask("GET", query, self._service.token())
        except Rejected as error:
            raise Unavailable(f"trusts are not shown: {error.text}") from error
        return [
            str(each["id"])
            for each in found["trusts"]
            if each["expires_at"] and moment(each["expires_at"]) == moment_of_end
        ]

    def drop(self, trust_id: str) -> None:
        """End a trust; nothing when it has ended."""
        self._known.pop(trust_id, None)
        try:
            self._ask("DELETE", f"{_TRUSTS}/{trust_id}", self._service.token())
        except Rejected as error:
            if error.status != 404:
                raise Unavailable(f"trust {trust_id} stays: {error.text}") from error

    def token(self, trust_id: str) -> Entrusted:
        """A token that is good for some minutes; ``Rejected`` when the trust is none
        any more, or its user may not use it."""
        known = self._known.get(trust_id)
        if known is not None and known.expires_at - self._clock.time() > RENEW_SECONDS:
            return known
        body = {
            "auth": {
                "identity": {
                    "methods": ["token"],
                    "token": {"id": self._service.token()},
                },
                "scope": {"OS-TRUST:trust": {"id": trust_id}},
            }
        }
        try:
            found, token = self._ask("POST", _TOKENS, "", body)
        except Rejected as error:
            raise Forbidden(
                f"The trust that this is done by is no good: {error.text}"
            ) from error
        while len(self._known) >= TOKENS_MAX:
            del self._known[next(iter(self._known))]
        known = self._known[trust_id] = _entrusted(
            found["token"], token, self._service_type
        )
        return known

    def forget(self, trust_id: str) -> None:
        """Its token was refused: the next one is asked for anew."""
        self._known.pop(trust_id, None)

    def _trustee(self) -> str:
        return self._tokens.check(self._service.token(), "").user_id

    def _roles_of(self, token: str) -> list[Mapping[str, Any]]:
        found, _ = self._ask("GET", f"{_TOKENS}?nocatalog", token, subject=token)
        return list(found["token"].get("roles", ()))

    def _ask(
        self,
        method: str,
        path: str,
        token: str,
        body: Any = None,
        *,
        subject: str = "",
    ) -> tuple[Any, str]:
        """The document, and the token in the answer's head."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["X-Auth-Token"] = token
        if subject:
            headers["X-Subject-Token"] = subject
            headers["OpenStack-Identity-Access-Rules"] = "1"
        content = b"" if body is None else orjson.dumps(body)
        with self._identity.request(
            method, path, headers, content, timeout=TIMEOUT_SECONDS
        ) as answer:
            document = answer.json() or {}
        if answer.status >= 500:
            raise Unavailable(f"identity answers {answer.status}")
        if answer.status >= 400:
            error = document.get("error") or {}
            raise Rejected(answer.status, str(error.get("message", "refused")))
        return document, answer.headers.get("x-subject-token", "")


def _entrusted(token: Mapping[str, Any], text: str, service_type: str) -> Entrusted:
    endpoint = ""
    for service in token.get("catalog", ()):
        for each in service["endpoints"] if service["type"] == service_type else ():
            if each["interface"] == "public":
                endpoint = each["url"]
    return Entrusted(
        text,
        moment(token["expires_at"]),
        (token.get("project") or {}).get("id", ""),
        endpoint.rstrip("/"),
    )
