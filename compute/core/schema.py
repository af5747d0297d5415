"""Request bodies against JSON schemas: what is wrong, and in which field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

from compute.core.errors import BadRequest
from compute.core.identifiers import is_uuid

# A message must not carry a megabyte of the caller's own text back to him.
SHOWN_VALUE_CHARACTERS_MAX = 200

# Checking a schema against the schema of schemas takes milliseconds, and an API has
# hundreds for its microversions, most of them alike: each text is checked once.
CHECKED_SCHEMAS_MAX = 4096

FORMATS = FormatChecker()


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or is_uuid(value)


class Schema:
    """A compiled schema; ``check`` raises ``BadRequest`` in words."""

    __slots__ = ("_validator", "document")

    def __init__(self, document: Mapping[str, Any]) -> None:
        _check_schema(json.dumps(document))
        self.document = document
        self._validator = Draft202012Validator(document, format_checker=FORMATS)

    def check(self, value: Any) -> None:
        """Raise ``BadRequest`` that names the field, its value and the rule."""
        error = best_match(self._validator.iter_errors(value))
        if error is not None:
            raise BadRequest(_explain(error))


@lru_cache(CHECKED_SCHEMAS_MAX)
def _check_schema(text: str) -> None:
    Draft202012Validator.check_schema(json.loads(text))


def _explain(error: ValidationError) -> str:
    path = "/".join(str(part) for part in error.absolute_path)
    if not path:
        return _clipped(error.message)
    shown = _clipped(repr(error.instance))
    reason = _clipped(error.message)
    return f"Invalid input for field/attribute {path}. Value: {shown}. {reason}"


def _clipped(text: str) -> str:
    if len(text) <= SHOWN_VALUE_CHARACTERS_MAX:
        return text
    return text[:SHOWN_VALUE_CHARACTERS_MAX] + " ..."
