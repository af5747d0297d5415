"""Bodies that a schema takes, made of values that somebody would rather not get.

``grow`` follows a JSON schema.  Wherever a text or a number belongs, it takes one of
the pool's that the schema accepts there: the longest, the emptiest, the widest
character, an id of something else.  So a body gets past the schema and into the code
behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from compute.core.api.schema import FORMATS, Validator

NOBODY = "99999999-9999-4999-8999-999999999999"
ITEMS_MAX = 4
TRIES_MAX = 20
POOL: tuple[Any, ...] = (
    "",
    "0",
    "1",
    "-1",
    "00",
    "2147483647",
    "2147483648",
    "9" * 18,
    "9" * 30,
    "1.5",
    "a",
    "x" * 60,
    "y" * 63,
    "n" * 255,
    "z" * 65535,
    "A" * 65532,
    "aGVsbG8=",
    "true",
    "on",
    "auto",
    "none",
    "nova",
    "nova:host0",
    "nova:host0:host0",
    ":",
    "host0",
    "a b",
    "a.b",
    "a-b_c:d. e",
    "web.example.org",
    "1",
    "xn--caf-dma",
    "\N{LATIN SMALL LETTER E WITH ACUTE}" * 255,
    "\N{PILE OF POO}" * 60,
    "\u202e\u200b",
    "a\u0000b",
    "\ud7ff",
    "%s%n{0}{}",
    "' or 1=1 --",
    "../../../etc/passwd",
    "/dev/vda",
    "^.*.*.*$",
    "(((((",
    NOBODY,
    NOBODY.replace("-", ""),
    NOBODY.upper(),
    "10.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "10.1.0.0",
    "10.1.0.1",
    "::",
    "::1",
    "fe80::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "2026-02-28T23:59:59Z",
    "novnc",
    "serial",
    "AUTO",
    "hw:cpu_policy",
    "availability_zone",
    "ssh-ed25519 AAAA",
    -1,
    0,
    1,
    2,
    7,
    4096,
    2**31 - 1,
    2**31,
    2**53,
    2**63 - 1,
    0.0,
    1e-320,
    0.5,
    1e300,
    True,
    False,
    None,
)


class Grower:
    """Grows bodies; ``ids`` are of things that are there."""

    def __init__(self, random: Random, ids: Sequence[str]) -> None:
        self._random = random
        self._pool = [*POOL, *ids, *ids]
        self._fitting: dict[str, list[Any]] = {}

    def grow(self, schema: Mapping[str, Any]) -> Any:
        """A value that the schema takes (as far as twenty tries find one)."""
        validator = Validator(schema, format_checker=FORMATS)
        value = None
        for _ in range(TRIES_MAX):
            value = self._value(schema)
            if validator.is_valid(value):
                break
        return value

    def _value(self, schema: Mapping[str, Any]) -> Any:
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self._value(self._random.choice(schema[word]))
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        kind = schema.get("type", "string")
        if not isinstance(kind, str):
            kind = self._random.choice(kind)
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._array(schema)
        return self._leaf(schema)

    def _leaf(self, schema: Mapping[str, Any]) -> Any:
        key = repr(sorted(schema.items(), key=lambda item: item[0]))
        if key not in self._fitting:
            validator = Validator(schema, format_checker=FORMATS)
            self._fitting[key] = [
                each for each in self._pool if validator.is_valid(each)
            ]
        fitting = self._fitting[key]
        return self._random.choice(fitting) if fitting else None

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", ITEMS_MAX))
        count = max(least, min(most, self._random.randint(0, ITEMS_MAX)))
        if self._random.random() < 0.05:
            count = min(most, 200)
        return [self._value(schema.get("items", {})) for _ in range(count)]

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        required = set(schema.get("required", ()))
        share = self._random.choice((0.1, 0.4, 0.9))
        for name, inner in schema.get("properties", {}).items():
            if name in required or self._random.random() < share:
                found[name] = self._value(inner)
        for pattern, inner in schema.get("patternProperties", {}).items():
            for _ in range(self._random.randint(0, 3)):
                name = self._leaf({"type": "string", "pattern": pattern})
                found[name] = self._value(inner)
        if schema.get("additionalProperties", True) is True:
            found["\N{PILE OF POO}"] = {"": [None]}
        return found
