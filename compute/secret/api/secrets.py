"""``/v1/secrets``: secrets, and what they keep."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.sql.database import Connection
from compute.secret.api.frame import (
    SPARING_USED,
    Frame,
    document_of,
    knows_consumers,
)
from compute.secret.api.pages import page_of, paged
from compute.secret.definitions import secret_of
from compute.secret.documents import secret_document
from compute.secret.model import SECRETS, TEXT, Consumer, Secret
from compute.secret.payloads import (
    ENCODED_BYTES_MAX,
    check_accepts_json,
    payload_of_body,
    wants_payload,
)
from compute.secret.questions import secrets_select
from compute.secret.references import reference
from compute.secret.service.secrets import SecretService
from compute.secret.store import count
from objectstore.kernel.reply import Reply

_ONE = "/secrets/{secret_id}"


class SecretsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._parts = frame.parts
        self._frame = frame
        self._service = SecretService(frame.parts)

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/secrets", self.secrets, "secrets:get"),
            route("POST", "/secrets", self.create, "secrets:post"),
            route("GET", _ONE, self.show, any_type=True),
            route("PUT", _ONE, self.keep, any_type=True),
            route("DELETE", _ONE, self.delete, any_type=True),
            route("GET", f"{_ONE}/payload", self.payload, any_type=True),
        ]

    def secrets(self, call: ApiCall) -> Reply:
        """A page of the project's, or of those that a list lets the caller read."""
        page, stores = page_of(call), self._parts.stores
        select = secrets_select(call.query, call.context, self._parts.now())

        def read(connection: Connection) -> tuple[list[Secret], int]:
            part = page.of(connection, select)
            return stores.secrets(connection, part), count(connection, select)

        found, total = self._parts.read(read)
        consumers = self._consumers(call, found)
        shown = [
            secret_document(call.base_url, it, consumers[it.id] if consumers else None)
            for it in found
        ]
        return json_reply(200, paged(call, SECRETS, shown, total))

    def create(self, call: ApiCall) -> Reply:
        """A new one, with or without what it keeps."""
        wanted = secret_of(document_of(call), self._parts.now())
        made = self._service.create(call.context, wanted)
        place = reference(call.base_url, SECRETS, made.id)
        return json_reply(201, {"secret_ref": place}, [("Location", place)])

    def show(self, call: ApiCall) -> Reply:
        """What is known of it; what it keeps, where only that is accepted."""
        accept = call.header("Accept")
        if wants_payload(accept):
            return self.payload(call)
        check_accepts_json(accept)
        secret_id = call.parameters["secret_id"]
        found = self._service.find(call.context, secret_id, "secret:get")
        consumers = self._consumers(call, [found])
        used = consumers[found.id] if consumers else None
        return json_reply(200, secret_document(call.base_url, found, used))

    def payload(self, call: ApiCall) -> Reply:
        """What it keeps, as it is."""
        found = self._service.payload(
            call.context, call.parameters["secret_id"], call.header("Accept")
        )
        kind = found.content_type
        shown = f"{kind}; charset=utf-8" if kind == TEXT else kind
        # Nobody on the way is to keep it, too.
        headers = [("Cache-Control", "no-store")]
        return Reply(200, found.content, headers, shown)

    def keep(self, call: ApiCall) -> Reply:
        """What it is to keep, when it keeps nothing yet."""
        secret_id = call.parameters["secret_id"]
        self._service.find(call.context, secret_id, "secret:put")
        payload = payload_of_body(
            call.request.read_small_body(ENCODED_BYTES_MAX),
            call.header("Content-Type"),
            call.header("Content-Encoding").strip().lower(),
        )
        self._service.keep(call.context, secret_id, payload)
        return empty_reply(204)

    def delete(self, call: ApiCall) -> Reply:
        """It is no more."""
        spares = call.version is not None and call.version >= SPARING_USED
        self._service.delete(
            call.context,
            call.parameters["secret_id"],
            spares_used=spares and not call.query.flag("force"),
        )
        return empty_reply(204)

    def _consumers(
        self, call: ApiCall, found: list[Secret]
    ) -> dict[str, list[Consumer]] | None:
        if not knows_consumers(call):
            return None
        ids = [each.id for each in found]
        return self._parts.read(lambda it: self._parts.stores.consumers(it, ids))
