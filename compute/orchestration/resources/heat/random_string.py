"""``OS::Heat::RandomString``: a password or a key that nobody chose."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.properties import (
    INTEGER,
    LIST,
    MAP,
    STRING,
    Attribute,
    Property,
    Schema,
    has_unknown,
)
from compute.orchestration.frame.resource_type import ResourceType, Support
from compute.orchestration.frame.work import Work
from compute.orchestration.template.constraints import AllowedValues, Range

LENGTH_MAX = 512
LENGTH_DEFAULT = 32

_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
CLASSES: Mapping[str, str] = {
    "lettersdigits": _LETTERS_AND_DIGITS,
    "letters": string.ascii_letters,
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "digits": string.digits,
    "hexdigits": string.digits + "ABCDEF",
    "octdigits": string.octdigits,
}
VALUE = "value"

_COUNT = Range(least=1, most=LENGTH_MAX)
_LEAST = Range(least=0, most=LENGTH_MAX)
_CLASS = Property(
    STRING,
    "The class of characters",
    constraints=(AllowedValues(tuple(CLASSES)),),
    default="lettersdigits",
)


class RandomString(ResourceType):
    """Drawn once, and kept."""

    name = "OS::Heat::RandomString"
    description = "A text of random characters."
    support = Support(version="2014.1")
    properties: ClassVar[Schema] = {
        "length": Property(
            INTEGER,
            "How many characters",
            default=LENGTH_DEFAULT,
            constraints=(_COUNT,),
        ),
        "character_classes": Property(
            LIST,
            "Classes of characters, and how many of each at least",
            items=Property(
                MAP,
                schema={
                    "class": _CLASS,
                    "min": Property(INTEGER, default=1, constraints=(_LEAST,)),
                },
            ),
        ),
        "character_sequences": Property(
            LIST,
            "Characters, and how many of them at least",
            items=Property(
                MAP,
                schema={
                    "sequence": Property(STRING, required=True),
                    "min": Property(INTEGER, default=1, constraints=(_LEAST,)),
                },
            ),
        ),
        "salt": Property(STRING, "Another text, when this changes"),
    }
    attributes: ClassVar[Mapping[str, Attribute]] = {
        VALUE: Attribute("The random text")
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """What must be in it must fit into it."""
        if not has_unknown(properties):
            least = sum(count for _, count in _wanted(properties))
            if least > properties["length"]:
                raise Invalid(
                    f"Length property cannot be smaller than combined character class"
                    f" and character sequence minimums ({least})"
                )
            if not all(characters for characters, _ in _wanted(properties)):
                raise Invalid("a character sequence is empty")

    def create(self, work: Work) -> None:
        """The text is noted before the resource counts as made."""
        if VALUE not in work.data:
            properties = work.properties
            value = draw(work.random, properties["length"], _wanted(properties))
            work.remember(value=value)
        work.made(lambda: work.physical_name)

    def reference(self, work: Work) -> Any:
        """The text itself, once there is one."""
        return work.data.get(VALUE, work.physical_name)

    def attribute(self, work: Work, name: str) -> Any:
        """``value``."""
        return work.data.get(VALUE) if name == VALUE else None


def draw(random: Random, length: int, wanted: Sequence[tuple[str, int]]) -> str:
    """So many characters, of each of the sets at least as many as it says."""
    drawn = [
        random.choice(characters) for characters, count in wanted for _ in range(count)
    ]
    union = "".join(characters for characters, _ in wanted)
    drawn += [random.choice(union) for _ in range(length - len(drawn))]
    random.shuffle(drawn)
    return "".join(drawn)


def _wanted(properties: Mapping[str, Any]) -> list[tuple[str, int]]:
    return list(_sets(properties)) or [(_LETTERS_AND_DIGITS, 1)]


def _sets(properties: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for each in properties["character_classes"] or ():
        yield CLASSES[each["class"]], each["min"]
    for each in properties["character_sequences"] or ():
        yield each["sequence"], each["min"]


TYPES = (RandomString(),)
