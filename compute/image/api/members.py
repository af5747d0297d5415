"""/v2/images/ID/members: sharing."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.image.documents import member_document
from compute.image.schemas import ADD_MEMBER, SET_MEMBER
from compute.image.sharing import SharingService
from objectstore.kernel.reply import Reply


class MembersApi:
    """Handlers of the routes below."""

    def __init__(self, sharing: SharingService) -> None:
        self._sharing = sharing

    def routes(self) -> list[Route]:
        """Where they answer."""
        every = "/v2/images/{image_id}/members"
        one = f"{every}/{{member_id}}"
        return [
            Route("GET", every, self._list),
            Route("POST", every, self._add),
            Route("GET", one, self._show),
            Route("PUT", one, self._answer),
            Route("DELETE", one, self._remove),
        ]

    def _list(self, call: ApiCall) -> Reply:
        found = self._sharing.list(call.context, call.parameters["image_id"])
        document = {
            "members": [member_document(member) for member in found],
            "schema": "/v2/schemas/members",
        }
        return json_reply(200, document)

    def _add(self, call: ApiCall) -> Reply:
        member = call.json(ADD_MEMBER)["member"]
        added = self._sharing.add(call.context, call.parameters["image_id"], member)
        return json_reply(200, member_document(added))

    def _show(self, call: ApiCall) -> Reply:
        names = call.parameters
        found = self._sharing.show(call.context, names["image_id"], names["member_id"])
        return json_reply(200, member_document(found))

    def _answer(self, call: ApiCall) -> Reply:
        names, status = call.parameters, call.json(SET_MEMBER)["status"]
        changed = self._sharing.answer(
            call.context, names["image_id"], names["member_id"], status
        )
        return json_reply(200, member_document(changed))

    def _remove(self, call: ApiCall) -> Reply:
        names = call.parameters
        self._sharing.remove(call.context, names["image_id"], names["member_id"])
        return empty_reply()
