"""Requests that a background step makes for the house: their environ, an operation.

A step has no client's request to go by, so it makes one from scratch that says
nothing but that the house asks.
"""

from __future__ import annotations

from objectstore.kernel.known_facts import Facts
from objectstore.kernel.request import CONTEXT_KEY, Context, Environ
from objectstore.s3.operation import House, Operation


def own_environ(name: str, facts: Facts | None) -> Environ:
    """The environ of a request of the step ``name``."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        CONTEXT_KEY: Context(name, is_internal=True, facts=facts),
    }


def own_operation(
    house: House,
    environ: Environ,
    account: str,
    container: str,
    key: str = "",
    query: dict[str, str] | None = None,
) -> Operation | None:
    """An operation on a bucket (and key) as its owner could ask it; None: no such
    bucket."""
    operation = Operation(environ, house, container, key)
    operation.bucket_facts = house.buckets.find(operation.context, account, container)
    if operation.bucket_facts is None:
        return None
    # Not through set_query: the environ is shared.
    operation._query = query or {}
    return operation
