"""A request's query string as the cloud's APIs use it: names may repeat."""

from __future__ import annotations

from urllib.parse import parse_qsl

from compute.core.errors import BadRequest

PARAMETERS_MAX = 200
TRUE_WORDS = frozenset({"1", "t", "true", "on", "y", "yes"})
FALSE_WORDS = frozenset({"0", "f", "false", "off", "n", "no"})


class Query:
    """The parameters in their order."""

    __slots__ = ("pairs",)

    def __init__(self, query_string: str) -> None:
        """``BadRequest`` when there are too many, or one is not UTF-8, or has a zero:
        PostgreSQL cannot even be asked for such a text."""
        try:
            self.pairs: list[tuple[str, str]] = parse_qsl(
                query_string,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=PARAMETERS_MAX,
            )
        except ValueError:
            raise BadRequest("The query string is malformed or too long") from None
        if any("\0" in text for pair in self.pairs for text in pair):
            raise BadRequest("The query string has a zero character")

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)

    def one(self, name: str, default: str = "") -> str:
        """The first value."""
        for key, value in self.pairs:
            if key == name:
                return value
        return default

    def all(self, name: str) -> list[str]:
        """Every value, in order."""
        return [value for key, value in self.pairs if key == name]

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes or no; ``BadRequest`` for anything else."""
        text = self.one(name)
        return boolean_of(name, text) if text else default

    def number(self, name: str, default: int) -> int:
        """A whole number of zero or more; ``BadRequest`` for anything else."""
        text = self.one(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise BadRequest(f"{name} must be an integer of 0 or more, not {text!r}")
        return int(text)


def boolean_of(name: str, text: str) -> bool:
    """A parameter's yes or no; ``BadRequest`` for anything else."""
    word = text.lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise BadRequest(f"Invalid value for {name}: {text[:64]!r} is not a boolean")
    return word in TRUE_WORDS
