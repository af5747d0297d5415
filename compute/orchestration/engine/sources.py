"""Whose tokens the other rooms are asked with."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.rooms.authority import Authority


class ByTrust:
    """For work that goes on when nobody waits for it."""

    def __init__(self, authority: Authority, trust_id: str, project_id: str) -> None:
        self._authority = authority
        self._trust_id = trust_id
        self.project_id = project_id

    def token(self) -> str:
        """One by the trust."""
        return self._authority.token(self._trust_id).token

    def refused(self) -> None:
        """Ask for another."""
        self._authority.forget(self._trust_id)

    @property
    def endpoint(self) -> str:
        """Where the catalogue says that this room is."""
        return self._authority.token(self._trust_id).endpoint


class OfCaller:
    """For questions that are answered while the caller waits: his own token."""

    def __init__(self, context: RequestContext, endpoint: str) -> None:
        self.endpoint = endpoint
        self._token = context.token
        self.project_id = context.project_id

    def token(self) -> str:
        """The one he came with."""
        return self._token

    def refused(self) -> None:
        """There is no other."""
