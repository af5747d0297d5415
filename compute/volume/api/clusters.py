"""Clusters of volume hosts (3.7), and cleaning up after them (3.24): there is one host,
which is in none, and goes on by itself with what it was at."""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.core.errors import NotFound
from compute.volume.api.frame import Verb, accepted, ok
from compute.volume.parts import Parts
from objectstore.kernel.reply import Reply

SINCE, CLEANUP_SINCE = 7, 24
RULE = "volume_extension:services"


class ClustersApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/clusters", self.index, SINCE),
            Verb("GET", "/clusters/detail", self.index, SINCE),
            Verb("GET", "/clusters/{name}", self.show, SINCE),
            Verb("PUT", "/clusters/{name}", self.show, SINCE),
            Verb("POST", "/workers/cleanup", self.clean, CLEANUP_SINCE),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /clusters."""
        self._parts.enforce(call.context, RULE)
        return ok({"clusters": []})

    def show(self, call: ApiCall) -> Reply:
        """GET /clusters/{name}, and what would change one."""
        self._parts.enforce(call.context, RULE)
        raise NotFound("Cluster could not be found.")

    def clean(self, call: ApiCall) -> Reply:
        """POST /workers/cleanup: nothing waits for it."""
        self._parts.enforce(call.context, RULE)
        return accepted({"cleaning": [], "unavailable": []})
