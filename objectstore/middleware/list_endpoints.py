"""list_endpoints: which nodes keep an account, container or object.

``GET /endpoints/v1/account[/container[/object]]`` answers with a JSON list of URLs,
``http://node:port/device/partition/account/container/object``, for software that wants
to compute where its data is (the same with ``/endpoints/account...``).  With
``/endpoints/v2/...`` it is ``{"endpoints": [...], "headers": {...}}``; the headers hold
the storage policy's index as ``X-Backend-Storage-Policy-Index``.  The nodes' own
protocol is not HTTP of Swift's form: the URLs tell places, they are not for reading.

No rights are asked for, and the names of machines are told: put it only into pipelines
that clients cannot reach.  It tells where something would be whether it exists or not.

Statuses: 200; 400 for a path without an account; 405 for anything but GET.

::

    [filter:list_endpoints]
    use = egg:ringstack#list_endpoints
    list_endpoints_path = /endpoints/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from objectstore.kernel.errors import Rejected
from objectstore.kernel.known_facts import Located
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors", "gatekeeper")
BEFORE = ("tempauth",)

_VERSIONS = ("v1", "v1.0", "v2", "v2.0")
_LONG = ("v2", "v2.0")


@dataclass(frozen=True, slots=True)
class ListEndpointsSettings:
    """Where the listing is."""

    list_endpoints_path: str = option("/endpoints/", "Where it answers")


class ListEndpoints:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: ListEndpointsSettings) -> None:
        self.app = app
        inner = settings.list_endpoints_path.strip("/")
        self._prefix = f"/{inner}/" if inner else "/endpoints/"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer below the path; hand everything else on."""
        if not environ["PATH_INFO"].startswith(self._prefix):
            return self.app(environ, start_response)
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Reply:
        if request.method != "GET":
            raise Rejected(405, headers=(("Allow", "GET"),))
        rest = request.path[len(self._prefix) :]
        version, slash, after = rest.partition("/")
        is_versioned = version in _VERSIONS
        if is_versioned:
            rest = after if slash else ""
        account, _, path = rest.partition("/")
        container, _, name = path.partition("/")
        facts = request.context.facts
        if not account or (name and not container) or facts is None:
            raise Rejected(400, "No account specified")
        located = facts.locate(account, container, name)
        names = [part for part in (account, container, name) if part]
        urls = _urls(located, "/".join(names))
        if not (is_versioned and version in _LONG):
            body = orjson.dumps(urls)
        else:
            headers = {}
            if name:
                headers["X-Backend-Storage-Policy-Index"] = str(located.policy)
            body = orjson.dumps({"endpoints": urls, "headers": headers})
        return Reply(200, body, content_type="application/json")


def _urls(located: Located, path: str) -> list[str]:
    return [
        f"http://{f'[{ip}]' if ':' in ip else ip}:{port}/{device}/"
        f"{located.partition}/{quote(path)}"
        for ip, port, device in located.devices
    ]


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(
        ListEndpointsSettings, "list_endpoints", global_conf, local_conf
    )
    return lambda app: ListEndpoints(app, settings)
