"""Which route a path leads to: literal segments before ``{named}`` ones.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from compute.core.errors import MethodNotAllowed, NotFound

R = TypeVar("R")


class _Node(Generic[R]):
    """One segment of the tree."""

    __slots__ = ("literal", "named", "names", "routes")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[R]] = {}
        self.named: _Node[R] | None = None
        self.routes: dict[str, R] = {}
        self.names: dict[str, tuple[str, ...]] = {}


class RouteTree(Generic[R]):
    """Routes by method and template."""

    def __init__(self, *, is_strict: bool = False) -> None:
        """``is_strict``: ``/things/`` is not ``/things``, but the thing without a
        name, and there is none.  (``/v2.1/`` is ``/v2.1`` all the same.)"""
        self._root: _Node[R] = _Node()
        self._is_strict = is_strict

    def add(self, method: str, template: str, route: R) -> None:
        """``template``: literal segments and ``{names}``."""
        node, names = self._root, []
        for segment in _segments(template):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                if node.named is None:
                    node.named = _Node()
                node = node.named
            else:
                node = node.literal.setdefault(segment, _Node())
        assert method not in node.routes, f"{template} is there twice"
        node.routes[method] = route
        node.names[method] = tuple(names)

    def find(self, method: str, path: str) -> tuple[R, dict[str, str]]:
        """The route of a path, and what its names stand for.  ``NotFound``;
        ``MethodNotAllowed`` with ``Allow``."""
        allowed: set[str] = set()
        if "\0" in path:
            # Nothing is called so, and PostgreSQL cannot even be asked.
            raise NotFound("The resource could not be found.")
        segments = _segments(path)
        if self._is_strict and path.endswith("/") and len(segments) > 1:
            raise NotFound("The resource could not be found.")
        for node, values in _matches(self._root, segments, ()):
            wanted = method
            if method == "HEAD" and "HEAD" not in node.routes:
                wanted = "GET"
            route = node.routes.get(wanted)
            if route is not None:
                return route, dict(zip(node.names[wanted], values, strict=True))
            allowed |= set(node.routes)
        if allowed:
            raise MethodNotAllowed(
                f"The method {method} is not allowed here",
                headers=(("Allow", ", ".join(sorted(allowed))),),
            )
        raise NotFound("The resource could not be found.")


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _matches(
    node: _Node[R], segments: list[str], values: tuple[str, ...]
) -> Iterable[tuple[_Node[R], tuple[str, ...]]]:
    """Nodes that the segments lead to, the most literal first."""
    if not segments:
        if node.routes:
            yield node, values
        return
    literal = node.literal.get(segments[0])
    if literal is not None:
        yield from _matches(literal, segments[1:], values)
    if node.named is not None and segments[0]:
        yield from _matches(node.named, segments[1:], (*values, segments[0]))
