"""``/v3/RS-FEDERATION``: for pages on which people sign in by an identity provider, as
the dashboard's.  None of Keystone's: there a web server stands before it."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.identity.api import shapes
from compute.identity.api.tokens import PRIVATE, SUBJECT
from compute.identity.federation import codes
from compute.identity.federation.codes import Beginning, Return
from compute.identity.federation.service import Federation
from compute.identity.parts import Parts
from objectstore.kernel.reply import Reply

_AT = "/v3/RS-FEDERATION"
_ONE = f"{_AT}/{{provider_id}}/{{protocol_id}}"
_SECRET = {"type": "string", "minLength": 16, "maxLength": 256}
_URI = {"type": "string", "maxLength": 2048, "pattern": r"^https?://[^\s#]+$"}
_BEGIN = shapes.body(
    "begin",
    {"redirect_uri": _URI, "state": _SECRET, "nonce": _SECRET, "challenge": _SECRET},
    ["redirect_uri", "state", "nonce", "challenge"],
    more=False,
)
_COMPLETE = shapes.body(
    "complete",
    {
        "redirect_uri": _URI,
        "code": {"type": "string", "minLength": 1, "maxLength": 4096},
        "verifier": _SECRET,
        "nonce": _SECRET,
    },
    ["redirect_uri", "code", "verifier", "nonce"],
    more=False,
)


class SignInPagesApi:
    """The operations."""

    def __init__(self, federation: Federation, parts: Parts) -> None:
        self._federation = federation
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", f"{_AT}/choices", self.choices, public=True),
            Route("POST", f"{_ONE}/begin", self.begin, public=True),
            Route("POST", f"{_ONE}/complete", self.complete, public=True),
        ]

    def choices(self, call: ApiCall) -> Reply:
        """What a page may offer."""
        found = [
            {
                "identity_provider": each.provider_id,
                "protocol": each.protocol_id,
                "label": each.label,
            }
            for each in codes.choices(self._federation, self._parts)
        ]
        return json_reply(200, {"choices": found})

    def begin(self, call: ApiCall) -> Reply:
        """Where to send somebody."""
        wanted = Beginning(**call.json(_BEGIN)["begin"])
        url = codes.begin(self._federation, *_named(call), wanted)
        return json_reply(200, {"url": url}, list(PRIVATE))

    def complete(self, call: ApiCall) -> Reply:
        """An unscoped token for who has come back."""
        returned = Return(**call.json(_COMPLETE)["complete"])
        facts, standing = codes.complete(
            self._federation, self._parts, *_named(call), returned
        )
        tokens = self._parts.tokens
        body = tokens.body(facts, standing, with_catalogue=False)
        return json_reply(201, body, [*PRIVATE, (SUBJECT, tokens.seal(facts))])


def _named(call: ApiCall) -> tuple[str, str]:
    return call.parameters["provider_id"], call.parameters["protocol_id"]
