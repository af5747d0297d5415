"""Identity as far as trusts need it, in memory: trusts, and tokens by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from objectstore.client.caller import Answer, Content
from test.fakes.tokens import FakeTokens, fake_token

# "expires_at" of every token: far away.
NEVER = "2999-01-01T00:00:00.000000Z"


class TrustingIdentity:
    """A ``Caller``.  ``trusts``: by id, whose and with which roles; ``refuses``: no
    trust is made any more; ``keeps``: none can be ended now; ``when_trusting``,
    ``when_trusted``: are called before and after one is made, once."""

    def __init__(self, tokens: FakeTokens, endpoint: str = "") -> None:
        self.trusts: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self.refuses = False
        self.keeps = False
        self.when_trusting: Callable[[], object] | None = None
        self.when_trusted: Callable[[], object] | None = None
        self._ends: dict[str, str] = {}
        self._tokens = tokens
        self._endpoint = endpoint
        self._made = 0

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        assert isinstance(body, bytes)
        asked = orjson.loads(body) if body else {}
        token = (headers or {}).get("X-Auth-Token", "")
        if path.startswith("/v3/OS-TRUST/trusts"):
            return self._trust(method, path, token, asked)
        if path == "/v3/auth/catalog":
            return _answer(200, {"catalog": self._catalogue("p")})
        if method == "GET":
            roles = sorted(self._tokens.check(token, "").roles)
            return _answer(200, {"token": {"roles": [{"id": each} for each in roles]}})
        return self._sign_in(asked["auth"]["scope"]["OS-TRUST:trust"]["id"])

    def _trust(self, method: str, path: str, token: str, asked: Any) -> Answer:
        if method == "DELETE" and self.keeps:
            return _answer(503, {})
        if method == "DELETE":
            trust = self.trusts.pop(path.rsplit("/", 1)[-1], None)
            return _answer(204 if trust else 404, {})
        if method == "GET":
            shown = [
                {"id": each, "expires_at": self._ends[each]} for each in self.trusts
            ]
            return _answer(200, {"trusts": shown})
        if self.refuses:
            return _answer(403, {"error": {"message": "not you"}})
        then, self.when_trusting = self.when_trusting, None
        if then is not None:
            then()
        context = self._tokens.check(token, "")
        wanted = asked["trust"]
        assert wanted["trustor_user_id"] == context.user_id
        self._made += 1
        identifier = f"trust{self._made}"
        roles = tuple(each["id"] for each in wanted["roles"])
        self.trusts[identifier] = (context.project_id, context.user_id, roles)
        self._ends[identifier] = wanted["expires_at"]
        then, self.when_trusted = self.when_trusted, None
        if then is not None:
            then()
        return _answer(201, {"trust": {"id": identifier}})

    def _sign_in(self, trust_id: str) -> Answer:
        if trust_id not in self.trusts:
            return _answer(404, {"error": {"message": "no such trust"}})
        project, user, roles = self.trusts[trust_id]
        token = {
            "expires_at": NEVER,
            "project": {"id": project},
            "catalog": self._catalogue(project),
        }
        text = fake_token(project, ",".join(roles), user)
        return _answer(201, {"token": token}, {"x-subject-token": text})

    def _catalogue(self, project: str) -> list[dict[str, Any]]:
        url = f"{self._endpoint}/v1/{project}"
        endpoint = {"interface": "public", "url": url}
        return [{"type": "orchestration", "endpoints": [endpoint]}]


def _answer(status: int, document: Any, headers: Any = None) -> Answer:
    return Answer(status, headers or {}, [orjson.dumps(document)])
