"""What the rules of a mapping may be.  Pure.

A rule has *remote* parts, each about one attribute of what the provider says, and
*local* parts, which make a user, groups and projects of it.  ``{0}`` in a local part is
the first remote part that takes values as they are (neither ``any_one_of`` nor
``not_any_of``), ``{1}`` the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import regex

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest

V1, V2 = "1.0", "2.0"
RULES_MAX = 100
PARTS_MAX = 50
VALUES_MAX = 500
TEXT_CHARACTERS_MAX = 255

_TEXT = {"type": "string", "minLength": 1, "maxLength": TEXT_CHARACTERS_MAX}
_DOMAIN = {
    "type": "object",
    "properties": {"id": _TEXT, "name": _TEXT},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_ROLE = {
    "type": "object",
    "properties": {"name": _TEXT},
    "required": ["name"],
    "additionalProperties": False,
}


def _project(version: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "name": _TEXT,
        "roles": {"type": "array", "items": _ROLE, "maxItems": PARTS_MAX},
    }
    if version == V2:
        properties["domain"] = _DOMAIN
    return {
        "type": "object",
        "properties": properties,
        "required": ["name", "roles"],
        "additionalProperties": False,
    }


def _local(version: str) -> dict[str, Any]:
    user = {
        "id": _TEXT,
        "name": _TEXT,
        "email": _TEXT,
        "domain": _DOMAIN,
        "type": {"enum": ["ephemeral", "local"]},
    }
    group = {"id": _TEXT, "name": _TEXT, "domain": _DOMAIN}
    return {
        "type": "object",
        "properties": {
            "user": {
                "type": "object",
                "properties": user,
                "additionalProperties": False,
            },
            "group": {
                "type": "object",
                "properties": group,
                "anyOf": [{"required": ["id"]}, {"required": ["name", "domain"]}],
                "additionalProperties": False,
            },
            "groups": _TEXT,
            "group_ids": _TEXT,
            "domain": _DOMAIN,
            "projects": {
                "type": "array",
                "items": _project(version),
                "maxItems": PARTS_MAX,
            },
        },
        "additionalProperties": False,
    }


_VALUES = {"type": "array", "items": _TEXT, "maxItems": VALUES_MAX}
CONDITIONS = ("any_one_of", "not_any_of", "whitelist", "blacklist")
_REMOTE = {
    "type": "object",
    "properties": {
        "type": _TEXT,
        "regex": {"type": "boolean"},
        **dict.fromkeys(CONDITIONS, _VALUES),
    },
    "required": ["type"],
    "additionalProperties": False,
}


def _rules(version: str) -> dict[str, Any]:
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": RULES_MAX,
        "items": {
            "type": "object",
            "properties": {
                "local": {
                    "type": "array",
                    "items": _local(version),
                    "maxItems": PARTS_MAX,
                },
                "remote": {
                    "type": "array",
                    "items": _REMOTE,
                    "minItems": 1,
                    "maxItems": PARTS_MAX,
                },
            },
            "required": ["local", "remote"],
            "additionalProperties": False,
        },
    }


_BY_VERSION = {version: Schema(_rules(version)) for version in (V1, V2)}
_REFERENCE = re.compile(r"\{([0-9]{1,3})\}")


def check_rules(rules: Sequence[Any], version: str) -> None:
    """``BadRequest`` for rules that could not be kept to."""
    _BY_VERSION[version].check(rules)
    for number, rule in enumerate(rules):
        direct = 0
        for remote in rule["remote"]:
            direct += _check_remote(remote, f"rules/{number}/remote")
        for text in _texts(rule["local"]):
            _check_references(text, direct, f"rules/{number}/local")


def _check_remote(remote: Mapping[str, Any], place: str) -> int:
    """How many direct values it gives."""
    given = [name for name in CONDITIONS if name in remote]
    if len(given) > 1:
        raise BadRequest(f"{place}: only one of {', '.join(given)} is possible")
    if remote.get("regex"):
        for name in given:
            for pattern in remote[name]:
                _check_pattern(pattern, place)
    return 0 if given and given[0] in ("any_one_of", "not_any_of") else 1


def _check_pattern(pattern: str, place: str) -> None:
    try:
        regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        raise BadRequest(f"{place}: {pattern!r} is no pattern ({error})") from None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _check_references(text: str, direct: int, place: str) -> None:
    for number in _REFERENCE.findall(text):
        if int(number) >= direct:
            raise BadRequest(
                f"{place}: {{{number}}} is of no remote part that gives its values"
            )
    rest = _REFERENCE.sub("", text)
    if "{" in rest or "}" in rest:
        raise BadRequest(f"{place}: braces are for numbers, as in {{0}}")
