"""How old an object is: by its data, whatever was said of it later."""

from __future__ import annotations

from objectstore.s3.inner import Answer


def written_at(head: Answer) -> float:
    """When the data was written: tags that are set later do not make it younger."""
    changed = head.get("x-timestamp", "0")
    return float(head.get("x-backend-data-timestamp") or changed)
