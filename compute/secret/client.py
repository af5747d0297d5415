"""What other rooms ask of the key manager.

    client = SecretClient(callers["key-manager"], service_tokens)
    listener = Use("load-balancer", "listener", listener_id)

    client.payload(context, reference)            -> bytes       by the caller's right
    client.certificate(context, reference)        -> Certificate by the caller's right
    client.entrust(context, reference, listener)  the caller lets the listener use it
    client.entrusted_payload(reference, listener) -> bytes       by that, at any time
    client.entrusted_certificate(reference, listener) -> Certificate
    client.release(reference, listener)           it uses it no more
    client.opened(certificate)                    with its key in clear, for plain_key

    client.make_key(new_key)                      a key for a resource of the room
    client.drop_key(key_id, volume)               it goes with the resource

``reference``: the URL by which users name a secret or a container, as they wrote it;
its host is not looked at, and nothing is asked there.  ``context``: whose token goes
along.  A certificate is a container of that type, or a secret that keeps a PKCS #12
bundle without a password, or PEM.

``entrust`` asks first whether the caller may read all of it; only then does the room
that asks, with its own token, and only for that resource.  It is good once or often,
and ``release`` where nothing was entrusted does nothing.

``BadRequest``: no reference, or no certificate there.  ``NotFound``: none there, none
any more, somebody else's, without a payload, or not entrusted (any more).
``Forbidden``: not the caller's to read.  ``Unavailable``: ask again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.context import RequestContext, TokenSource
from compute.core.errors import BadRequest, Conflict, Forbidden, NotFound
from compute.core.rooms.wire import RoomWire
from compute.secret.bundles import (
    Certificate,
    certificate_of,
    certificate_of_pem,
    is_pem,
)
from compute.secret.model import CONTAINERS, SECRETS
from compute.secret.opening import Opener
from compute.secret.plain_keys import PlainKey, plain_key
from compute.secret.references import parse_reference, thing_id
from compute.secret.uses import Use, check_entrustable, container_use
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Unavailable

__all__ = [
    "Certificate",
    "NewKey",
    "PlainKey",
    "SecretClient",
    "Use",
    "plain_key",
    "thing_id",
]

CALL_SECONDS = 30.0
KEY_BITS = 256
_INTERNAL = "/internal/"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A symmetric key that a room makes for its resource ``use``, under an id of its
    own choice; ``source``: as that resource's key ``source_id`` is."""

    id: str
    project_id: str
    user_id: str
    name: str
    use: Use
    bit_length: int = KEY_BITS
    mode: str = ""
    source_id: str = ""
    source: Use | None = None


class SecretClient:
    """Calls the key manager."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._wire = RoomWire(caller, service, _refusal, timeout=CALL_SECONDS)
        self._opener = Opener()

    def payload(self, context: RequestContext, reference: str) -> bytes:
        """What a secret keeps."""
        _, secret_id = parse_reference(reference, SECRETS)
        return self._payload(context, secret_id)

    def certificate(self, context: RequestContext, reference: str) -> Certificate:
        """What a container or a secret has of a certificate."""
        kind, thing_id = parse_reference(reference, SECRETS, CONTAINERS)
        if kind == SECRETS:
            return self._certificate(self._payload(context, thing_id))
        return certificate_of(self._payloads(context, thing_id))

    def entrust(self, context: RequestContext, reference: str, use: Use) -> None:
        """Let a resource of the calling room use it from now on."""
        kind, thing_id = parse_reference(reference, SECRETS, CONTAINERS)
        if kind == SECRETS:
            self._payload(context, thing_id)
            body = {
                "service": use.service,
                "resource_type": use.resource_type,
                "resource_id": use.resource_id,
            }
        else:
            self._payloads(context, thing_id)
            known = container_use(use)
            body = {"name": known.service, "URL": known.resource_id}
        path = f"/v1/{kind}/{thing_id}/consumers"
        self._wire.json("POST", path, body, token=context.token)

    def entrusted_payload(self, reference: str, use: Use) -> bytes:
        """What a secret keeps that the resource uses."""
        parse_reference(reference, SECRETS)
        (found,) = self._entrusted(reference, use).values()
        return found

    def entrusted_certificate(self, reference: str, use: Use) -> Certificate:
        """What a container or a secret that the resource uses has of a certificate."""
        kind, _ = parse_reference(reference, SECRETS, CONTAINERS)
        found = self._entrusted(reference, use)
        if kind == SECRETS:
            (content,) = found.values()
            return self._certificate(content)
        return certificate_of(found)

    def release(self, reference: str, use: Use) -> None:
        """The resource uses it no more."""
        self._wire.json("POST", f"{_INTERNAL}released", _question(reference, use))

    def make_key(self, wanted: NewKey) -> None:
        """A key of the project's, whose only consumer is the resource: its room reads
        it by ``entrusted_payload``.  Once, however often it is said.  ``Rejected`` 413
        beyond the quota, 404 when the key that it should equal is gone."""
        use, source = wanted.use, wanted.source
        body: dict[str, Any] = {
            "project_id": wanted.project_id,
            "user_id": wanted.user_id,
            "name": wanted.name,
            "bit_length": wanted.bit_length,
            "mode": wanted.mode,
            "service": use.service,
            "resource_type": use.resource_type,
            "resource_id": use.resource_id,
        }
        if source is not None:
            body["source_id"] = wanted.source_id
            body["source_resource_type"] = source.resource_type
            body["source_resource_id"] = source.resource_id
        self._wire.json("PUT", f"{_INTERNAL}keys/{wanted.id}", body)

    def drop_key(self, key_id: str, use: Use) -> None:
        """A resource's key goes with it; fine when it is gone."""
        body = {
            "service": use.service,
            "resource_type": use.resource_type,
            "resource_id": use.resource_id,
        }
        self._wire.json("POST", f"{_INTERNAL}keys/{key_id}/drop", body)

    def opened(self, found: Certificate) -> Certificate:
        """The same with its private key in clear, as PEM.  ``BadRequest``."""
        return self._opener.key(found)

    def _certificate(self, content: bytes) -> Certificate:
        if is_pem(content):
            return certificate_of_pem(content)
        return self._opener.bundle(content)

    def _payload(self, context: RequestContext, secret_id: str) -> bytes:
        path = f"/v1/secrets/{secret_id}/payload"
        accept = {"Accept": "*/*"}
        answer = self._wire.send("GET", path, token=context.token, headers=accept)
        return answer.read()

    def _payloads(self, context: RequestContext, container_id: str) -> dict[str, bytes]:
        path = f"/v1/containers/{container_id}"
        found = self._wire.json("GET", path, token=context.token)
        check_entrustable(found["type"])
        payloads = {}
        for each in found["secret_refs"]:
            _, secret_id = parse_reference(each["secret_ref"], SECRETS)
            payloads[each.get("name") or secret_id] = self._payload(context, secret_id)
        return payloads

    def _entrusted(self, reference: str, use: Use) -> dict[str, bytes]:
        question = _question(reference, use)
        found = self._wire.json("POST", f"{_INTERNAL}entrusted", question)
        return {
            each["name"] or str(number): base64.b64decode(each["payload"])
            for number, each in enumerate(found["payloads"])
        }


def _question(reference: str, use: Use) -> Mapping[str, Any]:
    return {
        "reference": reference,
        "service": use.service,
        "resource_type": use.resource_type,
        "resource_id": use.resource_id,
    }


def _refusal(answer: Answer, what: str) -> Exception:
    if answer.status == 401 and _INTERNAL not in what:
        # The caller's: that of a credential whose rules name no secrets, for one.
        return Forbidden("The token is not good for the key manager")
    if answer.status not in (400, 403, 404, 406, 409, 413):
        return Unavailable(f"{what}: the key manager answered {answer.status}")
    found = answer.json()
    text = str(found.get("description", "")) if isinstance(found, dict) else ""
    kinds = {403: Forbidden, 404: NotFound, 409: Conflict}
    return kinds.get(answer.status, BadRequest)(text or "refused")
