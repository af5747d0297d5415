"""Where guests look for their metadata: a fact of the field, the same everywhere."""

from __future__ import annotations

METADATA_ADDRESS = "169.254.169.254"
METADATA_PREFIX = METADATA_ADDRESS + "/32"
METADATA_PORT = 80
