"""The policy of a browser's upload form.  Pure.

The form's owner signed what may be uploaded: until when, to which bucket, under which
keys, with which fields.  Every field must be covered by a condition, and so must the
bucket, which the form's address says: a policy that names none would open them all.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.s3.dates import from_iso
from objectstore.s3.errors import S3Error

CONDITIONS_MAX = 200
# ``2013-08-01T12:00:00.000Z``, the fraction if wanted.
_EXPIRATION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
# Fields that need no condition.
_FREE = frozenset(
    {
        "policy",
        "x-amz-signature",
        "signature",
        "awsaccesskeyid",
        "file",
        "submit",
    }
)


@dataclass(frozen=True, slots=True)
class PostPolicy:
    """A form's policy."""

    expires: float
    exact: tuple[tuple[str, str], ...]
    prefixes: tuple[tuple[str, str], ...]
    length_range: tuple[int, int] | None


def parse_post_policy(encoded: str) -> PostPolicy:
    """From the form's ``policy`` field."""
    expiration, conditions = _parts(encoded)
    exact: list[tuple[str, str]] = []
    prefixes: list[tuple[str, str]] = []
    lengths: tuple[int, int] | None = None
    for condition in conditions:
        if isinstance(condition, dict):
            if len(condition) != 1:
                raise _invalid(
                    "Invalid Simple-Condition: Simple-Conditions must have exactly one "
                    "property specified."
                )
            exact += [(_name(name), _text(value)) for name, value in condition.items()]
            continue
        kind, first, second = _triple(condition)
        if kind == "eq":
            exact.append((_field(first), _text(second)))
        elif kind == "starts-with":
            prefixes.append((_field(first), _text(second)))
        elif kind == "content-length-range":
            lengths = (_number(first), _number(second))
        else:
            raise S3Error("InvalidPolicyDocument")
    if not _EXPIRATION.fullmatch(expiration):
        raise _invalid(f"Invalid 'expiration' value: '{expiration[:64]}'")
    expires = from_iso(expiration, "InvalidPolicyDocument")
    return PostPolicy(expires, tuple(exact), tuple(prefixes), lengths)


def _parts(encoded: str) -> tuple[str, list[Any]]:
    """The policy's end and its conditions."""
    try:
        document = orjson.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise S3Error("InvalidPolicyDocument")
    expiration, conditions = document.get("expiration"), document.get("conditions")
    if not isinstance(expiration, str):
        raise _invalid("Policy missing expiration.")
    if not isinstance(conditions, list) or not conditions:
        raise _invalid("Policy missing conditions.")
    if len(conditions) > CONDITIONS_MAX:
        raise S3Error("InvalidPolicyDocument")
    return expiration, conditions


def check_form(policy: PostPolicy, fields: dict[str, str], now: float) -> None:
    """Raise ``AccessDenied`` unless the fields are what the policy allows."""
    if policy.expires <= now:
        raise _denied("Policy expired.")
    covered = set(_FREE)
    for name, wanted in policy.exact:
        covered.add(name)
        if fields.get(name) != wanted:
            raise _denied(f'Policy Condition failed: ["eq", "${name}", "{wanted}"]')
    for name, prefix in policy.prefixes:
        covered.add(name)
        value = fields.get(name, "")
        values = value.split(",") if name == "content-type" else [value]
        if not all(item.strip().startswith(prefix) for item in values):
            raise _denied(
                f'Policy Condition failed: ["starts-with", "${name}", "{prefix}"]'
            )
    for name in fields:
        if name not in covered and not name.startswith("x-ignore-"):
            raise _denied(f"Extra input fields: {name[:128]}")


def _invalid(reason: str) -> S3Error:
    return S3Error("InvalidPolicyDocument", f"Invalid Policy: {reason}")


def _denied(reason: str) -> S3Error:
    return S3Error("AccessDenied", f"Invalid according to Policy: {reason}")


def _triple(condition: Any) -> tuple[str, Any, Any]:
    if not isinstance(condition, list) or len(condition) != 3:
        raise S3Error("InvalidPolicyDocument")
    kind, first, second = condition
    return _text(kind).lower(), first, second


def _field(value: Any) -> str:
    text = _text(value)
    if not text.startswith("$"):
        raise S3Error("InvalidPolicyDocument")
    return text[1:].lower()


def _name(value: Any) -> str:
    return _text(value).lower()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise S3Error("InvalidPolicyDocument")
    return value


def _number(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise S3Error("InvalidPolicyDocument")
    return value
