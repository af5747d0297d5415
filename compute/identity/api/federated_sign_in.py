"""``/v3/OS-FEDERATION/identity_providers/{}/protocols/{}/auth``: a token of ours for
one that the identity provider has given (RFC 6750)."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import Unauthorized
from compute.identity.api.tokens import PRIVATE, SUBJECT
from compute.identity.federation.service import Federation
from compute.identity.parts import Parts
from objectstore.kernel.reply import Reply

AUTH = "/v3/OS-FEDERATION/identity_providers/{provider_id}/protocols/{protocol_id}/auth"


class FederatedSignInApi:
    """The operations."""

    def __init__(self, federation: Federation, parts: Parts) -> None:
        self._federation = federation
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", AUTH, self.sign_in, public=True),
            Route("POST", AUTH, self.sign_in, public=True),
        ]

    def sign_in(self, call: ApiCall) -> Reply:
        """An unscoped token."""
        scheme, _, bearer = call.header("Authorization").partition(" ")
        if scheme.lower() != "bearer" or not bearer.strip().isascii():
            raise Unauthorized()
        facts, standing = self._federation.by_bearer(
            call.parameters["provider_id"],
            call.parameters["protocol_id"],
            bearer.strip(),
        )
        tokens = self._parts.tokens
        body = tokens.body(facts, standing, with_catalogue=False)
        return json_reply(201, body, [*PRIVATE, (SUBJECT, tokens.seal(facts))])
