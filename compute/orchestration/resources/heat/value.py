"""``OS::Heat::Value``: gives a name to a value that is used in several places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compute.orchestration.frame.properties import (
    ANY,
    BOOLEAN,
    LIST,
    MAP,
    NUMBER,
    STRING,
    Attribute,
    Property,
    Schema,
    Unknown,
    convert,
)
from compute.orchestration.frame.resource_type import ResourceType, Support
from compute.orchestration.frame.work import Work
from compute.orchestration.template.constraints import AllowedValues

# The words for types that parameters have, and the kinds of property they mean.
KINDS = {
    "string": STRING,
    "number": NUMBER,
    "comma_delimited_list": LIST,
    "json": MAP,
    "boolean": BOOLEAN,
}


class Value(ResourceType):
    """Keeps nothing; its attribute is its property."""

    name = "OS::Heat::Value"
    description = "A value that other resources refer to."
    support = Support(version="7.0.0")
    properties: ClassVar[Schema] = {
        "value": Property(ANY, "The value", required=True, updatable=True),
        "type": Property(
            STRING,
            "Its type",
            updatable=True,
            constraints=(AllowedValues(tuple(KINDS)),),
        ),
    }
    attributes: ClassVar[Mapping[str, Attribute]] = {
        "value": Attribute("The value, of the type that was asked for", ANY)
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """The value must be of its type."""
        _value_of(properties)

    def create(self, work: Work) -> None:
        """Nothing is made; the name is as good an id as any."""
        work.made(lambda: work.physical_name)

    def attribute(self, work: Work, name: str) -> Any:
        """``value``."""
        return _value_of(work.properties) if name == "value" else None


def _value_of(properties: Mapping[str, Any]) -> Any:
    wanted = properties["type"]
    if wanted is None:
        return properties["value"]
    if isinstance(wanted, Unknown):
        return wanted
    return convert(Property(KINDS[wanted]), properties["value"], "value")


TYPES = (Value(),)
