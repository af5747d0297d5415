"""Bodies of metadata and tags, whole or one item: each alone under its name."""

from __future__ import annotations

from typing import Any

from compute.core.api.schema import Schema
from compute.instance.schemas.types import METADATA, TAG, TAGS


def _wrapped(name: str, schema: Any) -> Schema:
    return Schema(
        {
            "type": "object",
            "properties": {name: schema},
            "required": [name],
            "additionalProperties": False,
        }
    )


ALL_METADATA = _wrapped("metadata", METADATA)
ONE_ITEM = _wrapped("meta", {**METADATA, "minProperties": 1, "maxProperties": 1})
ALL_TAGS = _wrapped("tags", TAGS)
ONE_TAG = Schema(TAG)
