"""Short words for the schemas of resource types, so that they read as tables.

    PROPERTIES = {
        "name": text("Its name", live=True),
        "network": text("On which network", required=True, is_a="neutron.network"),
        "fixed_ips": items("Addresses", {"ip_address": text("One")}, live=True),
    }

``live``: it can be changed in place.  ``is_a``: what it names or has the id of (see
``finding``).  ``one_of``: the only values; ``least``, ``most``: of a number or of a
length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.orchestration.frame.properties import (
    BOOLEAN,
    INTEGER,
    LIST,
    MAP,
    NUMBER,
    STRING,
    Attribute,
    Property,
    Schema,
)
from compute.orchestration.template.constraints import (
    AllowedValues,
    Constraint,
    Custom,
    Length,
    Range,
)


def text(
    about: str,
    default: str | None = None,
    *,
    required: bool = False,
    live: bool = False,
    is_a: str = "",
    one_of: Sequence[Any] = (),
    least: int | None = None,
    most: int | None = None,
    secret: bool = False,
) -> Property:
    """A string."""
    rules: list[Constraint] = []
    if is_a:
        rules.append(Custom(is_a))
    if one_of:
        rules.append(AllowedValues(tuple(one_of)))
    if least is not None or most is not None:
        rules.append(Length(least, most))
    return Property(
        STRING,
        about,
        default=default,
        required=required,
        updatable=live,
        secret=secret,
        constraints=tuple(rules),
    )


def whole(
    about: str,
    default: int | None = None,
    *,
    required: bool = False,
    live: bool = False,
    least: int | None = None,
    most: int | None = None,
    one_of: Sequence[int] = (),
) -> Property:
    """A whole number."""
    rules: list[Constraint] = [AllowedValues(tuple(one_of))] if one_of else []
    if least is not None or most is not None:
        rules.append(Range(least, most))
    return Property(
        INTEGER,
        about,
        default=default,
        required=required,
        updatable=live,
        constraints=tuple(rules),
    )


def number(
    about: str,
    default: float | None = None,
    *,
    required: bool = False,
    live: bool = False,
    least: float | None = None,
    most: float | None = None,
) -> Property:
    """A number."""
    rules = () if least is None and most is None else (Range(least, most),)
    return Property(
        NUMBER,
        about,
        default=default,
        required=required,
        updatable=live,
        constraints=rules,
    )


def flag(about: str, default: bool | None = None, *, live: bool = False) -> Property:
    """True or false."""
    return Property(BOOLEAN, about, default=default, updatable=live)


def texts(
    about: str,
    default: Sequence[str] | None = None,
    *,
    required: bool = False,
    live: bool = False,
    is_a: str = "",
    one_of: Sequence[str] = (),
    least: int | None = None,
    most: int | None = None,
) -> Property:
    """A list of strings; ``least`` and ``most`` of them."""
    rules = () if least is None and most is None else (Length(least, most),)
    return Property(
        LIST,
        about,
        default=None if default is None else list(default),
        required=required,
        updatable=live,
        constraints=rules,
        items=text("One of them", is_a=is_a, one_of=one_of),
    )


def items(
    about: str,
    schema: Schema,
    default: Sequence[Any] | None = None,
    *,
    required: bool = False,
    live: bool = False,
) -> Property:
    """A list of maps."""
    return Property(
        LIST,
        about,
        default=None if default is None else list(default),
        required=required,
        updatable=live,
        items=Property(MAP, "One of them", schema=schema),
    )


def mapping(
    about: str,
    schema: Schema | None = None,
    default: Mapping[str, Any] | None = None,
    *,
    required: bool = False,
    live: bool = False,
) -> Property:
    """A map: of these entries, or of any."""
    return Property(
        MAP,
        about,
        default=default,
        required=required,
        updatable=live,
        schema=schema,
    )


def attributes(**about: str | tuple[str, str]) -> dict[str, Attribute]:
    """Attributes by their names: what each is, or its kind and what it is."""
    return {
        name: Attribute(each) if isinstance(each, str) else Attribute(each[1], each[0])
        for name, each in about.items()
    }


def a_list(about: str) -> tuple[str, str]:
    """An attribute that is a list."""
    return (LIST, about)


def a_map(about: str) -> tuple[str, str]:
    """An attribute that is a map."""
    return (MAP, about)


def a_flag(about: str) -> tuple[str, str]:
    """An attribute that is true or false."""
    return (BOOLEAN, about)


def a_number(about: str) -> tuple[str, str]:
    """An attribute that is a whole number."""
    return (INTEGER, about)


def reference_of(schema: Property) -> str:
    """Of what kind the thing is that a property names; "" when it names none."""
    names = [each.name for each in schema.constraints if isinstance(each, Custom)]
    return names[0] if names else ""
