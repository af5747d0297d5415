"""The frame around every API: routes, tokens, versions, and errors in its dialect.

    api = Api(
        [Route("GET", "/v3/users/{user_id}", show_user), ...],
        dialect=identity_dialect, tokens=checker, identifiers=identifiers,
    )

A handler takes an ``ApiCall`` and returns a ``Reply``; it raises ``Rejected`` for what
the caller did wrong.  ``Unavailable`` becomes 503, anything else 500 with its
traceback in the log and nothing of it in the reply.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from compute.core.api.dialects import Dialect, error_reply
from compute.core.api.microversions import Microversion, VersionRange
from compute.core.api.plain_json import check_plain
from compute.core.api.query import Query
from compute.core.api.route_tree import RouteTree
from compute.core.api.schema import Schema
from compute.core.context import RequestContext, TokenChecker
from compute.core.errors import BadRequest, Forbidden, Unauthorized
from compute.core.identifiers import Identifiers
from objectstore.client.access_rules import is_allowed
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Environ, Request, StartResponse

REQUEST_ID_HEADER = "x-openstack-request-id"
# Nova's own limit is 112 KiB; user data of 64 KiB in base64 and metadata fit well.
JSON_BYTES_MAX = 1024 * 1024
RETRY_AFTER_SECONDS = "1"


@dataclass(slots=True)
class ApiCall:
    """One call: the request, who asks, and what the path names."""

    request: Request
    context: RequestContext
    parameters: Mapping[str, str]
    version: Microversion | None = None
    _query: Query | None = None

    @property
    def query(self) -> Query:
        """The query's parameters."""
        if self._query is None:
            self._query = Query(self.request.environ.get("QUERY_STRING", ""))
        return self._query

    @property
    def base_url(self) -> str:
        """Where the room is mounted, as the caller sees it, without a slash."""
        environ = self.request.environ
        forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip()
        scheme = forwarded if forwarded in ("http", "https") else ""
        host = environ.get("HTTP_HOST") or (
            f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        )
        prefix = environ.get("SCRIPT_NAME", "")
        return f"{scheme or environ['wsgi.url_scheme']}://{host}{prefix}"

    @property
    def url(self) -> str:
        """The URL of this call without its query."""
        return self.base_url + self.request.path

    def header(self, name: str, default: str = "") -> str:
        """A request header."""
        return self.request.header(name, default)

    def json(self, schema: Schema | None = None) -> Any:
        """The body as JSON, checked.  Raises ``BadRequest``, 413."""
        raw = self.request.read_small_body(JSON_BYTES_MAX)
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise BadRequest("The request body is not valid JSON") from None
        check_plain(value)
        if schema is not None:
            schema.check(value)
        return value

    def json_object(self) -> dict[str, Any]:
        """The body as JSON that is an object.  Raises as ``json`` does."""
        value = self.json()
        if not isinstance(value, dict):
            raise BadRequest("The request's body must be a JSON object")
        return value


Handler = Callable[[ApiCall], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """``template``: literal segments and ``{names}``.  ``public``: no token needed
    (one that is sent is checked all the same, and a bad one ignored).
    ``ignores_rules``: open to restricted credentials whatever their access rules."""

    method: str
    template: str
    handler: Handler
    public: bool = False
    ignores_rules: bool = False


def json_reply(status: int, value: Any, headers: HeaderList | None = None) -> Reply:
    """A JSON document."""
    return Reply(status, orjson.dumps(value), headers, "application/json")


def empty_reply(status: int = 204) -> Reply:
    """A reply without a body."""
    return Reply(status, b"")


class Api:
    """A WSGI application: the routes of one room."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        dialect: Dialect,
        tokens: TokenChecker,
        identifiers: Identifiers,
        versions: VersionRange | None = None,
        extra_request_id_header: str = "",
        service_type: str = "",
        serves_domains: bool = False,
        has_strict_paths: bool = False,
    ) -> None:
        """``extra_request_id_header``: a second name under which replies carry the
        request's id (``x-compute-request-id``).  ``service_type`` is what access
        rules call this service (else that of ``versions``).  ``serves_domains``: a
        domain's tokens are of use here; elsewhere they are refused, or the
        administrator of one domain would pass for one of the cloud.
        ``has_strict_paths``: a slash at the end is none too many, but one before a
        name that is missing."""
        self.routes = tuple(routes)
        self._tree: RouteTree[Route] = RouteTree(is_strict=has_strict_paths)
        for route in self.routes:
            self._tree.add(route.method, route.template, route)
        self._dialect = dialect
        self._tokens = tokens
        self._identifiers = identifiers
        self._versions = versions
        if versions is not None and not service_type:
            service_type = versions.service_type
        self._service_type = service_type
        self._serves_domains = serves_domains
        self._id_headers = [REQUEST_ID_HEADER]
        if extra_request_id_header:
            self._id_headers.append(extra_request_id_header)
        self._logger = logging.getLogger("compute.api")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        request_id = self._identifiers.request_id()
        request = Request(environ)
        request.context.log_notes.append(request_id)
        reply = self._answer(request, request_id)
        reply.headers += [(name, request_id) for name in self._id_headers]
        if request.method == "HEAD":
            reply.body = ()
        return reply(environ, start_response)

    def _answer(self, request: Request, request_id: str) -> Reply:
        headers: HeaderList = []
        try:
            version = None
            if self._versions is not None and self._versions.concerns(request):
                version = self._versions.wanted(request)
                headers = self._versions.reply_headers(version)
            route, parameters = self._tree.find(request.method, request.path)
            context = self._authenticate(request, route, request_id)
            reply = route.handler(ApiCall(request, context, parameters, version))
        except InsufficientStorage as error:
            reply = self._failed(507, str(error))
        except Rejected as error:
            reply = error_reply(error, self._dialect)
        except Unavailable as error:
            self._logger.warning("%s: %s", request_id, error)
            reply = self._failed(503, "The service is unavailable just now; try again.")
            reply.headers.append(("Retry-After", RETRY_AFTER_SECONDS))
        except Exception:
            self._logger.exception("%s: a request failed", request_id)
            reply = self._failed(
                500,
                "An unexpected error prevented the server from"
                " fulfilling your request.",
            )
        reply.headers += headers
        return reply

    def _failed(self, status: int, text: str) -> Reply:
        return error_reply(Rejected(status, text), self._dialect)

    def _authenticate(
        self, request: Request, route: Route, request_id: str
    ) -> RequestContext:
        token = request.header("X-Auth-Token")
        if not token and not route.public:
            raise Unauthorized()
        if token:
            try:
                context = self._tokens.check(token, request_id)
                self._keep_to_rules(request, route, context)
                self._check_scope(route, context)
                return context
            except Unauthorized:
                if not route.public:
                    raise
        return RequestContext(request_id)

    def _check_scope(self, route: Route, context: RequestContext) -> None:
        if context.domain_id and not (self._serves_domains or route.public):
            raise Forbidden(
                "A token of a project or of the system is needed.",
                kind="PolicyNotAuthorized",
            )

    def _keep_to_rules(
        self, request: Request, route: Route, context: RequestContext
    ) -> None:
        """A restricted credential is good for what its access rules name only."""
        rules = context.access_rules
        if rules is None or route.public or route.ignores_rules:
            return
        if not is_allowed(rules, self._service_type, request.method, request.path):
            raise Unauthorized()
