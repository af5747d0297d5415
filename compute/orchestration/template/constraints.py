"""Rules that a parameter's or a property's value must keep.  Pure.

Patterns come from users, and Python's matcher can be made to take for ever: see
``patterns.py`` for what is done about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from compute.orchestration.template.patterns import Pattern


class Constraint(Protocol):
    """One rule."""

    @property
    def description(self) -> str:
        """What its author says when a value breaks it."""

    def problem(self, value: Any) -> str:
        """What is wrong with the value; "" when nothing is."""

    def show(self) -> Mapping[str, Any]:
        """The rule as the API shows it, its description apart."""


@dataclass(frozen=True, slots=True)
class Length:
    """Characters of a text, elements of a list, entries of a map."""

    least: int | None = None
    most: int | None = None
    description: str = ""

    def problem(self, value: Any) -> str:
        """See ``Constraint``."""
        length = len(value if hasattr(value, "__len__") else str(value))
        if _is_within(length, self.least, self.most):
            return ""
        return f"length ({length}) is out of range ({_bounds(self.least, self.most)})"

    def show(self) -> Mapping[str, Any]:
        """See ``Constraint``."""
        return {"length": _shown_bounds(self.least, self.most)}


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two others, both included."""

    least: float | None = None
    most: float | None = None
    description: str = ""

    def problem(self, value: Any) -> str:
        """See ``Constraint``."""
        if _is_within(value, self.least, self.most):
            return ""
        return f"{value} is out of range ({_bounds(self.least, self.most)})"

    def show(self) -> Mapping[str, Any]:
        """See ``Constraint``."""
        return {"range": _shown_bounds(self.least, self.most)}


@dataclass(frozen=True, slots=True)
class Modulo:
    """A whole number that is ``offset`` above a multiple of ``step``."""

    step: int
    offset: int = 0
    description: str = ""

    def problem(self, value: Any) -> str:
        """See ``Constraint``."""
        if value % self.step == self.offset:
            return ""
        return (
            f"{value} is not a multiple of {self.step} with an offset of {self.offset}"
        )

    def show(self) -> Mapping[str, Any]:
        """See ``Constraint``."""
        return {"modulo": {"step": self.step, "offset": self.offset}}


@dataclass(frozen=True, slots=True)
class AllowedValues:
    """One of these; of a list, each of its elements."""

    values: Sequence[Any]
    description: str = ""

    def problem(self, value: Any) -> str:
        """See ``Constraint``."""
        wrong = [
            each
            for each in (value if isinstance(value, list) else [value])
            if each not in self.values
        ]
        if not wrong:
            return ""
        allowed = ", ".join(str(each) for each in self.values)
        return f'"{wrong[0]}" is not an allowed value [{allowed}]'

    def show(self) -> Mapping[str, Any]:
        """See ``Constraint``."""
        return {"allowed_values": list(self.values)}


@dataclass(frozen=True, slots=True)
class AllowedPattern:
    """A text that the regular expression matches from its beginning to its end."""

    pattern: Pattern
    description: str = ""

    def problem(self, value: Any) -> str:
        """See ``Constraint``."""
        if self.pattern.matches(str(value)):
            return ""
        return f'"{value}" does not match pattern "{self.pattern.text}"'

    def show(self) -> Mapping[str, Any]:
        """See ``Constraint``."""
        return {"allowed_pattern": self.pattern.text}


@dataclass(frozen=True, slots=True)
class Custom:
    """A thing of the cloud, as ``nova.flavor``: that it is there is seen when it is
    used, by those who know; here the name is kept for whoever asks for the schema."""

    name: str
    description: str = ""

    def problem(self, value: Any) -> str:
        """See ``Constraint``."""
        return ""

    def show(self) -> Mapping[str, Any]:
        """See ``Constraint``."""
        return {"custom_constraint": self.name}


def _is_within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _bounds(least: float | None, most: float | None) -> str:
    return ", ".join(f"{name}: {value}" for name, value in _named(least, most))


def _shown_bounds(least: float | None, most: float | None) -> dict[str, float]:
    return dict(_named(least, most))


def _named(least: float | None, most: float | None) -> list[tuple[str, float]]:
    pairs = [("min", least), ("max", most)]
    return [(name, value) for name, value in pairs if value is not None]
