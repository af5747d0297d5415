"""Conditions of policy statements.  Pure.

``{"StringLike": {"s3:prefix": ["a/*"]}}``: all operators and all keys must hold;
of a key's values one must.  A key that the request does not have makes a
positive operator false and a negated one true; ``...IfExists`` makes it true.
``ForAllValues:`` and ``ForAnyValue:`` are for keys with several values.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from objectstore.s3.access.glob import matches
from objectstore.s3.access.variables import key_of, substitute
from objectstore.s3.errors import S3Error

CONDITIONS_MAX = 100

Lookup = Callable[[str], tuple[str, ...] | None]
"""A condition key's values in a request; None when it has none."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key."""

    test: str  # the operator without its affixes
    key: str
    values: tuple[str, ...]
    if_exists: bool = False
    quantifier: str = ""  # "", "all" or "any"

    def holds(self, lookup: Lookup) -> bool:
        """Whether the request meets it."""
        actual = lookup(self.key)
        if self.test == "Null":
            return (actual is None) == (self.values[0].lower() == "true")
        positive, compare = _TESTS[self.test]
        if actual is None:
            return self.if_exists or self.quantifier == "all" or not positive
        wanted = [substitute(value, lookup) for value in self.values]

        def one(value: str) -> bool:
            met = any(_safely(compare, value, choice) for choice in wanted)
            return met == positive

        if self.quantifier == "any":
            return any(one(value) for value in actual)
        return all(one(value) for value in actual)


def _safely(compare: Callable[[str, str], bool], value: str, wanted: str) -> bool:
    try:
        return compare(value, wanted)
    except ValueError:
        return False


def _number(test: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: test(float(value), float(wanted))


def _date(test: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: test(_seconds(value), _seconds(wanted))


def _seconds(text: str) -> float:
    if text.isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _same_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _like(value: str, wanted: str) -> bool:
    return matches(wanted, value)


def _in_network(value: str, wanted: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)


def _binary(value: str, wanted: str) -> bool:
    try:
        return base64.b64decode(value) == base64.b64decode(wanted)
    except binascii.Error:
        return False


# Operator -> (positive, comparison).
_TESTS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (True, operator.eq),
    "StringNotEquals": (False, operator.eq),
    "StringEqualsIgnoreCase": (True, _same_case),
    "StringNotEqualsIgnoreCase": (False, _same_case),
    "StringLike": (True, _like),
    "StringNotLike": (False, _like),
    "NumericEquals": (True, _number(operator.eq)),
    "NumericNotEquals": (False, _number(operator.eq)),
    "NumericLessThan": (True, _number(operator.lt)),
    "NumericLessThanEquals": (True, _number(operator.le)),
    "NumericGreaterThan": (True, _number(operator.gt)),
    "NumericGreaterThanEquals": (True, _number(operator.ge)),
    "DateEquals": (True, _date(operator.eq)),
    "DateNotEquals": (False, _date(operator.eq)),
    "DateLessThan": (True, _date(operator.lt)),
    "DateLessThanEquals": (True, _date(operator.le)),
    "DateGreaterThan": (True, _date(operator.gt)),
    "DateGreaterThanEquals": (True, _date(operator.ge)),
    "Bool": (True, _same_case),
    "BinaryEquals": (True, _binary),
    "IpAddress": (True, _in_network),
    "NotIpAddress": (False, _in_network),
    "ArnEquals": (True, _like),
    "ArnLike": (True, _like),
    "ArnNotEquals": (False, _like),
    "ArnNotLike": (False, _like),
}
_QUANTIFIERS = {"ForAllValues": "all", "ForAnyValue": "any"}


def parse_conditions(value: Any) -> tuple[Condition, ...]:
    """A statement's ``Condition``; ``MalformedPolicy`` when it is none."""
    if not isinstance(value, dict):
        raise S3Error("MalformedPolicy", "Invalid Condition")
    found: list[Condition] = []
    for name, keys in value.items():
        if not isinstance(keys, dict):
            raise S3Error("MalformedPolicy", "Invalid Condition")
        for key, values in keys.items():
            found.append(_condition(name, key, values))
    if len(found) > CONDITIONS_MAX:
        raise S3Error("MalformedPolicy", "Too many conditions")
    return tuple(found)


def _condition(name: str, key: str, values: Any) -> Condition:
    prefix, colon, test = name.rpartition(":")
    quantifier = ""
    if colon:
        if prefix not in _QUANTIFIERS:
            raise S3Error("MalformedPolicy", f"Invalid Condition type : {name}")
        quantifier = _QUANTIFIERS[prefix]
    if_exists = test.endswith("IfExists")
    if if_exists:
        test = test[: -len("IfExists")]
    if test not in _TESTS and test != "Null":
        raise S3Error("MalformedPolicy", f"Invalid Condition type : {name}")
    if not isinstance(values, list):
        values = [values]
    texts = []
    for item in values:
        if isinstance(item, bool):
            item = "true" if item else "false"
        if not isinstance(item, str | int | float):
            raise S3Error("MalformedPolicy", "Invalid Condition value")
        texts.append(str(item))
    if not texts:
        raise S3Error("MalformedPolicy", "Invalid Condition value")
    _check_values(test, texts)
    return Condition(test, key_of(key), tuple(texts), if_exists, quantifier)


def _check_values(test: str, values: list[str]) -> None:
    """A value that can never be compared is a mistake to tell now."""
    try:
        for value in values:
            if "${" in value:
                continue
            if test.startswith("Numeric"):
                float(value)
            elif test.startswith("Date"):
                _seconds(value)
            elif test in ("IpAddress", "NotIpAddress"):
                ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise S3Error("MalformedPolicy", "Invalid Condition value") from None
