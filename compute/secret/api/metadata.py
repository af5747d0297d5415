"""``/v1/secrets/{id}/metadata``: what users note of a secret.  It is not sealed."""

from __future__ import annotations

from urllib.parse import quote

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest
from compute.secret.api.frame import Frame, document_of
from compute.secret.definitions import metadata_of, metadatum_of
from compute.secret.model import SECRETS
from compute.secret.references import reference
from compute.secret.service.secrets import SecretService
from objectstore.kernel.reply import Reply

_ALL = "/secrets/{secret_id}/metadata"
_ONE = f"{_ALL}/{{key}}"


class MetadataApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._service = SecretService(frame.parts)

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", _ALL, self.all),
            route("PUT", _ALL, self.replace),
            route("POST", _ALL, self.add),
            route("GET", _ONE, self.show),
            route("PUT", _ONE, self.change),
            route("DELETE", _ONE, self.remove, any_type=True),
        ]

    def all(self, call: ApiCall) -> Reply:
        """Every key."""
        secret_id = call.parameters["secret_id"]
        found = self._service.find(call.context, secret_id, "secret_meta:get")
        return json_reply(200, {"metadata": dict(found.user_metadata)})

    def replace(self, call: ApiCall) -> Reply:
        """Every key anew."""
        secret_id = call.parameters["secret_id"]
        wanted = metadata_of(document_of(call))
        self._service.set_metadata(call.context, secret_id, wanted)
        return json_reply(201, {"metadata_ref": self._place(call)})

    def add(self, call: ApiCall) -> Reply:
        """One more key."""
        key, value = metadatum_of(document_of(call))
        secret_id = call.parameters["secret_id"]
        self._service.add_metadatum(call.context, secret_id, key, value)
        place = f"{self._place(call)}/{quote(key, safe='')}"
        return json_reply(201, {"key": key, "value": value}, [("Location", place)])

    def show(self, call: ApiCall) -> Reply:
        """One key."""
        key = _key(call)
        value = self._service.metadatum(call.context, call.parameters["secret_id"], key)
        return json_reply(200, {"key": key, "value": value})

    def change(self, call: ApiCall) -> Reply:
        """One key's value."""
        key, value = metadatum_of(document_of(call))
        if key != _key(call):
            raise BadRequest("The key in the body is not the one in the path")
        secret_id = call.parameters["secret_id"]
        self._service.set_metadatum(call.context, secret_id, key, value)
        return json_reply(200, {"key": key, "value": value})

    def remove(self, call: ApiCall) -> Reply:
        """One key less."""
        secret_id = call.parameters["secret_id"]
        self._service.drop_metadatum(call.context, secret_id, _key(call))
        return empty_reply(204)

    def _place(self, call: ApiCall) -> str:
        secret_id = call.parameters["secret_id"]
        return f"{reference(call.base_url, SECRETS, secret_id)}/metadata"


def _key(call: ApiCall) -> str:
    return call.parameters["key"].lower()
