"""The applications of a pipeline, from the outside in.

Every filter keeps the application that it wraps in ``app``; the server at the
end of the pipeline has no such attribute.
"""

from __future__ import annotations

from collections.abc import Iterator


def layers(application: object) -> Iterator[object]:
    """``application``, what it wraps, what that wraps ... to the last."""
    layer: object | None = application
    while layer is not None:
        yield layer
        layer = getattr(layer, "app", None)
