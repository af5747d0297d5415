"""Policy variables: ``${aws:username}`` and the like inside resources and values."""

from __future__ import annotations

from collections.abc import Callable

_LITERALS = {"*": "*", "?": "?", "$": "$"}


def key_of(name: str) -> str:
    """A condition key as it is looked up: in any case, but for the name of a tag."""
    kind, slash, tag = name.partition("/")
    return kind.lower() + slash + tag


def substitute(text: str, lookup: Callable[[str], tuple[str, ...] | None]) -> str:
    """The text with its variables replaced.

    ``${key, 'default'}`` has a default; a variable without a value becomes a NUL,
    which no name holds, so that the text matches nothing.
    """
    if "${" not in text:
        return text
    pieces: list[str] = []
    rest = text
    while rest:
        before, opening, rest = rest.partition("${")
        pieces.append(before)
        if not opening:
            break
        name, closing, rest = rest.partition("}")
        if not closing:
            pieces.append(opening + name)
            break
        pieces.append(_value(name, lookup))
    return "".join(pieces)


def _value(name: str, lookup: Callable[[str], tuple[str, ...] | None]) -> str:
    if name in _LITERALS:
        return _LITERALS[name]
    key, comma, default = name.partition(",")
    values = lookup(key_of(key.strip()))
    if values is not None and len(values) == 1:
        # What comes from the request is text, not a pattern.
        return values[0].replace("*", "\x01").replace("?", "\x01")
    return default.strip().strip("'") if comma else "\x00"
