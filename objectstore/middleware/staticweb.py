"""staticweb: a container as a web site.

For GET and HEAD by anonymous clients (or with ``X-Web-Mode: true``) of containers
that say so in their metadata:

* ``X-Container-Meta-Web-Index: index.html``: the object that stands for a
  directory;
* ``X-Container-Meta-Web-Listings: true``: an HTML listing where there is no index;
  ``...-Web-Listings-CSS``: its style sheet; ``...-Web-Listings-Label``: what its
  title calls the container;
* ``X-Container-Meta-Web-Error: error.html``: 401 and 404 show the object
  ``401error.html``, ``404error.html``, with the status kept;
* ``X-Container-Meta-Web-Directory-Type``: empty objects of that content type are
  directories (default ``application/directory``).

A temporary URL (``tempurl``) with a prefix visits the site below that prefix, whatever
is public; listings' links are signed like the URL itself, and errors are plain.  One
for a single object is no visit.

A directory without its final slash is 301 to the one with it.  Rights are
asked for as always: objects need ``.r:*`` (or the like), listings
``.rlistings``.

::

    [filter:staticweb]
    use = egg:ringstack#staticweb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.signed.ticket import Grant
from objectstore.middleware.stored_facts import container_metadata
from objectstore.middleware.subrequest import ask, discard, read_reply, sub_environ
from objectstore.middleware.web_page import Listed, Site, listing_page

AFTER = ("catch_errors", "gatekeeper", "tempauth", "tempurl")

# A page of a listing as JSON: 10,000 names of the longest kind, and then some.
LISTING_BYTES_MAX = 64 * 2**20


@dataclass(frozen=True, slots=True)
class StaticwebSettings:
    """There is nothing to set."""


class Staticweb:
    """The filter; see the module's docstring."""

    # It is for clients that nobody knows, and those who ask to be taken for one.
    concerns = Concerns(request_keys=("HTTP_X_WEB_MODE",))

    def __init__(self, app: Application) -> None:
        self.app = app

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("staticweb")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer for containers that are sites; hand everything else on."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.app(environ, start_response)
        request = Request(environ)
        context = request.context
        web_mode = request.header("X-Web-Mode").lower() in TRUE_WORDS
        if context.is_internal or (context.identity is not None and not web_mode):
            return self.app(environ, start_response)
        grant = context.authorize if isinstance(context.authorize, Grant) else None
        if grant is not None and grant.prefix is None:
            return self.app(environ, start_response)
        version, account, container, _ = request.split()
        if not container or version not in API_VERSIONS:
            return self.app(environ, start_response)
        site = Site.of(container_metadata(context, account, container))
        if not site.is_web:
            if web_mode and not request.split()[3]:
                return text_reply(404)(environ, start_response)
            return self.app(environ, start_response)
        reply = Visit(self.app, request, site, grant).reply()
        return reply(environ, start_response)


class Visit:
    """One request to a site."""

    def __init__(
        self, app: Application, request: Request, site: Site, grant: Grant | None
    ) -> None:
        """``grant``: of the temporary URL that is visited."""
        self._app = app
        self._grant = grant
        self._request = request
        self._site = site
        version, account, container, name = request.split()
        self._root = f"/{version}/{account}/{container}"
        self._name = name

    def reply(self) -> Reply:
        """The page, the object, a redirection, or an error page."""
        if self._name:
            return self._object()
        if not self._request.path.endswith("/"):
            return self._with_slash()
        return self._directory()

    def _object(self) -> Reply:
        found = ask(self._app, self._request.environ)
        if found.status < 400 and not self._site.is_directory_marker(found):
            return found
        if found.status >= 400 and found.status != 404:
            return self._error(found)
        if self._name.endswith("/"):
            discard(found)
            return self._directory()
        if self._is_directory():
            discard(found)
            return self._with_slash()
        return self._error(found if found.status == 404 else text_reply(404))

    def _directory(self) -> Reply:
        """The index of the directory, else its listing."""
        if self._site.index:
            path = f"{self._root}/{self._name}{self._site.index}"
            index = self._get(path, method=self._request.method, conditions=True)
            if index.status != 404:
                return index if index.status < 400 else self._error(index)
            discard(index)
        return self._listing()

    def _is_directory(self) -> bool:
        """Whether the name with a slash has an index or anything below it."""
        if self._site.index:
            path = f"{self._root}/{self._name}/{self._site.index}"
            index = self._get(path, method="HEAD")
            discard(index)
            if index.status < 300:
                return True
        query = {"limit": "1", "delimiter": "/", "prefix": self._name + "/"}
        return bool(self._entries(query)[1])

    def _listing(self) -> Reply:
        if not self._site.has_listings:
            return self._error(text_reply(404))
        query = {"delimiter": "/", "prefix": self._name}
        failed, entries = self._entries(query)
        if failed is not None:
            return self._error(failed)
        if not entries:
            return self._error(text_reply(404))
        grant = self._grant
        shown = Listed(self._root, self._name, entries)
        if grant is None:
            page = listing_page(self._site, shown)
            return Reply(200, page, content_type="text/html; charset=UTF-8")
        page = listing_page(self._site, shown, grant.prefix or "", grant.links)
        # Else ``tempurl`` would have browsers save it as a file.
        headers = [("Content-Disposition", "inline")]
        return Reply(200, page, headers, "text/html; charset=UTF-8")

    def _entries(self, query: dict[str, str]) -> tuple[Reply | None, list[Any]]:
        """(the refusal, or None; the entries)."""
        reply = self._get(self._root, urlencode({"format": "json", **query}))
        if reply.status >= 300:
            return reply, []
        body = read_reply(reply, LISTING_BYTES_MAX)
        return None, orjson.loads(body) if body else []

    def _error(self, reply: Reply) -> Reply:
        """The site's own page for this error, if it has one."""
        if not self._site.error or self._grant is not None:
            return reply
        page = self._get(f"{self._root}/{reply.status}{self._site.error}")
        if page.status != 200:
            discard(page)
            return reply
        discard(reply)
        page.status = reply.status
        challenge = reply.header("WWW-Authenticate")
        if challenge:
            page.set_header("WWW-Authenticate", challenge)
        return page

    def _with_slash(self) -> Reply:
        environ = self._request.environ
        # As the client sent it: other filters may have rewritten the path.  One
        # slash in front: two would send the browser to another host.
        raw = environ.get("RAW_PATH_INFO") or quote(self._request.path)
        links = "" if self._grant is None else self._grant.links
        location = f"/{raw.lstrip('/')}/{links}"
        return Reply(301, b"", [("Location", location)], "text/html")

    def _get(
        self,
        path: str,
        query_string: str = "",
        *,
        method: str = "GET",
        conditions: bool = False,
    ) -> Reply:
        environ = sub_environ(
            self._request.environ,
            method,
            path,
            query_string,
            keep_conditions=conditions,
        )
        return ask(self._app, environ)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    read_options(StaticwebSettings, "staticweb", global_conf, local_conf)
    return Staticweb
