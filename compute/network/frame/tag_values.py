"""What a tag may be, and how many a thing may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TAG_CHARACTERS_MAX = 255  # as Neutron since its tags may be long
TAGS_MAX = 50
TAG: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": TAG_CHARACTERS_MAX,
    # A comma separates tags in filters, a slash would end the path.
    "pattern": "^[^,/]*$",
}
TAG_LIST: Mapping[str, Any] = {"type": "array", "items": TAG, "maxItems": TAGS_MAX}
