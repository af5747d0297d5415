"""etag_quoter: ETags in double quotes, as RFC 7232 wants and Swift does not.

``X-Container-Rfc-Compliant-Etags`` (or ``X-Account-...`` for all its
containers) set to true has the ETags of objects' replies quoted; false turns it
off again for one container; empty, or ``X-Remove-...``, forgets the setting.

::

    [filter:etag_quoter]
    use = egg:ringstack#etag_quoter
    # for containers and accounts that say nothing
    enable_by_default = false
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.stored_facts import account_metadata, container_metadata

AFTER = ("catch_errors", "gatekeeper")
BEFORE = ("copy", "tempauth")


@dataclass(frozen=True, slots=True)
class EtagQuoterSettings:
    """Who gets quotes."""

    enable_by_default: bool = option(False, "Quote where nobody says anything")


class EtagQuoter:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: EtagQuoterSettings) -> None:
        self.app = app
        self._by_default = settings.enable_by_default

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("etag_quoter", enable_by_default=self._by_default)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Keep the setting; quote where it says so."""
        request = Request(environ)
        version, account, container, name = request.split()
        if not account or version not in API_VERSIONS:
            return self.app(environ, start_response)
        if not name:
            kind = "Container" if container else "Account"
            return self.app(environ, _renamed(request, kind, start_response))
        if not self._wants_quotes(request, account, container):
            return self.app(environ, start_response)

        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            headers = [(key, _quoted(key, value)) for key, value in headers]
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        return self.app(environ, start)

    def _wants_quotes(self, request: Request, account: str, container: str) -> bool:
        context = request.context
        said = container_metadata(context, account, container).get(
            "X-Container-Sysmeta-Rfc-Compliant-Etags"
        ) or account_metadata(context, account).get(
            "X-Account-Sysmeta-Rfc-Compliant-Etags"
        )
        return said.lower() in TRUE_WORDS if said else self._by_default


def _renamed(
    request: Request, kind: str, start_response: StartResponse
) -> StartResponse:
    """Store the setting as system metadata, and show it under its public name."""
    public = f"X-{kind}-Rfc-Compliant-Etags"
    stored = f"X-{kind}-Sysmeta-Rfc-Compliant-Etags"
    if request.has_header(public):
        value = request.header(public)
        wanted = str(value.lower() in TRUE_WORDS) if value else ""
        request.set_header(stored, wanted)
    if request.header(public.replace("X-", "X-Remove-", 1)):
        request.set_header(stored, "")

    def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
        headers = [
            (public, value) if name.lower() == stored.lower() else (name, value)
            for name, value in headers
        ]
        if exc_info is None:
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    return start


def _quoted(name: str, value: str) -> str:
    if name.lower() != "etag":
        return value
    is_quoted = value.startswith(('"', 'W/"')) and value.endswith('"')
    return value if is_quoted else f'"{value}"'


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(EtagQuoterSettings, "etag_quoter", global_conf, local_conf)
    return lambda app: EtagQuoter(app, settings)
