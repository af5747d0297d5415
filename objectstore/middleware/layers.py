"""The applications of a pipeline, from the outside in.

Every filter keeps the application that it wraps in ``app``; the server at the
end of the pipeline has no such attribute.  Once the pipeline is complete, ``app`` is
the next one's bound method (``tighten``).
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import ismethod
from typing import Any

from objectstore.kernel.application import directly
from objectstore.kernel.request import Application

_OURS = __name__.partition(".")[0] + "."


def layers(application: object) -> Iterator[object]:
    """``application``, what it wraps, what that wraps ... to the last."""
    layer: object | None = application
    while layer is not None:
        yield layer
        layer = getattr(layer, "app", None)
        if ismethod(layer):
            layer = layer.__self__


def tighten(pipeline: Application) -> None:
    """Let the filters of a finished pipeline call each other directly.

    Only ours: others' may ask more of their ``app`` than to be called.
    """
    layer: Any
    for layer in list(layers(pipeline)):
        if type(layer).__module__.startswith(_OURS) and hasattr(layer, "app"):
            layer.app = directly(layer.app)
