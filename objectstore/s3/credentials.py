"""From an access key to its secret and its user.

The auth filter that stands below knows the users; it offers
``secret_for(access_key) -> (Identity, secret) | None``.  Temporary keys know
themselves: see ``signing.session``.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from objectstore.kernel.access import Identity


@runtime_checkable
class SecretSource(Protocol):
    """Whoever knows users' secrets: an auth filter."""

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        """Who an access key stands for, and its secret; None: unknown."""


def find_source(application: object) -> SecretSource | None:
    """The first layer of the pipeline that knows secrets."""
    layer: object | None = application
    while layer is not None:
        if isinstance(layer, SecretSource):
            return layer
        layer = getattr(layer, "app", None)
    return None
