"""tempurl: URLs that let whoever has them use one object, for a time.

``/v1/account/container/object?temp_url_sig=SIG&temp_url_expires=TIME``, where SIG
is the HMAC of ``METHOD\\nTIME\\n/v1/account/container/object`` with a key from
``X-Account-Meta-Temp-URL-Key``, ``...-Key-2``, or the container's.  SIG is
hexadecimal, or ``sha256:`` (``sha512:`` ...) and base64.  TIME is seconds since the
epoch; in the URL also ``2030-01-02T03:04:05Z``.  Further parameters:

* ``temp_url_prefix=P``: good for every object that begins with P; signed is
  then ``prefix:/v1/account/container/P``.  Of a site (``staticweb``) it shows
  listings too, whose links lead on with the same signature; the empty P is for all of
  it, ``/v1/account/container/`` included;
* ``temp_url_ip_range=R``: only from that address or network; ``ip=R\\n`` is put
  in front of what is signed;
* ``filename=F``, ``inline``: for the reply's ``Content-Disposition``, which is
  otherwise the object's own, or ``attachment`` with the object's name.

HEAD is allowed by signatures for GET, PUT and POST.  The reply of GET and HEAD has
``Expires``.  401 ``Temp URL invalid`` for everything that is wrong; 400 for
headers that would point to other data (``X-Object-Manifest``,
``X-Symlink-Target``, ``X-Copy-From``).  All other query parameters are dropped.

::

    [filter:tempurl]
    use = egg:ringstack#tempurl
    methods = GET HEAD PUT POST DELETE
    allowed_digests = sha256 sha512
    incoming_remove_headers = x-timestamp
    incoming_allow_headers =
    outgoing_remove_headers = x-object-meta-*
    outgoing_allow_headers = x-object-meta-public-*
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import (
    Application,
    Environ,
    Request,
    StartResponse,
)
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options, words
from objectstore.middleware.signed.disposition import disposition
from objectstore.middleware.signed.header_rules import HeaderRules
from objectstore.middleware.signed.shared_keys import SharedKey, shared_keys
from objectstore.middleware.signed.signatures import (
    check_digests,
    digests_shown,
    matches_any,
    sign,
)
from objectstore.middleware.signed.ticket import Grant, Ticket, invalid, read_ticket

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "info", "cors")
BEFORE = ("tempauth", "copy", "staticweb", "bulk")

# A PUT that is signed must not become a way to other data.
POINTERS = (
    "X-Object-Manifest",
    "X-Symlink-Target",
    "X-Copy-From",
    "X-Copy-From-Account",
)
# Methods whose signature lets HEAD through too.
HEAD_BY = ("HEAD", "GET", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class TempurlSettings:
    """What temporary URLs may do."""

    methods: str = option("GET HEAD PUT POST DELETE", "Methods that can be signed")
    allowed_digests: str = option("sha256 sha512", "Also known: sha1")
    incoming_remove_headers: str = option("x-timestamp", "Taken off requests")
    incoming_allow_headers: str = option("", "Left on requests all the same")
    outgoing_remove_headers: str = option("x-object-meta-*", "Taken off replies")
    outgoing_allow_headers: str = option(
        "x-object-meta-public-*", "Left on replies all the same"
    )


class Tempurl:
    """The filter; see the module's docstring."""

    def __init__(
        self, app: Application, settings: TempurlSettings, clock: Clock
    ) -> None:
        self.app = app
        self._settings = settings
        self._clock = clock
        self._methods = words(settings.methods)
        self._digests = words(settings.allowed_digests)
        self._incoming = HeaderRules(
            words(settings.incoming_remove_headers),
            words(settings.incoming_allow_headers),
        )
        self._outgoing = HeaderRules(
            words(settings.outgoing_remove_headers),
            words(settings.outgoing_allow_headers),
        )

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        settings = self._settings
        registry.add(
            "tempurl",
            methods=list(self._methods),
            incoming_remove_headers=list(words(settings.incoming_remove_headers)),
            incoming_allow_headers=list(words(settings.incoming_allow_headers)),
            outgoing_remove_headers=list(words(settings.outgoing_remove_headers)),
            outgoing_allow_headers=list(words(settings.outgoing_allow_headers)),
            **digests_shown(self._digests),
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Let signed requests through; hand everything else on as it is."""
        if (
            "temp_url_" not in environ.get("QUERY_STRING", "")
            or environ["REQUEST_METHOD"] == "OPTIONS"
        ):
            return self.app(environ, start_response)
        request = Request(environ)
        query = request.query
        if "temp_url_sig" not in query and "temp_url_expires" not in query:
            return self.app(environ, start_response)
        ticket = read_ticket(request, self._methods, self._digests, self._clock.time())
        key = self._matching_key(request, ticket)
        if key is None:
            raise invalid(ticket.account)
        self._clean_request(request)
        request.context.authorize = Grant(ticket, key)
        start = self._finishing(request, ticket, start_response)
        kept = {"temp_url_expires": str(ticket.expires)}
        if ticket.prefix is not None:
            kept["temp_url_prefix"] = ticket.prefix
        request.set_query(kept, urlencode(kept))
        return self.app(environ, start)

    def _matching_key(self, request: Request, ticket: Ticket) -> SharedKey | None:
        methods = HEAD_BY if request.method == "HEAD" else (request.method,)
        path = f"/v1/{ticket.account}/{ticket.container}/{ticket.object}"
        if ticket.prefix is not None:
            path = f"prefix:/v1/{ticket.account}/{ticket.container}/{ticket.prefix}"
        for keys in shared_keys(request, ticket.account, ticket.container):
            found = None
            for key in keys:
                valid = [
                    sign(
                        key.key,
                        method,
                        path,
                        ticket.expires,
                        ticket.digest,
                        ticket.ip_range,
                    )
                    for method in methods
                ]
                if matches_any(ticket.signature, valid) and found is None:
                    found = key
            if found is not None:
                return found
        return None

    def _clean_request(self, request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            for name in POINTERS:
                if request.has_header(name):
                    raise Rejected(
                        400, f"The header {name!r} is not allowed in this tempurl"
                    )
        for name, _ in list(request.headers_with_prefix("")):
            if not self._incoming.keeps(name):
                request.remove_header(name)

    def _finishing(
        self, request: Request, ticket: Ticket, start_response: StartResponse
    ) -> StartResponse:
        reads = request.method in ("GET", "HEAD")
        filename = request.query.get("filename", "")
        is_inline = "inline" in request.query

        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            headers = [pair for pair in headers if self._outgoing.keeps(pair[0])]
            if reads and status[0] == "2":
                own = _taken(headers, "content-disposition")
                _taken(headers, "expires")
                shown = disposition(own, filename, ticket.object, is_inline=is_inline)
                headers.append(("Content-Disposition", shown))
                headers.append(("Expires", _http_date(ticket.expires)))
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        return start


def _taken(headers: HeaderList, name: str) -> str:
    """Remove a header from the list; its value."""
    value = ""
    for pair in [pair for pair in headers if pair[0].lower() == name]:
        value = pair[1]
        headers.remove(pair)
    return value


def _http_date(seconds: int) -> str:
    try:
        return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "Fri, 31 Dec 9999 23:59:59 GMT"


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(TempurlSettings, "tempurl", global_conf, local_conf)
    source = global_conf.get("__file__", "")
    check_digests(settings.allowed_digests, "tempurl", source)
    return lambda app: Tempurl(app, settings, SystemClock())
