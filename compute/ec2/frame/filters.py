"""``Filter.N``: which of the things that were found are shown.

Values of a filter are alternatives, filters are all to be met.  ``*`` stands for any
text, ``?`` for any character, and a backslash takes the next one as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compute.ec2.frame.errors import Ec2Error, invalid
from compute.ec2.frame.parameters import Parameters

# What AWS allows.
VALUES_MAX = 200
# Nothing that is shown is longer.
VALUE_LENGTH_MAX = 1024
Document = Mapping[str, Any]
Accessor = Callable[[Document], Any]
"""What a filter looks at in a document: a text, a number, a flag, or several."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One of them."""

    name: str
    values: Sequence[str]

    def fits(self, found: Any) -> bool:
        """Whether one of the values is what was found."""
        texts = [_text(each) for each in _many(found)]
        return any(
            pattern.fullmatch(text)
            for pattern in map(_pattern, self.values)
            for text in texts
        )


def asked_filters(parameters: Parameters) -> list[Filter]:
    """The filters of a request."""
    found = []
    for each in parameters.structures("Filter"):
        values = each.texts("Value")
        if not values:
            raise Ec2Error("InvalidParameterValue", "A filter must have a value")
        if len(values) > VALUES_MAX:
            raise Ec2Error(
                "FilterLimitExceeded", f"A filter may have {VALUES_MAX} values"
            )
        for value in values:
            if len(value) > VALUE_LENGTH_MAX:
                raise invalid("Filter.Value", "...", "It is too long.")
        found.append(Filter(each.required("Name"), values))
    return found


def chosen(
    documents: Iterable[dict[str, Any]],
    filters: Sequence[Filter],
    accessors: Mapping[str, Accessor],
) -> list[dict[str, Any]]:
    """Those that meet all filters, which know the ``accessors`` and tags."""
    tests = [(each, _accessor(each, accessors)) for each in filters]
    return [
        document
        for document in documents
        if all(each.fits(look(document)) for each, look in tests)
    ]


def _accessor(asked: Filter, accessors: Mapping[str, Accessor]) -> Accessor:
    name = asked.name
    if name.startswith("tag:"):
        return lambda document: _tags(document).get(name.removeprefix("tag:"))
    if name == "tag-key":
        return lambda document: list(_tags(document))
    if name == "tag-value":
        return lambda document: list(_tags(document).values())
    if name in accessors:
        return accessors[name]
    raise Ec2Error("InvalidParameterValue", f"The filter '{name}' is invalid")


def _tags(document: Document) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in document.get("tagSet", ())}


def _many(found: Any) -> Sequence[Any]:
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=2 * VALUES_MAX)
def _pattern(value: str) -> re.Pattern[str]:
    """What is between two stars has one length, so the first place where it fits is
    as good as any: a star never takes back what it let go (``(?>``), and no value
    makes this slow."""
    parts, escaped = [""], False
    for character in value:
        if escaped or character not in "*?\\":
            parts[-1] += re.escape(character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "*":
            parts.append("")
        else:
            parts[-1] += "."
    if escaped:
        parts[-1] += re.escape("\\")
    first, *between = parts[:-1] or [""]
    stars = "".join(f"(?>.*?{part})" for part in between)
    any_text = ".*" if len(parts) > 1 else ""
    return re.compile(f"{first}{stars}{any_text}{parts[-1]}", re.DOTALL)
