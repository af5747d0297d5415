"""info: ``GET /info`` says what this store can do.

The answer is put together from what the pipeline itself tells: every filter
further in, and the server at its end, may have a method
``describe(registry)`` that calls ``registry.add(section, **facts)`` (or
``add_admin`` for what only operators should see).  So nothing is announced
that is not there.  Section and key names are Swift's: ``swift`` (by the server:
``version``, ``max_file_size``, ``max_meta_name_length``, ``policies`` ...),
``tempauth``, ``tempurl``, ``bulk_upload`` ...

The admin part (under ``admin``) needs ``admin_key`` set and a signed request:
``?swiftinfo_sig=SIG&swiftinfo_expires=SECONDS``, where SIG is the HMAC (sha1,
sha256 or sha512) of ``GET\\nSECONDS\\n/info`` (or of ``HEAD...`` for HEAD).

Statuses: 200; 403 when ``expose_info`` is off, or for a signed request
without ``admin_key``; 401 for a wrong or expired signature.

::

    [filter:info]
    use = egg:ringstack#info
    expose_info = true
    admin_key =
    # sections or section.key left out of every answer
    disallowed_sections = swift.valid_api_versions
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.layers import layers
from objectstore.middleware.signed.signatures import matches_any, read_signature, sign

AFTER = ("catch_errors", "gatekeeper")
# The sections of filters further out would be missing.
BEFORE = (
    "list_endpoints",
    "crossdomain",
    "cname_lookup",
    "domain_remap",
    "name_check",
    "etag_quoter",
    "cors",
    "ratelimit",
    "container_sync",
    "tempurl",
    "formpost",
    "tempauth",
    "read_only",
    "staticweb",
    "bulk",
    "copy",
    "account_quotas",
    "container_quotas",
    "slo",
    "dlo",
    "symlink",
    "versioned_writes",
    "object_versioning",
    "encryption",
)

PATH = "/info"


@dataclass(frozen=True, slots=True)
class InfoSettings:
    """Who may know what."""

    expose_info: bool = option(True, "Whether /info answers at all")
    admin_key: str = option("", "Signs requests for the admin part; empty: none")
    disallowed_sections: tuple[str, ...] = option(
        ("swift.valid_api_versions",), "Sections, or section.key, to leave out"
    )


class InfoRegistry:
    """What the parts of a pipeline tell of themselves, by section."""

    def __init__(self) -> None:
        self._sections: dict[str, dict[str, Any]] = {}
        self._admin: dict[str, dict[str, Any]] = {}

    def add(self, section: str, **facts: Any) -> None:
        """Facts that everybody may see; an empty section says "is there"."""
        self._sections.setdefault(section, {}).update(facts)

    def add_admin(self, section: str, **facts: Any) -> None:
        """Facts for operators only."""
        self._admin.setdefault(section, {}).update(facts)

    def sections(self, hidden: tuple[str, ...], *, admin: bool) -> dict[str, Any]:
        """All sections but the hidden ones, in the order of their names."""
        shown = _without(self._sections, hidden)
        if admin:
            shown["admin"] = {
                **_without(self._admin, hidden),
                "disallowed_sections": list(hidden),
            }
        return shown


class Info:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: InfoSettings, clock: Clock) -> None:
        self.app = app
        self._settings = settings
        self._clock = clock
        self.registry = InfoRegistry()
        for layer in layers(app):
            describe = getattr(layer, "describe", None)
            if describe is not None:
                describe(self.registry)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer ``/info``; hand everything else on."""
        if environ["PATH_INFO"] != PATH:
            return self.app(environ, start_response)
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return Reply(200, b"", [("Allow", "HEAD, GET, OPTIONS")])
        if request.method not in ("GET", "HEAD"):
            raise Rejected(405, headers=(("Allow", "HEAD, GET, OPTIONS"),))
        if not self._settings.expose_info:
            raise Rejected(403)
        sections = self.registry.sections(
            self._settings.disallowed_sections, admin=self._is_admin(request)
        )
        headers: HeaderList = []
        if request.has_header("Origin"):
            headers = [
                ("Access-Control-Allow-Origin", request.header("Origin")),
                ("Access-Control-Expose-Headers", "x-trans-id"),
            ]
        body = orjson.dumps(sections)
        return Reply(200, body, headers, "application/json; charset=UTF-8")

    def _is_admin(self, request: Request) -> bool:
        signature = request.query.get("swiftinfo_sig", "")
        expires_text = request.query.get("swiftinfo_expires", "")
        if not signature and not expires_text:
            return False
        key = self._settings.admin_key
        if not key:
            raise Rejected(403)
        digest, given = read_signature(signature)
        if not (digest and expires_text.isascii() and expires_text.isdigit()):
            raise Rejected(401)
        expires = int(expires_text[:20])
        if expires < self._clock.time():
            raise Rejected(401)
        methods = ("GET",) if request.method == "GET" else ("HEAD", "GET")
        valid = [sign(key, method, PATH, expires, digest) for method in methods]
        if not matches_any(given, valid):
            raise Rejected(401)
        return True


def _without(
    sections: dict[str, dict[str, Any]], hidden: tuple[str, ...]
) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for section in sorted(sections):
        if section not in hidden:
            shown[section] = {
                key: value
                for key, value in sections[section].items()
                if f"{section}.{key}" not in hidden
            }
    return shown


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(InfoSettings, "info", global_conf, local_conf)
    return lambda app: Info(app, settings, SystemClock())
