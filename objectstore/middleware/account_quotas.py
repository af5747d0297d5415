"""account_quotas: limits that the reseller sets on an account.

``X-Account-Quota-Bytes`` (by its older name ``X-Account-Meta-Quota-Bytes``) bounds an
account's bytes, ``X-Account-Quota-Count`` its objects; only a reseller admin may set or
remove them (403 for others, 400 for anything but a whole number; empty or
``X-Remove-...`` removes).  Quotas of single policies are 501.  An upload
that would exceed a quota is 413 ``Upload exceeds quota.``; deleting is always
possible, and reseller admins are not bounded.  An account's counts follow its
containers' within seconds, and by as much may be exceeded what other processes
bring; uploads under way here count too (``quotas``).

::

    [filter:account_quotas]
    use = egg:ringstack#account_quotas
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    Request,
    StartResponse,
    path_parts,
)
from objectstore.middleware.container_quotas import limit_of, whole_number
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.quotas.room import QuotaRooms, Use
from objectstore.middleware.stored_facts import account_facts, authorize_write

AFTER = ("catch_errors", "gatekeeper", "tempauth", "copy", "bulk", "formpost")

BYTES_HEADER = "X-Account-Quota-Bytes"
COUNT_HEADER = "X-Account-Quota-Count"
# The bytes' older name, which is also where they are kept.
STORED_BYTES_HEADER = "X-Account-Meta-Quota-Bytes"
# The count is no user metadata: it is kept where only the house can write.
STORED_COUNT_HEADER = "X-Account-Sysmeta-Quota-Count"
_STORED = {
    BYTES_HEADER: STORED_BYTES_HEADER,
    STORED_BYTES_HEADER: STORED_BYTES_HEADER,
    COUNT_HEADER: STORED_COUNT_HEADER,
}
_OF_POLICIES = tuple(
    f"X-{removed}Account-Quota-{of}-Policy-"
    for removed in ("", "Remove-")
    for of in ("Bytes", "Count")
)


@dataclass(frozen=True, slots=True)
class AccountQuotasSettings:
    """There is nothing to set."""


class AccountQuotas:
    """The filter; see the module's docstring."""

    concerns = Concerns(account_metadata=(STORED_BYTES_HEADER, STORED_COUNT_HEADER))

    def __init__(self, app: Application) -> None:
        self.app = app
        self._rooms = QuotaRooms()

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("account_quotas")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Guard the quota headers; check uploads."""
        _, account, container, name = path_parts(environ)
        method = environ["REQUEST_METHOD"]
        if account and not container:
            if method in ("PUT", "POST"):
                _guard_headers(Request(environ))
            return self.app(environ, _showing(start_response))
        if name and method == "PUT":
            return self._upload(environ, account, start_response)
        return self.app(environ, start_response)

    def _upload(
        self, environ: Environ, account: str, start_response: StartResponse
    ) -> Any:
        context: Context = environ[CONTEXT_KEY]
        if context.is_internal:
            return self.app(environ, start_response)
        facts = account_facts(context, account)
        limit = _limit(facts)
        if limit is None or _is_reseller(context):
            return self.app(environ, start_response)
        request = Request(environ)
        now = Use(facts.bytes_used, facts.object_count)
        length = None if request.is_chunked else request.content_length or 0
        with self._rooms.admitted(
            account, length, limit, lambda: now, lambda: authorize_write(request)
        ) as counted:
            environ["wsgi.input"] = counted(environ["wsgi.input"])
            return self.app(environ, start_response)


def _guard_headers(request: Request) -> None:
    may_set = _is_reseller(request.context) or request.context.is_internal
    for prefix in _OF_POLICIES:
        if any(request.headers_with_prefix(prefix)):
            raise Rejected(501 if may_set else 403)
    wanted: dict[str, str] = {}
    for name, stored in _STORED.items():
        removal = name.replace("X-", "X-Remove-", 1)
        removes = bool(request.header(removal))
        if not removes and not request.has_header(name):
            continue
        if not may_set:
            raise Rejected(403)
        value = "" if removes else request.header(name)
        if value and whole_number(value) is None:
            raise Rejected(400, f"{name} must be a whole number")
        request.remove_header(name)
        request.remove_header(removal)
        wanted.setdefault(stored, value)
    for stored, value in wanted.items():
        request.set_header(stored, value)


def _limit(facts: Any) -> Use | None:
    if facts is None:
        return None
    return limit_of(facts.metadata, STORED_BYTES_HEADER, STORED_COUNT_HEADER)


def _is_reseller(context: Context) -> bool:
    identity = context.identity
    return identity is not None and identity.is_reseller_admin


def _showing(start_response: StartResponse) -> StartResponse:
    """Show stored quotas under their public names; the bytes under both."""

    def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
        shown = []
        for name, value in headers:
            if name.lower() == STORED_COUNT_HEADER.lower():
                shown.append((COUNT_HEADER, value))
                continue
            if name.lower() == STORED_BYTES_HEADER.lower():
                shown.append((BYTES_HEADER, value))
            shown.append((name, value))
        if exc_info is None:
            return start_response(status, shown)
        return start_response(status, shown, exc_info)

    return start


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    read_options(AccountQuotasSettings, "account_quotas", global_conf, local_conf)
    return AccountQuotas
