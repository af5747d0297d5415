"""What every call has: the policy, JSON in and out."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Handler, Route
from compute.core.api.microversions import Microversion, VersionRange
from compute.core.errors import Forbidden
from compute.secret.parts import Parts, refusal
from compute.secret.payloads import JSON, check_accepts_json
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

BASE = "/v1"
LOWEST = Microversion(1, 0)
# Consumers of secrets are shown with them since 1.1; since 1.2 they keep a secret from
# being deleted unless that is forced.
WITH_CONSUMERS = Microversion(1, 1)
SPARING_USED = HIGHEST = Microversion(1, 2)
VERSIONS = VersionRange("key-manager", LOWEST, HIGHEST)


class Frame:
    """Shared by the room's API."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def route(
        self,
        method: str,
        path: str,
        handler: Handler,
        rule: str = "",
        *,
        any_type: bool = False,
    ) -> Route:
        """A route for whoever has a token of a project; ``rule``: that is about no
        thing yet (those that are look themselves); ``any_type``: the reply is not
        JSON, or not always."""

        def checked(call: ApiCall) -> Reply:
            if not call.context.project_id:
                raise Forbidden("A token of a project is needed.")
            if rule:
                self.check(call, rule)
            if not any_type:
                check_accepts_json(call.header("Accept"))
            return handler(call)

        return Route(method, f"{BASE}{path}", checked)

    def check(self, call: ApiCall, rule: str) -> None:
        """``PolicyNotAuthorized`` unless the policy lets the caller."""
        if not self.parts.policy.allows(call.context, rule):
            raise refusal(rule)


def document_of(call: ApiCall) -> dict[str, Any]:
    """The request's document.  ``BadRequest``, 413, 415."""
    kind = call.header("Content-Type").partition(";")[0].strip().lower()
    if kind not in ("", JSON):
        raise Rejected(415, f"The Content-Type is {JSON}")
    return call.json_object()


def knows_consumers(call: ApiCall) -> bool:
    """Whether the caller's version has consumers of secrets."""
    return call.version is not None and call.version >= WITH_CONSUMERS
