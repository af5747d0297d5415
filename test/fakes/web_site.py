"""A web server on loopback that holds a few pages, with ranges and redirects."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from objectstore.kernel.byte_ranges import content_range, parse_range, resolve
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Request
from test.fakes.servers import serve


class WebSite:
    """``pages`` by path; ``redirects`` by path, to any URL; ``asked`` counts."""

    def __init__(self, stack: ExitStack) -> None:
        self.pages: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.statuses: dict[str, int] = {}
        self.asked: list[tuple[str, str]] = []
        self.host, self.port = serve(self._answer, stack)

    def url(self, path: str, host: str = "") -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        self.asked.append((request.path, request.header("Host")))
        return self._reply(request)(environ, start_response)

    def _reply(self, request: Request) -> Reply:
        path = request.path
        if path in self.redirects:
            return Reply(302, b"", [("Location", self.redirects[path])])
        if path in self.statuses:
            return text_reply(self.statuses[path])
        page = self.pages.get(path)
        if page is None:
            return text_reply(404)
        specs = parse_range(request.header("Range"))
        if specs is None:
            return Reply(200, page)
        start, stop = resolve(specs, len(page))[0]
        headers = [("Content-Range", content_range((start, stop), len(page)))]
        return Reply(206, page[start:stop], headers)
