"""Which view answers which path: a table, filled by the pages' modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.errors import MethodNotAllowed, NotFound

# What rooms call their lists where the name of one thing would stand.
COLLECTIONS = frozenset(("detail",))

Load = Callable[[Any], Any]
"""From a visit to a page, a form or a reply."""
Act = Callable[[Any, Any], Any]
"""From a visit and the form's values to where to go next, or to a page."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    ``load`` answers GET; ``act`` answers POST.  With both, ``load`` gives the form
    whose answers ``act`` gets.  With ``question`` GET asks it.  ``uploads``: the form's
    field whose files are streamed.  ``is_public``: without signing in.
    """

    path: str
    load: Load | None = None
    act: Act | None = None
    question: str = ""
    uploads: str = ""
    is_public: bool = False


def page(path: str, load: Load) -> Route:
    """Something to look at."""
    return Route(path, load)


def form(path: str, load: Load, act: Act, *, uploads: str = "") -> Route:
    """Something to fill in."""
    return Route(path, load, act, uploads=uploads)


def deed(path: str, act: Act, question: str = "") -> Route:
    """Something to do, perhaps after a question."""
    return Route(path, None, act, question)


class Router:
    """Finds the route of a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes: Sequence[Route] = tuple(routes)
        self._literal: dict[str, Route] = {}
        self._named: dict[int, list[tuple[list[str], Route]]] = {}
        for route in self.routes:
            segments = route.path.split("/")
            if "{" not in route.path:
                assert route.path not in self._literal, f"{route.path} is there twice"
                self._literal[route.path] = route
            else:
                self._named.setdefault(len(segments), []).append((segments, route))

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The route and what the path names.  ``NotFound``, ``MethodNotAllowed``."""
        route, parameters = self._match(path.strip("/"))
        has_load = route.load is not None or bool(route.question)
        if method in ("GET", "HEAD") and has_load:
            return route, parameters
        if method == "POST" and route.act is not None:
            return route, parameters
        allowed = "GET, HEAD" if has_load else ""
        if route.act is not None:
            allowed = f"{allowed}, POST".lstrip(", ")
        raise MethodNotAllowed(
            "This cannot be done here", headers=(("Allow", allowed),)
        )

    def _match(self, path: str) -> tuple[Route, Mapping[str, str]]:
        if path in self._literal:
            return self._literal[path], {}
        given = path.split("/")
        for wanted, route in self._named.get(len(given), ()):
            found: dict[str, str] = {}
            for name, segment in zip(wanted, given, strict=True):
                if name.startswith("{"):
                    if not segment or (name == "{id}" and segment in COLLECTIONS):
                        break
                    found[name[1:-1]] = segment
                elif name != segment:
                    break
            else:
                return route, found
        raise NotFound("There is no such page.")
