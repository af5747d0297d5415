"""Requests that versioning sends further in, for one object in one container.

They are the house's own: the client's right was asked for before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import CONTEXT_KEY, Application, Environ, Request
from objectstore.middleware.subrequest import ask, discard, sub_environ
from objectstore.middleware.versions.link import LINK
from objectstore.middleware.versions.names import hidden_container, version_name

CONSISTENCY = "X-Ringstack-Consistency"
# When what is missing was deleted, as the proxy tells the house.
_GONE = "X-Backend-Timestamp"
# What of a client's PUT is about the data and goes with it into the version.
_NOT_FOR_VERSIONS = (
    "HTTP_X_DELETE_AT",
    "HTTP_X_DELETE_AFTER",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
)


class Place:
    """An object's own name, and the hidden container with its versions."""

    def __init__(self, app: Application, request: Request) -> None:
        self.app = app
        self.request = request
        version, self.account, self.container, self.name = request.split()
        self._root = f"/{version}/{self.account}"
        self.hidden = hidden_container(self.container)
        # When it was deleted, by the last look; "0": it was not.
        self.gone_at = "0"
        self.path = f"{self._root}/{self.container}/{self.name}"

    def version_path(self, timestamp: int) -> str:
        """The path of a version."""
        return f"{self._root}/{self.hidden}/{version_name(self.name, timestamp)}"

    def hidden_path(self) -> str:
        """The path of the hidden container."""
        return f"{self._root}/{self.hidden}"

    def container_path(self) -> str:
        """The path of the container that clients see."""
        return f"{self._root}/{self.container}"

    def own(self, method: str, path: str, **query: str) -> Environ:
        """A request of the house's own, without body and conditions."""
        made = sub_environ(
            self.request.environ, method, path, urlencode(query), internal=True
        )
        made.pop("HTTP_ACCEPT", None)
        for key in [key for key in made if key.startswith("HTTP_X_")]:
            del made[key]
        context = made[CONTEXT_KEY]
        context.allow_reserved_names = True
        context.etag_is_at, context.whole_if = (), ()
        context.unconditional_if = ()
        context.opens_sealed = True
        context.if_timestamp = ""
        return made

    def clients(self, method: str, path: str) -> Environ:
        """The client's own request, sent elsewhere, allowed already."""
        made = dict(self.request.environ)
        made["REQUEST_METHOD"] = method
        made["PATH_INFO"] = path.encode().decode("latin-1")
        context = self.request.context.for_internal()
        context.allow_reserved_names = True
        made[CONTEXT_KEY] = context
        return made

    def upload(self, path: str, body: Any) -> Environ:
        """The client's PUT of data, with its body, as a version."""
        made = self.clients("PUT", path)
        for key in _NOT_FOR_VERSIONS:
            made.pop(key, None)
        made["wsgi.input"] = body
        return made

    def ask(self, environ: Environ, headers: Mapping[str, str] | None = None) -> Reply:
        """The answer to a request, with these headers set."""
        if headers:
            request = Request(environ)
            for name, value in headers.items():
                request.set_header(name, value)
        return ask(self.app, environ)

    def do(self, environ: Environ, headers: Mapping[str, str] | None = None) -> Reply:
        """The same where the answer's body does not matter."""
        reply = self.ask(environ, headers)
        discard(reply)
        return reply

    def must(self, environ: Environ, headers: Mapping[str, str] | None = None) -> Reply:
        """The same where nothing can go on without success."""
        reply = self.do(environ, headers)
        check(reply)
        return reply

    def head_current(self) -> Reply | None:
        """What stands under the object's own name; None: nothing."""
        return _found(self._head())

    def head_to_write(self) -> Reply | None:
        """The same, before that is replaced.  ``Unavailable`` when something that is no
        version yet, and is to be kept, may not have been seen."""
        head = self._head()
        if not head.header(LINK):
            refuse_reduced(head)
        return _found(head)

    def _head(self) -> Reply:
        head = self.do(self.own("HEAD", self.path, symlink="get"))
        self.gone_at = head.header(_GONE, "0")
        return head


def _found(head: Reply) -> Reply | None:
    if head.status == 404:
        return None
    check(head)
    return head


def refuse_reduced(reply: Reply) -> None:
    """Raise where too few replicas answered to know what there is to be kept."""
    if reply.header(CONSISTENCY):
        raise Unavailable("too few replicas tell what is there")


def mark_reduced(reply: Reply, other: Reply) -> None:
    """What is answered of both is as sure as the less sure one."""
    if other.header(CONSISTENCY):
        reply.set_header(CONSISTENCY, other.header(CONSISTENCY))


def check(reply: Reply) -> None:
    """Raise what stands in the way of a request that has to succeed."""
    if reply.status < 300:
        return
    if reply.status == 404:
        raise Rejected(
            500,
            "The versions container does not exist. You may want to re-enable object "
            "versioning.",
        )
    if reply.status < 500:
        raise Rejected(reply.status)
    raise Unavailable(f"versioning: status {reply.status}")
