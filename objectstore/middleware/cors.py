"""cors: lets scripts in browsers use containers from other origins.

A container says who may: ``X-Container-Meta-Access-Control-Allow-Origin``
(origins separated by spaces, or ``*``), ``...-Max-Age`` (seconds a browser may
remember a preflight) and ``...-Expose-Headers`` (separated by spaces).

* Preflight (``OPTIONS`` with ``Origin``) of a container or object: 200 with
  the ``Access-Control-*`` headers when origin and requested method are
  allowed, 401 otherwise.  Every header that the browser asks for is allowed.
* ``OPTIONS`` without ``Origin``, and of accounts: 200 with ``Allow``.
* Any other request with ``Origin`` to a container or object: the reply, also
  a refusal, gets ``Access-Control-Allow-Origin`` and
  ``Access-Control-Expose-Headers``, if the origin is allowed.

Stands before the auth filters: browsers send preflights without credentials.

::

    [filter:cors]
    use = egg:ringstack#cors
    # origins allowed for every container
    cors_allow_origin =
    # headers exposed for every container
    cors_expose_headers =
    # false: replies carry the headers for any origin at all
    strict_cors_mode = true
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList, Reply, rejection, text_reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.auth.challenge import challenge
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.stored_facts import container_metadata

AFTER = ("catch_errors", "gatekeeper")
BEFORE = ("tempurl", "formpost", "tempauth", "copy")

ACCOUNT_METHODS = ("HEAD", "GET", "POST", "OPTIONS")
CONTAINER_METHODS = ("HEAD", "GET", "PUT", "POST", "OPTIONS", "DELETE")
OBJECT_METHODS = (*CONTAINER_METHODS, "COPY")

# What the CORS specification exposes anyway, and what every Swift client reads.
EXPOSED_ALWAYS = (
    "cache-control",
    "content-language",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
    "etag",
    "x-timestamp",
    "x-trans-id",
    "x-openstack-request-id",
)
_STORED = "X-Container-Meta-Access-Control-"


@dataclass(frozen=True, slots=True)
class CorsSettings:
    """What is allowed for every container."""

    cors_allow_origin: tuple[str, ...] = option((), "Origins allowed everywhere")
    cors_expose_headers: tuple[str, ...] = option((), "Headers exposed everywhere")
    strict_cors_mode: bool = option(
        True, "Tell only allowed origins that they may read replies"
    )


@dataclass(frozen=True, slots=True)
class CorsRules:
    """What one container says of other origins."""

    allow_origin: str = ""
    max_age: str = ""
    expose_headers: str = ""

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> CorsRules:
        """The rules in a container's metadata."""
        return cls(
            metadata.get(_STORED + "Allow-Origin", "").strip(),
            metadata.get(_STORED + "Max-Age", "").strip(),
            metadata.get(_STORED + "Expose-Headers", ""),
        )


class Cors:
    """The filter; see the module's docstring."""

    __slots__ = ("_settings", "app")

    def __init__(self, app: Application, settings: CorsSettings) -> None:
        self.app = app
        self._settings = settings

    def describe(self, registry: Any) -> None:
        """Tell ``/info`` how strict this is."""
        registry.add("swift", strict_cors_mode=self._settings.strict_cors_mode)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer preflights; add headers to what others answer."""
        is_options = environ["REQUEST_METHOD"] == "OPTIONS"
        if not is_options and "HTTP_ORIGIN" not in environ:
            return self.app(environ, start_response)
        request = Request(environ)
        version, account, container, name = request.split()
        if not account or version not in API_VERSIONS:
            return self.app(environ, start_response)
        origin = request.header("Origin")
        rules = CorsRules()
        if origin and container:
            context = request.context
            rules = CorsRules.of(container_metadata(context, account, container))
        if is_options:
            methods = _methods(container, name)
            reply = self._preflight(
                request, origin if container else "", methods, rules
            )
            return reply(environ, start_response)
        if not container or (
            self._settings.strict_cors_mode and not self._allows(rules, origin)
        ):
            return self.app(environ, start_response)
        return self._decorated(environ, start_response, origin, rules)

    def _allows(self, rules: CorsRules, origin: str) -> bool:
        allowed = {*rules.allow_origin.split(), *self._settings.cors_allow_origin}
        return origin in allowed or "*" in allowed

    def _preflight(
        self, request: Request, origin: str, methods: tuple[str, ...], rules: CorsRules
    ) -> Reply:
        allow = ("Allow", ", ".join(methods))
        if not origin:
            return Reply(200, b"", [allow], "text/plain; charset=UTF-8")
        wanted = request.header("Access-Control-Request-Method")
        if wanted not in methods or not self._allows(rules, origin):
            _, account, _, _ = request.split()
            realm = ("WWW-Authenticate", challenge(account))
            return text_reply(401, headers=[allow, realm])
        headers = [allow, ("Access-Control-Allow-Methods", ", ".join(methods))]
        vary = []
        if rules.allow_origin == "*":
            headers.append(("Access-Control-Allow-Origin", "*"))
        else:
            headers.append(("Access-Control-Allow-Origin", origin))
            vary.append("Origin")
        if rules.max_age:
            headers.append(("Access-Control-Max-Age", rules.max_age))
        asked = request.header("Access-Control-Request-Headers")
        names = dict.fromkeys(part.strip() for part in asked.split(",") if part.strip())
        if names:
            headers.append(("Access-Control-Allow-Headers", ", ".join(names)))
            vary.append("Access-Control-Request-Headers")
        if vary:
            headers.append(("Vary", ", ".join(vary)))
        return Reply(200, b"", headers, "text/plain; charset=UTF-8")

    def _decorated(
        self,
        environ: Environ,
        start_response: StartResponse,
        origin: str,
        rules: CorsRules,
    ) -> Any:
        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            headers = self._with_cors(list(headers), origin, rules)
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            return self.app(environ, start)
        except Rejected as error:
            # A script must be able to see why it was refused.
            return rejection(error)(environ, start)

    def _with_cors(
        self, headers: HeaderList, origin: str, rules: CorsRules
    ) -> HeaderList:
        present = {name.lower() for name, _ in headers}
        if "access-control-expose-headers" not in present:
            exposed = dict.fromkeys(EXPOSED_ALWAYS)
            exposed.update(
                dict.fromkeys(n.lower() for n in self._settings.cors_expose_headers)
            )
            exposed.update(
                (name, None)
                for name in sorted(present)
                if name.startswith(("x-container-meta", "x-object-meta"))
            )
            exposed.update(dict.fromkeys(rules.expose_headers.lower().split()))
            headers.append(("Access-Control-Expose-Headers", ", ".join(exposed)))
        if "access-control-allow-origin" not in present:
            if rules.allow_origin == "*":
                headers.append(("Access-Control-Allow-Origin", "*"))
            else:
                headers.append(("Access-Control-Allow-Origin", origin))
                _add_vary(headers, "Origin")
        return headers


def _add_vary(headers: HeaderList, name: str) -> None:
    for index, (key, value) in enumerate(headers):
        if key.lower() == "vary":
            headers[index] = (key, f"{value}, {name}")
            return
    headers.append(("Vary", name))


def _methods(container: str, name: str) -> tuple[str, ...]:
    if name:
        return OBJECT_METHODS
    return CONTAINER_METHODS if container else ACCOUNT_METHODS


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(CorsSettings, "cors", global_conf, local_conf)
    return lambda app: Cors(app, settings)
