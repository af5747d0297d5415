"""symlink: objects that stand for other objects.

``PUT`` without a body and with ``X-Symlink-Target: container/object`` (URL-quoted), and
``X-Symlink-Target-Account`` for another account, makes a symlink.  The target need
not exist.  With ``X-Symlink-Target-Etag`` the link is *static*: the target must be
there and have that ETag, now and whenever it is read (409 otherwise).

GET and HEAD of a symlink are those of its target (``Content-Location`` tells which),
with the reader's right to the target asked for; through up to ``symloop_max`` links,
409 beyond.  With ``?symlink=get`` they show the link itself.  DELETE deletes the link.
COPY copies the target, with ``?symlink=get`` the link.  POST changes the link's own
metadata and answers 307 with the target's ``Location``.

JSON listings have ``symlink_path``, and for static links ``symlink_etag`` and
``symlink_bytes``.

Statuses: 400 for a body, for a link to itself, for ``X-Symlink-Target`` with POST; 412
for a header of another form; 409 where the target is not there or another one.

::

    [filter:symlink]
    use = egg:ringstack#symlink
    # links followed one after the other
    symloop_max = 2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.conditions import unquoted
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.order import BEFORE_KINDS_OF_OBJECTS
from objectstore.middleware.subrequest import (
    ask,
    discard,
    pass_unless_marked,
    sub_environ,
)
from objectstore.wire.rows import LISTED_ETAG

AFTER = (*BEFORE_KINDS_OF_OBJECTS, "dlo")
BEFORE = ("versioned_writes", "object_versioning")

TARGET = "X-Symlink-Target"
ACCOUNT = "X-Symlink-Target-Account"
ETAG = "X-Symlink-Target-Etag"
STORED_TARGET = "X-Object-Sysmeta-Symlink-Target"
STORED_ACCOUNT = "X-Object-Sysmeta-Symlink-Target-Account"
STORED_ETAG = "X-Object-Sysmeta-Symlink-Target-Etag"
STORED_BYTES = "X-Object-Sysmeta-Symlink-Target-Bytes"
_PUBLIC = {
    STORED_TARGET: TARGET,
    STORED_ACCOUNT: ACCOUNT,
    STORED_ETAG: ETAG,
    STORED_BYTES: "X-Symlink-Target-Bytes",
}
_TARGET_KEY = "HTTP_X_SYMLINK_TARGET"
_FORM = "X-Symlink-Target header must be of the form <container name>/<object name>"
SLO_ETAG, SLO_SIZE = "X-Object-Sysmeta-Slo-Etag", "X-Object-Sysmeta-Slo-Size"
EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"


@dataclass(frozen=True, slots=True)
class SymlinkSettings:
    """How far links are followed."""

    symloop_max: int = option(2, "Links followed one after the other", minimum=1)


class Symlink:
    """The filter; see the module's docstring."""

    # Conditions and ranges are about the target.
    concerns = Concerns(
        request_keys=(_TARGET_KEY, "HTTP_IF_", "HTTP_RANGE"),
        reply_headers=(STORED_TARGET,),
    )

    def __init__(self, app: Application, settings: SymlinkSettings) -> None:
        self.app = app
        self._links_max = settings.symloop_max

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("symlink", symloop_max=self._links_max, static_links=True)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Follow links in replies; make them; redirect POSTs."""
        method = environ["REQUEST_METHOD"]
        if method == "GET" or method == "HEAD":
            return self._read(environ, start_response)
        if method == "PUT" and _TARGET_KEY in environ:
            request = Request(environ)
            if request.split()[3]:
                self._prepare(request)
        elif method == "POST" and environ["PATH_INFO"].count("/") >= 4:
            reply = self._post(Request(environ))
            return reply(environ, start_response)
        return self.app(environ, start_response)

    # ---- reading ---------------------------------------------------------------

    def _read(self, environ: Environ, start_response: StartResponse) -> Any:
        request = Request(environ)
        shows_link = "symlink=get" in environ.get("QUERY_STRING", "") and (
            request.query.get("symlink") == "get"
        )
        context = request.context
        known = context.unconditional_if
        if not shows_link and STORED_TARGET not in known:
            context.unconditional_if = (*known, STORED_TARGET)
        passed = pass_unless_marked(self.app, environ, start_response, STORED_TARGET)
        if not isinstance(passed, Reply):
            return passed
        if shows_link:
            return shown(passed)(environ, start_response)
        return self._followed(request, passed)(environ, start_response)

    def _followed(self, request: Request, link: Reply) -> Reply:
        """The reply of what the link leads to, through further links."""
        version, account, _, _ = request.split()
        expected = ""
        path = ""
        for _ in range(self._links_max):
            discard(link)
            expected = self._checked(link, expected, path)
            account = link.header(STORED_ACCOUNT) or quote(account)
            path = f"/{version}/{account}/{link.header(STORED_TARGET)}"
            account = unquote(account)
            target = sub_environ(
                request.environ,
                request.method,
                unquote(path),
                keep_conditions=True,
            )
            link = ask(self.app, target)
            if not link.header(STORED_TARGET):
                return self._reached(link, expected, path)
        discard(link)
        raise Rejected(
            409,
            f"Too many levels of symbolic links, maximum allowed is {self._links_max}",
            (("Content-Location", path),),
        )

    @staticmethod
    def _checked(link: Reply, expected: str, path: str) -> str:
        """The ETag that the next must have; Rejected 409 when this one has not."""
        etag = link.header(STORED_ETAG)
        if expected and expected != (etag or unquoted(link.header("Etag"))):
            raise Rejected(
                409,
                "X-Symlink-Target-Etag headers do not match",
                (("Content-Location", path),),
            )
        return etag

    @staticmethod
    def _reached(reply: Reply, expected: str, path: str) -> Reply:
        found = unquoted(reply.header("Etag"))
        if expected and found and found != expected:
            discard(reply)
            raise Rejected(
                409,
                f"Object Etag {found!r} does not match X-Symlink-Target-Etag header "
                f"{expected!r}",
                (("Content-Location", path),),
            )
        reply.set_header("Content-Location", path)
        return reply

    # ---- writing ---------------------------------------------------------------

    def _prepare(self, request: Request) -> None:
        """Check a symlink's PUT, and turn it into that of its stored form."""
        if request.content_length or (request.is_chunked and request.body.read(1)):
            raise Rejected(400, "Symlink requests require a zero byte body")
        version, own_account, own_container, own_name = request.split()
        container, name = _target_of(request)
        account = _account_of(request) or own_account
        same = (account, container, name) == (own_account, own_container, own_name)
        etag = unquoted(request.header(ETAG).strip())
        if same:
            raise Rejected(400, "Symlink cannot target itself")
        told = quote(f"{container}/{name}")  # the same for all ways to quote it
        listed = request.header(LISTED_ETAG) or EMPTY_ETAG
        listed += f"; symlink_path=/{version}/{quote(account)}/{told}"
        if etag:
            path = f"/{version}/{account}/{container}/{name}"
            target = self._target(request, path, etag)
            size = target.header(SLO_SIZE) or target.header("Content-Length", "0")
            listed += f"; symlink_etag={etag}; symlink_bytes={size}"
            if target.header(SLO_ETAG):
                listed += f"; slo_etag={target.header(SLO_ETAG)}"
            request.set_header(STORED_ETAG, etag)
            request.set_header(STORED_BYTES, size)
            if not request.header("Content-Type"):
                request.set_header("Content-Type", target.header("Content-Type"))
        request.set_header(STORED_TARGET, told)
        if request.header(ACCOUNT):
            request.set_header(STORED_ACCOUNT, request.header(ACCOUNT))
        request.set_header(LISTED_ETAG, listed)
        for header in (TARGET, ACCOUNT, ETAG):
            request.remove_header(header)

    def _target(self, request: Request, path: str, etag: str) -> Reply:
        """HEAD of what a static link is to lead to: Rejected 409 unless it has the
        ETag."""
        at = (("Content-Location", quote(path)),)
        head = ask(self.app, sub_environ(request.environ, "HEAD", path))
        discard(head)
        # Other static links are followed; others stand for themselves.
        for _ in range(self._links_max):
            if not head.header(STORED_ETAG):
                break
            self._checked(head, etag, quote(path))
            version, account, _, _ = request.split()
            account = unquote(head.header(STORED_ACCOUNT)) or account
            path = f"/{version}/{account}/{unquote(head.header(STORED_TARGET))}"
            head = ask(self.app, sub_environ(request.environ, "HEAD", path))
            discard(head)
        if head.status == 404:
            raise Rejected(409, "X-Symlink-Target does not exist", at)
        if head.status >= 300:
            raise Rejected(head.status if head.status < 500 else 409, headers=at)
        found = unquoted(head.header("Etag"))
        if found != etag:
            raise Rejected(
                409,
                f"Object Etag {found!r} does not match X-Symlink-Target-Etag header "
                f"{etag!r}",
                at,
            )
        return head

    def _post(self, request: Request) -> Reply:
        if request.has_header(TARGET):
            raise Rejected(400, "A PUT request is required to set a symlink target")
        reply = ask(self.app, request.environ)
        target = reply.header(STORED_TARGET)
        if reply.status >= 300 or not target:
            return reply
        discard(reply)
        version, account, _, _ = request.split()
        account = reply.header(STORED_ACCOUNT) or quote(account)
        headers = [("Location", f"/{version}/{account}/{target}")]
        if reply.header(STORED_ETAG):
            headers.append((ETAG, reply.header(STORED_ETAG)))
        text = (
            "The requested POST was applied to a symlink. POST directly to the target "
            "to apply requested metadata."
        )
        return text_reply(307, text, headers)


def shown(reply: Reply) -> Reply:
    """The link itself, its target under the public headers."""
    reply.headers = [(_PUBLIC.get(name, name), value) for name, value in reply.headers]
    return reply


def _target_of(request: Request) -> tuple[str, str]:
    try:
        text = unquote_to_bytes(request.header(TARGET)).decode()
    except UnicodeDecodeError:
        raise Rejected(412, "Invalid UTF8 or contains NULL") from None
    container, _, name = text.partition("/")
    if not container or not name:
        raise Rejected(412, _FORM)
    if "\0" in text:
        raise Rejected(412, "Invalid UTF8 or contains NULL")
    return container, name


def _account_of(request: Request) -> str:
    account = unquote(request.header(ACCOUNT))
    if "/" in account:
        raise Rejected(412, "Account name cannot contain slashes")
    return account


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(SymlinkSettings, "symlink", global_conf, local_conf)
    return lambda app: Symlink(app, settings)
