"""``/v3/auth/tokens``: get, look at and end tokens; what a token gives access to."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.identity.api.documents import domain_document, project_documents
from compute.identity.api.replies import many, short
from compute.identity.auth.request import parse_sign_in
from compute.identity.auth.sign_in import TooFewMethods, sign_in
from compute.identity.factors import required
from compute.identity.parts import Parts, forbidden
from compute.identity.store import reach
from compute.identity.tokens.body import token_body
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.service import catalogue_of, subject_not_found
from compute.identity.tokens.standing import Standing
from objectstore.kernel.reply import HeaderList, Reply

SUBJECT = "X-Subject-Token"
RECEIPT = "Openstack-Auth-Receipt"
# With this a service says that it keeps to access rules.
RULES_HEADER = "OpenStack-Identity-Access-Rules"
# Nothing between us and the client may keep a token.
PRIVATE: HeaderList = [("Cache-Control", "no-store"), ("Vary", "X-Auth-Token")]


class TokensApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("POST", "/v3/auth/tokens", self.issue, public=True),
            Route("GET", "/v3/auth/tokens", self.show, ignores_rules=True),
            Route("DELETE", "/v3/auth/tokens", self.revoke),
            Route("GET", "/v3/auth/catalog", self.catalogue),
            Route("GET", "/v3/auth/projects", self.projects),
            Route("GET", "/v3/auth/domains", self.domains),
            Route("GET", "/v3/auth/system", self.system),
            # The same by the names of before, when only federated users asked.
            Route("GET", "/v3/OS-FEDERATION/projects", self.projects),
            Route("GET", "/v3/OS-FEDERATION/domains", self.domains),
        ]

    def issue(self, call: ApiCall) -> Reply:
        """Sign in."""
        wanted = parse_sign_in(call.json(), call.header(RECEIPT))
        try:
            facts, standing = sign_in(self._parts, wanted)
        except TooFewMethods as error:
            return self._receipt(error.receipt)
        body = self._body(call, facts, standing)
        headers = [*PRIVATE, (SUBJECT, self._parts.tokens.seal(facts))]
        return json_reply(201, body, headers)

    def _receipt(self, facts: TokenFacts) -> Reply:
        """What was right so far, and what else there has to be."""
        tokens = self._parts.tokens
        text = tokens.seal_receipt(facts)
        _, standing = tokens.take_receipt(text)
        shown = token_body(facts, standing, None)
        names = ("methods", "user", "expires_at", "issued_at")
        body = {
            "receipt": {name: shown[name] for name in names},
            "required_auth_methods": required(standing.user),
        }
        return json_reply(401, body, [*PRIVATE, (RECEIPT, text)])

    def show(self, call: ApiCall) -> Reply:
        """Validate a token, and say what it is."""
        facts, standing = self._subject(
            call, "identity:validate_token", call.query.flag("allow_expired")
        )
        if standing.access_rules is not None and not call.header(RULES_HEADER):
            # Whoever does not know of access rules would let it do everything.
            raise NotFound("Could not find token.")
        headers = [*PRIVATE, (SUBJECT, call.header(SUBJECT))]
        return json_reply(200, self._body(call, facts, standing), headers)

    def revoke(self, call: ApiCall) -> Reply:
        """End a token before its time."""
        facts, _ = self._subject(call, "identity:revoke_token", False)
        self._parts.tokens.revoke_one(facts)
        return empty_reply()

    def catalogue(self, call: ApiCall) -> Reply:
        """The catalogue of the caller's own token."""
        facts = self._parts.tokens.open(call.context.token)
        found: list[dict[str, Any]] = []
        if facts.scope:
            found = self._parts.read(lambda connection: catalogue_of(connection, facts))
        return many(call, "catalog", found)

    def projects(self, call: ApiCall) -> Reply:
        """The projects that the caller can scope to."""
        user_id, now = call.context.user_id, self._parts.now()
        found = self._parts.read(
            lambda connection: project_documents(
                call, connection, reach.reachable_projects(connection, user_id, now)
            )
        )
        return short(call, "projects", found)

    def domains(self, call: ApiCall) -> Reply:
        """The domains that the caller can scope to."""
        user_id, now = call.context.user_id, self._parts.now()
        found = self._parts.read(
            lambda connection: reach.reachable_domains(connection, user_id, now)
        )
        return short(call, "domains", [domain_document(call, item) for item in found])

    def system(self, call: ApiCall) -> Reply:
        """The system, if the caller can scope to it."""
        user_id, now = call.context.user_id, self._parts.now()
        has = self._parts.read(
            lambda connection: reach.reaches_system(connection, user_id, now)
        )
        return many(call, "system", [{"all": True}] if has else [])

    def _subject(
        self, call: ApiCall, rule: str, allow_expired: bool
    ) -> tuple[TokenFacts, Standing]:
        token = call.header(SUBJECT)
        if not token:
            raise BadRequest(f"The header {SUBJECT} is required")
        tokens = self._parts.tokens
        facts, standing = subject_not_found(
            lambda: tokens.validate(token, allow_expired=allow_expired)
        )
        if call.context.access_rules is not None and token != call.context.token:
            raise forbidden(rule)
        target = {"target.token.user_id": facts.user_id}
        self._parts.enforce(call.context, rule, target)
        return facts, standing

    def _body(
        self, call: ApiCall, facts: TokenFacts, standing: Standing
    ) -> dict[str, Any]:
        wants = "nocatalog" not in call.query
        return self._parts.tokens.body(facts, standing, with_catalogue=wants)
