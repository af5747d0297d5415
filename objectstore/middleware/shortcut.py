"""Lets plain requests pass by the filters that would do nothing about them.

Between the filter that recognises the client and the proxy stand a dozen filters, each
for a feature: quotas, large objects, links, versions.  A request that uses none of
them costs each a look at the same things.  Those that say what concerns them
(``kernel.concerns``) are passed by together where nothing of it is there: one look for
all.  What shows only in the reply (the object is a manifest, a link) sends the request
the long way after all; such a reply has not begun yet.

This is no filter that a pipeline names: ``shortened`` puts it in front of the filters
that allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from objectstore.kernel.application import directly
from objectstore.kernel.concerns import Concerns
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import (
    CONTEXT_KEY,
    KEY_SETS_MAX,
    Application,
    Context,
    Environ,
    StartResponse,
    path_parts,
)
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.layers import layers

_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_READS = frozenset({"GET", "HEAD"})


class Shortcut:
    """From in front of the first filter of a row (``app``) to behind the last."""

    __slots__ = ("_beyond", "_concerns", "_has_plain_keys", "_marks", "app")

    def __init__(
        self, app: Application, beyond: Application, concerns: Concerns
    ) -> None:
        """``concerns`` of all filters between ``app`` and ``beyond``."""
        self.app = app
        self._beyond = directly(beyond)
        self._concerns = concerns
        self._marks = frozenset(concerns.reply_headers)
        minded = concerns.request_keys

        @lru_cache(KEY_SETS_MAX)
        def has_plain_keys(keys: tuple[str, ...]) -> bool:
            return not any(key.startswith(minded) for key in keys)

        self._has_plain_keys = has_plain_keys

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer as a WSGI application."""
        if not self._is_plain(environ):
            return self.app(environ, start_response)
        if environ["REQUEST_METHOD"] in _READS:
            return self._read(environ, start_response)
        return self._beyond(environ, start_response)

    def _is_plain(self, environ: Environ) -> bool:
        method = environ["REQUEST_METHOD"]
        if (
            method not in _METHODS
            or environ.get("QUERY_STRING")
            or not self._has_plain_keys(tuple(environ))
        ):
            return False
        context: Context = environ[CONTEXT_KEY]
        facts = context.facts
        if (
            facts is None
            or context.identity is None
            or context.is_internal
            or context.is_s3
            or context.allow_reserved_names
        ):
            return False
        version, account, container, name = path_parts(environ)
        concerns = self._concerns
        if (
            not name
            or version not in API_VERSIONS
            or container.endswith(concerns.container_suffixes)
        ):
            return False
        info = facts.container(account, container)
        if info is None or _has(info.metadata, concerns.container_metadata):
            return False
        if method != "PUT":
            return True
        info = facts.account(account)
        return info is not None and not _has(info.metadata, concerns.account_metadata)

    def _read(self, environ: Environ, start_response: StartResponse) -> Any:
        marks = self._marks
        is_marked = False

        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            nonlocal is_marked
            for pair in headers:
                if pair[0] in marks:
                    is_marked = True
                    return None
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        body = self._beyond(environ, start)
        if not is_marked:
            return body
        close = getattr(body, "close", None)
        if close is not None:
            close()
        return self.app(environ, start_response)


def shortened(pipeline: Application) -> Application:
    """The pipeline with a shortcut past the first row of filters that have
    ``concerns``, if there is one."""
    outer: Any = None
    row: list[Any] = []
    beyond: Any = None
    for layer in layers(pipeline):
        if getattr(layer, "concerns", None) is not None:
            row.append(layer)
        elif row:
            beyond = layer
            break
        else:
            outer = layer
    if beyond is None:
        return pipeline
    shortcut = Shortcut(row[0], beyond, _all_of(layer.concerns for layer in row))
    if outer is None:
        return shortcut
    outer.app = shortcut
    return pipeline


def _all_of(concerns: Iterable[Concerns]) -> Concerns:
    return reduce(or_, concerns)


def _has(metadata: Mapping[str, str], minded: tuple[str, ...]) -> bool:
    return any(name.startswith(minded) for name in metadata)
