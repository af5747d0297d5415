"""The WSGI environ of a request (PEP 3333), from its head.

``RAW_PATH_INFO`` is the path as it was sent, percent-encoded; ``PATH_INFO`` the
decoded one.  ``RAW_FIELDS_KEY`` holds the header lines as they came, for
whoever needs a name's spelling.

A name with an underscore would land on the same key as its twin with dashes, which
lets a client slip a header past a filter that looks for the other: the dashed
one wins.
"""

from __future__ import annotations

import socket
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from objectstore.kernel.http.framing import CHUNKED
from objectstore.kernel.http.head import RequestHead
from objectstore.kernel.request import CONTEXT_KEY, Context, Environ

RAW_FIELDS_KEY = "ringstack.header_fields"

_KEYS: dict[bytes, str] = {}
# Names are the client's choice: the cache must not grow with his imagination, neither
# in number nor in length.  The longest that clients send in earnest has 56 bytes.
_KEYS_MAX = 2000
_KEPT_NAME_BYTES_MAX = 64


def base_environ(local: Any, remote: Any, family: int, scheme: str) -> Environ:
    """What all requests of a connection have in common."""
    environ: Environ = {
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    if family == socket.AF_UNIX:
        names = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
        environ.update(names, REMOTE_ADDR="unix:", REMOTE_PORT="0")
    else:
        environ.update(SERVER_NAME=local[0], SERVER_PORT=str(local[1]))
        environ.update(REMOTE_ADDR=remote[0], REMOTE_PORT=str(remote[1]))
    return environ


def fill_environ(
    environ: Environ, head: RequestHead, body: Any, context: Context
) -> None:
    """Add a request's own entries."""
    path = head.path
    environ["REQUEST_METHOD"] = head.method
    environ["RAW_PATH_INFO"] = path
    environ["PATH_INFO"] = (
        unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    )
    environ["QUERY_STRING"] = head.query
    environ["wsgi.input"] = body
    environ[CONTEXT_KEY] = context
    environ[RAW_FIELDS_KEY] = head.fields
    if not head.is_http_11:
        environ["SERVER_PROTOCOL"] = "HTTP/1.0"
    underscored: list[tuple[str, str]] = []
    for name, value in head.fields:
        key = _KEYS.get(name) or _environ_key(name)
        text = value.decode("latin-1")
        if text and text[-1] in " \t":
            text = text.rstrip(" \t")
        if key[0] == "_":
            underscored.append((key[1:], text))
        elif key in environ:
            environ[key] += f",{text}"
        else:
            environ[key] = text
    for key, text in underscored:
        environ.setdefault(key, text)
    if head.body_length == CHUNKED:
        environ.pop("CONTENT_LENGTH", None)


def _environ_key(name: bytes) -> str:
    """The key of a header; marked by a leading underscore if its name has one."""
    key = name.decode("latin-1").upper().replace("-", "_")
    if key not in ("CONTENT_LENGTH", "CONTENT_TYPE") or b"_" in name:
        key = "HTTP_" + key
    if b"_" in name:
        key = "_" + key
    if len(_KEYS) < _KEYS_MAX and len(name) <= _KEPT_NAME_BYTES_MAX:
        _KEYS[name] = key
    return key
