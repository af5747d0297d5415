"""The parameters of a request: a flat form whose names are paths.

    Action=RunInstances&BlockDeviceMapping.1.Ebs.VolumeSize=8&InstanceId.1=i-0a1b

``Parameters`` reads them as the structure that they are; lists count from 1 and may
have gaps.  Every reader raises ``Ec2Error`` for a value of the wrong kind.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from compute.ec2.frame.errors import Ec2Error, invalid, missing

FORM_BYTES_MAX = 1024 * 1024
# DescribeInstances may name a thousand, with filters.
PARAMETERS_MAX = 4000
DEPTH_MAX = 8

# EC2's are of 32 bits.
INTEGER_MAX = 2**31 - 1

_NUMBER = re.compile(r"-?[0-9]{1,10}\Z")
# One way to write each, so that none is there twice.
_INDEX = re.compile(r"(0|[1-9][0-9]{0,5})\Z")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def parse_form(text: str) -> dict[str, str]:
    """Names and values of a form; ``Ec2Error`` for one that is none."""
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            encoding="utf-8",
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError as error:
        raise Ec2Error("MalformedQueryString", str(error)) from None
    return dict(pairs)


class Parameters:
    """A structure of parameters; ``path``: its own name, for errors."""

    def __init__(self, tree: Mapping[str, Any], path: str = "") -> None:
        self._tree = tree
        self._path = path

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Parameters:
        """The structure that a form spells."""
        tree: dict[str, Any] = {}
        for name, value in form.items():
            steps = name.split(".")
            if len(steps) > DEPTH_MAX or not all(steps):
                raise Ec2Error("InvalidParameter", f"{name} is not a parameter's name")
            node = tree
            for step in steps[:-1]:
                node = node.setdefault(step, {})
                if not isinstance(node, dict):
                    raise invalid(name, value)
            if isinstance(node.get(steps[-1]), dict):
                raise invalid(name, value)
            node[steps[-1]] = value
        return cls(tree)

    def names(self) -> list[str]:
        """The names at this level."""
        return list(self._tree)

    def has(self, name: str) -> bool:
        """Whether anything is given under this name."""
        return name in self._tree

    def is_structure(self, name: str) -> bool:
        """Whether there is more below this name."""
        return isinstance(self._tree.get(name), Mapping)

    def is_empty(self, name: str) -> bool:
        """Whether nothing is said under this name, given though it is."""
        return self._tree.get(name) == ""

    @property
    def tree(self) -> Mapping[str, Any]:
        """All that is given, as ``Parameters`` can be made of it again."""
        return self._tree

    def heed(self, names: str) -> None:
        """``Ec2Error`` when there is another than these names (apart by blanks): what
        is asked for is done, or refused."""
        for given in set(self._tree) - set(names.split()):
            text = f"The parameter {self._path}{given} is not recognized here"
            raise Ec2Error("UnknownParameter", text)

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._tree.get(name, default)
        if not isinstance(value, str):
            raise invalid(self._path + name, "a structure")
        return value

    def required(self, name: str) -> str:
        """A text that has to be there, and not be empty."""
        value = self.text(name)
        if not value:
            raise missing(self._path + name)
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        """A whole number."""
        value = self.text(name)
        if not value:
            return default
        if not _NUMBER.match(value):
            raise invalid(self._path + name, value, "It is not a number.")
        if abs(found := int(value)) > INTEGER_MAX:
            raise invalid(self._path + name, value, f"It is beyond {INTEGER_MAX}.")
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.text(name)
        if not value:
            return default
        if (found := _FLAGS.get(value.lower())) is None:
            raise invalid(self._path + name, value, "It is neither true nor false.")
        return found

    def base64_text(self, name: str) -> str:
        """A text in base64, checked and returned as it is."""
        value = self.text(name)
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise invalid(self._path + name, "...", "It is not base64.") from None
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, in the order of their numbers.  One alone may stand without
        a number, as some clients write it."""
        alone = self._tree.get(name)
        if isinstance(alone, str):
            return [alone] if alone else []
        found = []
        for number, value in self._items(name):
            if not isinstance(value, str):
                raise invalid(f"{self._path}{name}.{number}", "a structure")
            found.append(value)
        return found

    def structure(self, name: str) -> Parameters:
        """A structure; empty when it is not given."""
        value = self._tree.get(name, {})
        if not isinstance(value, dict):
            raise invalid(self._path + name, value, "It is not a structure.")
        return Parameters(value, f"{self._path}{name}.")

    def structures(self, name: str) -> list[Parameters]:
        """A list of structures."""
        found = []
        for number, value in self._items(name):
            path = f"{self._path}{name}.{number}"
            if not isinstance(value, dict):
                raise invalid(path, value, "It is not a structure.")
            found.append(Parameters(value, f"{path}."))
        return found

    def _items(self, name: str) -> Iterator[tuple[int, Any]]:
        value = self._tree.get(name, {})
        if not isinstance(value, dict):
            raise invalid(self._path + name, value, "It is not a list.")
        if not all(map(_INDEX.match, value)):
            raise invalid(self._path + name, ", ".join(value), "They are no numbers.")
        yield from sorted((int(number), item) for number, item in value.items())
