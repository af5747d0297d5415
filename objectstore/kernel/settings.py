"""Settings: INI sections become frozen dataclasses; all mistakes are told together.

A room describes its settings as a frozen dataclass whose fields are made with
``option``: the annotation is the type, the default is the only place where
that default is written, and the one-line text goes into the sample file.

    @dataclass(frozen=True, slots=True)
    class EdgeSettings:
        \"\"\"How the HTTP edge treats clients.\"\"\"

        body_stall: Seconds = option(60.0, "An upload may pause this long", minimum=1)

``Reader`` turns sections (mappings of text, from a file or from PasteDeploy)
into such values and collects every ``Mistake``; ``Reader.finish`` raises
``BadSettings`` with all of them.  Inner code receives the values, never a
``Reader``.
"""

from __future__ import annotations

import configparser
import dataclasses
import difflib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from objectstore.kernel.option_types import BadValue, parse_value, show_value, type_name

S = TypeVar("S")

OPTION = "ringstack.option"
# What PasteDeploy itself puts into a section; not for the dataclasses.
PASTE_OPTIONS = frozenset({"use", "paste.filter_factory", "paste.app_factory"})


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """What a field says of itself beyond its type and default."""

    text: str
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False


def option(
    default: Any = dataclasses.MISSING,
    text: str = "",
    *,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A dataclass field that is an option; without a default it is required."""
    required = default is dataclasses.MISSING
    facts = OptionFacts(text, minimum, maximum, required)
    return field(default=default, metadata={OPTION: facts})


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong, and where."""

    source: str
    section: str
    option: str
    text: str

    def __str__(self) -> str:
        place = f"[{self.section}]" if self.section else ""
        if self.option:
            place = f"{place} {self.option}".strip()
        return ": ".join(part for part in (self.source, place, self.text) if part)


class BadSettings(Exception):
    """The settings hold mistakes: all of them are in ``mistakes``."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Reader:
    """Reads sections of one source and remembers every mistake."""

    def __init__(self, source: str = "") -> None:
        self.source = source
        self.mistakes: list[Mistake] = []

    def note(self, section: str, option_name: str, text: str) -> None:
        """Remember a mistake that the caller found (rules across options)."""
        self.mistakes.append(Mistake(self.source, section, option_name, text))

    def read(
        self,
        kind: type[S],
        values: Mapping[str, str],
        section: str = "",
        *,
        ignore: Iterable[str] = (),
    ) -> S:
        """An instance of ``kind`` from a section's texts.

        Mistakes are collected; the option then keeps its default (or an empty
        value), so that reading can go on to find the next mistake.  Names in
        ``ignore`` belong to somebody else.
        """
        return self.read_several((kind,), values, section, ignore=ignore)[0]  # type: ignore[no-any-return]

    def read_several(
        self,
        kinds: Iterable[type[Any]],
        values: Mapping[str, str],
        section: str = "",
        *,
        ignore: Iterable[str] = (),
    ) -> tuple[Any, ...]:
        """Several dataclasses from one section, which may hold options of each."""
        kinds = tuple(kinds)
        known = [item.name for kind in kinds for item in options_of(kind)]
        foreign = PASTE_OPTIONS.union(ignore)
        for name in values:
            if name not in known and name not in foreign and name != "__file__":
                self._note_unknown(section, name, known)
        return tuple(self._read_known(kind, values, section) for kind in kinds)

    def finish(self) -> None:
        """Raise ``BadSettings`` when there was any mistake."""
        if self.mistakes:
            raise BadSettings(self.mistakes)

    def _note_unknown(self, section: str, name: str, known: list[str]) -> None:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        self.note(section, name, f"no such option{hint}")

    def _read_known(
        self, kind: type[Any], values: Mapping[str, str], place: str
    ) -> Any:
        found: dict[str, Any] = {}
        hints = typing.get_type_hints(kind, include_extras=True)
        for item in options_of(kind):
            hint, facts = hints[item.name], facts_of(item)
            text = values.get(item.name)
            if text is None:
                if facts.required:
                    self.note(place, item.name, "must be set")
                    found[item.name] = None
                continue
            try:
                found[item.name] = _checked(hint, parse_value(hint, text), facts)
            except BadValue as bad:
                self.note(place, item.name, str(bad))
                if facts.required:
                    found[item.name] = None
        return kind(**found)


def options_of(kind: type[Any]) -> list[dataclasses.Field[Any]]:
    """The fields of the dataclass that are options."""
    return [item for item in dataclasses.fields(kind) if OPTION in item.metadata]


def facts_of(item: dataclasses.Field[Any]) -> OptionFacts:
    """What the field says of itself."""
    facts: OptionFacts = item.metadata[OPTION]
    return facts


def _checked(hint: Any, value: Any, facts: OptionFacts) -> Any:
    least, most = facts.minimum, facts.maximum
    if value is not None and least is not None and value < least:
        shown, bound = show_value(hint, value), show_value(hint, least)
        raise BadValue(f"{shown} is less than the least, {bound}")
    if value is not None and most is not None and value > most:
        shown, bound = show_value(hint, value), show_value(hint, most)
        raise BadValue(f"{shown} is more than the most, {bound}")
    return value


def read_file(path: Path) -> dict[str, dict[str, str]]:
    """Every section of an INI file, the [DEFAULT] section merged into each.

    Raises ``BadSettings`` when it cannot be read or is no INI file.
    """
    parser = configparser.ConfigParser(
        interpolation=None, default_section="DEFAULT", strict=True, delimiters=("=",)
    )
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(path.read_text("utf-8"), source=str(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadSettings([Mistake(str(path), "", "", reason)]) from None
    except (configparser.Error, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise BadSettings([Mistake(str(path), "", "", text)]) from None
    sections = {name: dict(parser[name]) for name in parser.sections()}
    sections["DEFAULT"] = dict(parser.defaults())
    return sections


def render_sample(
    section: str,
    kind: type[Any],
    *,
    extra: str = "",
    values: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A commented section with every option at its default.

    ``extra`` are lines to stand as they are below the section's head (such as
    ``use = egg:...``), ``values`` what some options are set to.
    """
    hints = typing.get_type_hints(kind, include_extras=True)
    lines = [f"[{section}]"]
    if extra:
        lines.append(extra)
    lines += [f"# {line}".rstrip() for line in (kind.__doc__ or "").splitlines()[:1]]
    for item in options_of(kind):
        facts = facts_of(item)
        bounds = _bounds_text(hints[item.name], facts)
        lines += ["", f"# {facts.text} ({type_name(hints[item.name])}{bounds})"]
        if item.name in values:
            lines.append(f"{item.name} = {values[item.name]}")
        elif facts.required:
            lines.append(f"# {item.name} =")
        else:
            shown = show_value(hints[item.name], item.default)
            lines.append(f"# {item.name} = {shown}".rstrip())
    return "\n".join(lines) + "\n"


def _bounds_text(hint: Any, facts: OptionFacts) -> str:
    if facts.required:
        return ", must be set"
    least, most = facts.minimum, facts.maximum
    if least is not None and most is not None:
        return f", {show_value(hint, least)} to {show_value(hint, most)}"
    if least is not None:
        return f", at least {show_value(hint, least)}"
    if most is not None:
        return f", at most {show_value(hint, most)}"
    return ""
