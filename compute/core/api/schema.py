"""Request bodies against JSON schemas: what is wrong, and in which field.

Where a schema has numbers or texts with a smallest and largest value, numbers that are
written as texts keep to them too: clients of the field send both.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, TypeChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from compute.core.errors import BadRequest
from compute.core.identifiers import is_uuid

# A message must not carry a megabyte of the caller's own text back to him.
SHOWN_VALUE_CHARACTERS_MAX = 200

# Checking a schema against the schema of schemas takes milliseconds, and an API has
# hundreds for its microversions, most of them alike: each text is checked once, and
# when it is first used: a process that starts has no use for most of them.
CHECKED_SCHEMAS_MAX = 4096

# Of one list's items, or one object's keys: the worst of these is what is told.
FAULTS_MAX = 20
_OF_ANY_NUMBER = ("items", "additionalProperties", "patternProperties", "propertyNames")

FORMATS = FormatChecker()


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or is_uuid(value)


# Longer ones are beyond every limit; reading them would take time.
DIGITS_MAX = 40
_NUMBER = re.compile(r"(-?)([0-9]+)(\.[0-9]+)?")


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    sign, digits, fraction = found.groups()
    digits = digits.lstrip("0") or "0"
    if len(digits) > DIGITS_MAX:
        return -math.inf if sign else math.inf
    if fraction:
        return float(f"{sign}{digits}{fraction[: DIGITS_MAX + 1]}")
    return int(sign + digits)


def _at_least(
    validator: Any, least: float, value: object, schema: Any
) -> Iterator[ValidationError]:
    number = _number(value)
    if number is not None and number < least:
        yield ValidationError(f"{value!r} is less than the minimum of {least}")


def _at_most(
    validator: Any, most: float, value: object, schema: Any
) -> Iterator[ValidationError]:
    number = _number(value)
    if number is not None and number > most:
        yield ValidationError(f"{value!r} is greater than the maximum of {most}")


def _more_than(
    validator: Any, bound: float, value: object, schema: Any
) -> Iterator[ValidationError]:
    number = _number(value)
    if number is not None and number <= bound:
        yield ValidationError(f"{value!r} is not more than {bound}")


def _pattern(
    validator: Any, pattern: str, value: object, schema: Any
) -> Iterator[ValidationError]:
    """Only of what is not too long anyway: a pattern may take the square of a text's
    length, while all that this process serves waits."""
    if not isinstance(value, str) or len(value) > schema.get("maxLength", math.inf):
        return
    if not re.search(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _unique(
    validator: Any, is_wanted: bool, value: object, schema: Any
) -> Iterator[ValidationError]:
    """By what each is written as: comparing everything with everything takes the
    square of a list's length where it holds objects."""
    if is_wanted and isinstance(value, list):
        written = {json.dumps(each, sort_keys=True) for each in value}
        if len(written) < len(value):
            yield ValidationError(f"{value!r} has non-unique elements")


def _few(keyword: str) -> Any:
    """The draft's own rule for what may be there any number of times: it is at an end
    when enough is wrong, and begins with no list that is too long anyway.  Somebody may
    send a megabyte of wrong items, and while they are told apart all that this process
    serves waits."""
    rule: Any = Draft202012Validator.VALIDATORS[keyword]

    def few(
        validator: Any, wanted: Any, value: object, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(value, list) and len(value) > schema.get("maxItems", math.inf):
            return iter(())
        return islice(rule(validator, wanted, value, schema), FAULTS_MAX)

    return few


def _is_integer(checker: TypeChecker, value: object) -> bool:
    """The newer drafts take 1.0, too; and what is too large for an integer is read
    as such a float, past every look at its size."""
    return isinstance(value, int) and not isinstance(value, bool)


Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "minimum": _at_least,
        "maximum": _at_most,
        "exclusiveMinimum": _more_than,
        "pattern": _pattern,
        "uniqueItems": _unique,
        **{keyword: _few(keyword) for keyword in _OF_ANY_NUMBER},
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a body.  ``path``: to the field, down to one that is missing,
    or must not be there; ``rule``: the schema's keyword, which says ``wanted``."""

    path: tuple[str | int, ...]
    rule: str
    wanted: Any
    message: str


class Schema:
    """A compiled schema; ``check`` raises ``BadRequest`` in words."""

    __slots__ = ("_validator", "document")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._validator: Any = None

    def check(self, value: Any) -> None:
        """Raise ``BadRequest`` that names the field, its value and the rule."""
        error = best_match(self._errors(value))
        if error is not None:
            raise BadRequest(_explain(error))

    def fault(self, value: Any) -> Fault | None:
        """What ``check`` would raise, in parts: for those who write it otherwise."""
        errors = list(self._errors(value))
        # What is there and must not be tells more than what is missing for it.
        extra = [it for it in errors if it.validator == "additionalProperties"]
        error = best_match(extra or errors)
        if error is None:
            return None
        path = (*error.absolute_path, *_last_part(error))
        rule, wanted = str(error.validator), error.validator_value
        return Fault(path, rule, wanted, _clipped(error.message))

    def _errors(self, value: Any) -> Iterator[ValidationError]:
        if self._validator is None:
            _check_schema(json.dumps(self.document))
            self._validator = Validator(self.document, format_checker=FORMATS)
        found: Iterator[ValidationError] = self._validator.iter_errors(value)
        return found


def _last_part(error: ValidationError) -> tuple[str, ...]:
    """The key that the rule is about, where it is no part of the error's path."""
    given: Any = error.instance
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        extra = [name for name in given if name not in schema.get("properties", {})]
        return (_clipped(extra[0]),) if extra else ()
    if error.validator == "required":
        return tuple(name for name in schema["required"] if name not in given)[:1]
    return ()


@lru_cache(CHECKED_SCHEMAS_MAX)
def _check_schema(text: str) -> None:
    Draft202012Validator.check_schema(json.loads(text))


def _explain(error: ValidationError) -> str:
    path = _clipped("/".join(str(part) for part in error.absolute_path))
    if not path:
        return _clipped(error.message)
    shown = _clipped(repr(error.instance))
    reason = _clipped(error.message)
    return f"Invalid input for field/attribute {path}. Value: {shown}. {reason}"


def _clipped(text: str) -> str:
    if len(text) <= SHOWN_VALUE_CHARACTERS_MAX:
        return text
    return text[:SHOWN_VALUE_CHARACTERS_MAX] + " ..."
