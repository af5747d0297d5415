"""The house's own account in the object store: nobody else has rights there.

What rooms keep in it is reached through their APIs only.
"""

from __future__ import annotations

from compute.core.context import TokenChecker, TokenSource
from objectstore.client.caller import Caller
from objectstore.client.swift import SwiftAccount
from objectstore.kernel.errors import Unavailable


class ServiceAccount:
    """The account of our own service's project, known once identity can be asked."""

    def __init__(
        self, caller: Caller, tokens: TokenChecker, service: TokenSource
    ) -> None:
        self._caller = caller
        self._tokens = tokens
        self._service = service
        self._account: SwiftAccount | None = None

    def __call__(self) -> SwiftAccount:
        """The account; ``Unavailable`` while nobody can say which it is."""
        if self._account is None:
            own = self._tokens.check(self._service.token(), "")
            if not own.project_id:
                raise Unavailable("our own token has no project")
            path = f"/v1/AUTH_{own.project_id}"
            self._account = SwiftAccount(self._caller, self._service, path)
        return self._account
