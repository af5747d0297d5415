"""``acl`` below a secret or a container: who reads it."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.secret.api.frame import Frame, document_of
from compute.secret.documents import access_document
from compute.secret.model import CONTAINERS, SECRETS
from compute.secret.references import reference
from compute.secret.service.access import AccessService
from objectstore.kernel.reply import Reply

# Who means more people gives them a project.
USERS_MAX = 200
_ACCESS = Schema(
    {
        "type": "object",
        "properties": {
            "read": {
                "type": "object",
                "properties": {
                    "users": {
                        "type": "array",
                        "items": {"type": "string", "minLength": 1, "maxLength": 64},
                        "maxItems": USERS_MAX,
                    },
                    "project-access": {"type": "boolean"},
                },
                "additionalProperties": False,
            }
        },
        "required": ["read"],
        "additionalProperties": False,
    }
)


class AccessApi:
    """The operations, below what ``kind`` says."""

    def __init__(self, frame: Frame, kind: str) -> None:
        self._frame = frame
        self._kind = kind
        self._service = AccessService(frame.parts, kind)

    def routes(self) -> list[Route]:
        """Where they are."""
        path = f"/{self._kind}/{{subject_id}}/acl"
        route = self._frame.route
        return [
            route("GET", path, self.show),
            route("PUT", path, self.replace),
            route("PATCH", path, self.change),
            route("DELETE", path, self.drop),
        ]

    def show(self, call: ApiCall) -> Reply:
        """As it is."""
        found = self._service.show(call.context, call.parameters["subject_id"])
        return json_reply(200, access_document(found))

    def replace(self, call: ApiCall) -> Reply:
        """All of it."""
        return self._write(call, anew=True)

    def change(self, call: ApiCall) -> Reply:
        """What the body names."""
        return self._write(call, anew=False)

    def drop(self, call: ApiCall) -> Reply:
        """As if nothing had been said; its reply is JSON, and clients read it so."""
        self._service.drop(call.context, call.parameters["subject_id"])
        return json_reply(200, None)

    def _write(self, call: ApiCall, *, anew: bool) -> Reply:
        body = document_of(call)
        _ACCESS.check(body)
        read, subject_id = body["read"], call.parameters["subject_id"]
        given = read.get("users")
        users = None if given is None else tuple(sorted(set(given)))
        self._service.change(
            call.context, subject_id, users, read.get("project-access"), anew=anew
        )
        place = f"{reference(call.base_url, self._kind, subject_id)}/acl"
        return json_reply(200, {"acl_ref": place})


def access_apis(frame: Frame) -> list[AccessApi]:
    """Of both."""
    return [AccessApi(frame, kind) for kind in (SECRETS, CONTAINERS)]
