"""Which resource needs which: an order in which all can be made.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compute.orchestration.errors import Invalid

Graph = Mapping[str, frozenset[str]]
"""From each resource to those that must be there before it."""


def check_no_circle(graph: Graph) -> None:
    """``Invalid`` when resources need each other in a circle."""
    left = set(graph)
    needed_by = reverse(graph)
    count = {name: len(graph[name] & graph.keys()) for name in graph}
    ready = [name for name in graph if not count[name]]
    while ready:
        name = ready.pop()
        left.discard(name)
        for later in needed_by[name]:
            count[later] -= 1
            if not count[later]:
                ready.append(later)
    if left:
        raise Invalid(f"Circular Dependency Found: {', '.join(sorted(left))}")


def reverse(graph: Graph) -> Graph:
    """From each resource to those that need it."""
    found: dict[str, set[str]] = {name: set() for name in graph}
    for name, needs in graph.items():
        for needed in needs:
            found.setdefault(needed, set()).add(name)
    return {name: frozenset(names) for name, names in found.items()}


def ready(graph: Graph, done: Iterable[str]) -> list[str]:
    """Those that are not done and whose needs all are, by name."""
    finished = set(done)
    return sorted(
        name
        for name, needs in graph.items()
        if name not in finished and needs & graph.keys() <= finished
    )
