"""read_only: no writes, everywhere or in single accounts.

``PUT``, ``POST``, ``COPY`` and (unless ``allow_deletes``) ``DELETE`` are answered
with 405 and ``Writes are disabled for this account.`` where writing is off: in an
account whose ``X-Account-Sysmeta-Read-Only`` is true, and with
``read_only = true`` in every account where it is not false.  Operators set
that header with an internal client; clients can neither see nor set it.

::

    [filter:read_only]
    use = egg:ringstack#read_only
    read_only = false
    allow_deletes = false
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.stored_facts import account_metadata

AFTER = ("catch_errors", "gatekeeper", "tempauth")
BEFORE = ("copy",)

STORED_HEADER = "X-Account-Sysmeta-Read-Only"


@dataclass(frozen=True, slots=True)
class ReadOnlySettings:
    """What may not be written."""

    read_only: bool = option(False, "Whether the whole cluster is read only")
    allow_deletes: bool = option(False, "Whether things may be deleted all the same")


class ReadOnly:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: ReadOnlySettings) -> None:
        self.app = app
        self._everywhere = settings.read_only
        writes = {"COPY", "POST", "PUT"}
        if not settings.allow_deletes:
            writes.add("DELETE")
        self._writes = frozenset(writes)

    def describe(self, registry: Any) -> None:
        """Tell ``/info`` when the whole cluster is read only."""
        if self._everywhere:
            registry.add("read_only")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Refuse writes where they are off."""
        if environ["REQUEST_METHOD"] in self._writes:
            self._check(Request(environ))
        return self.app(environ, start_response)

    def _check(self, request: Request) -> None:
        version, account, _, _ = request.split()
        if not account or version not in API_VERSIONS or request.context.is_internal:
            return
        if request.method == "COPY" and request.header("Destination-Account"):
            account = unquote(request.header("Destination-Account"))
        own = account_metadata(request.context, account).get(STORED_HEADER, "")
        if own.lower() in TRUE_WORDS if own else self._everywhere:
            raise Rejected(405, "Writes are disabled for this account.")


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(ReadOnlySettings, "read_only", global_conf, local_conf)
    return lambda app: ReadOnly(app, settings)
