"""Which paths are of the Swift API, as opposed to S3's and pages like ``/info``."""

from __future__ import annotations

API_VERSIONS = frozenset({"v1", "v1.0"})
