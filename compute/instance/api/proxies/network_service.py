"""The collections of the network service, as the caller sees them there.

The older API knew no conflicts: what is one there is a bad request here, and a quota
forbids.
"""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, QuotaExceeded
from compute.instance.api.proxies.frame import key_of
from compute.instance.api.proxies.neighbour import Neighbour, Refused
from compute.instance.frame.replies import accepted
from objectstore.client.caller import Caller
from objectstore.kernel.reply import Reply

_PATH = "/v2.0"
_OVER_QUOTA = "OverQuota"


class NetworkService:
    """Lists, shows, makes, changes and deletes there what a call here asks for."""

    def __init__(self, caller: Caller) -> None:
        self._neighbour = Neighbour(caller)

    def listed(self, call: ApiCall, collection: str, query: str = "") -> list[Any]:
        """The things of a collection (``security-groups``)."""
        answer = self._ask(call, "GET", f"{_PATH}/{collection}{query}")
        found: list[Any] = answer[collection.replace("-", "_")]
        return found

    def one(self, call: ApiCall, collection: str, name: str) -> Any:
        """The thing that the call's path names, which is a ``name`` there."""
        path = f"{_PATH}/{collection}/{key_of(call)}"
        return self._ask(call, "GET", path)[name]

    def make(self, call: ApiCall, collection: str, name: str, values: Any) -> Any:
        """A new thing of these values; it."""
        path = f"{_PATH}/{collection}"
        return self._ask(call, "POST", path, {name: values})[name]

    def change(
        self, call: ApiCall, collection: str, key: str, name: str, values: Any
    ) -> Any:
        """The thing ``key`` (quoted) with these values."""
        path = f"{_PATH}/{collection}/{key}"
        return self._ask(call, "PUT", path, {name: values})[name]

    def delete(self, call: ApiCall, collection: str) -> Reply:
        """Delete the thing that the call's path names; this API's answer to that."""
        self._ask(call, "DELETE", f"{_PATH}/{collection}/{key_of(call)}")
        return accepted()

    def _ask(self, call: ApiCall, method: str, path: str, body: Any = None) -> Any:
        try:
            return self._neighbour.ask(call, method, path, body)
        except Refused as error:
            if error.status != 409:
                raise
            failure = QuotaExceeded if error.kind == _OVER_QUOTA else BadRequest
            raise failure(error.text) from None
