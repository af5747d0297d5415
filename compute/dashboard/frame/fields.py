"""Forms: what they ask, and what of their answers is good.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.frame.view import Drawing

TEXT_CHARACTERS_MAX = 255
TEXTAREA_CHARACTERS_MAX = 1_000_000
_LONG = ("textarea", "secret", "file", "hidden")
# A file may be a key: like a secret it is sent, and never sent back.
_SECRET = ("password", "secret", "file")
BLANK = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the choices of a field."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    ``kind``: text, password, number, date, select, checkbox, checks (any number of the
    options), textarea, secret (a text of lines that no page shows again), hidden, file
    (its text is the value) or upload (streamed; ``many``: several files).  ``values``:
    what it begins with.
    """

    name: str
    label: str
    kind: str = "text"
    values: Sequence[str] = ()
    options: Sequence[Option] = ()
    is_required: bool = False
    help: str = ""
    placeholder: str = ""
    longest: int = TEXT_CHARACTERS_MAX
    least: int | None = None
    most: int | None = None
    autocomplete: str = "off"
    many: bool = False
    is_mono: bool = False
    error: str = ""

    @property
    def is_secret(self) -> bool:
        """Whether the answer is never on a page."""
        return self.kind in _SECRET

    @property
    def value(self) -> str:
        """The first of its values."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together; ``is_folded``: shown when it is opened."""

    title: str
    fields: Sequence[Field]
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to what the form is for: a link below it."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of one page.  ``cancel``: where the way back leads; ``also``: the
    label of a second button, which sends ``also`` beside the answers; ``picture``: what
    one has to look at for an answer."""

    title: str
    fields: Sequence[Field | Group]
    submit: str
    cancel: str
    menu: str = ""
    lead: str = ""
    problem: str = ""
    look: str = "primary"
    action: str = ""  # where it is sent; "": to its own address
    upload_to: str = ""  # where the script sends files one by one, with progress
    also: str = ""
    picture: Drawing | None = None
    ways: Sequence[Way] = ()
    kind: str = "form"

    def flat(self) -> list[Field]:
        """Every field, those in groups too."""
        found: list[Field] = []
        for item in self.fields:
            found += item.fields if isinstance(item, Group) else [item]
        return found

    @property
    def has_files(self) -> bool:
        """Whether it is sent in parts."""
        return any(each.kind in ("file", "upload") for each in self.flat())


def confirmation(question: str, cancel: str) -> Form:
    """The page that asks it, as a title and what to know before the answer.  Of what is
    deleted that is at least that it is gone."""
    title, mark, known = question.partition("? ")
    if not known and question.startswith("Delete"):
        known = "This cannot be taken back."
    return Form(
        title + mark.strip(), (), "Yes, go on", cancel, lead=known, look="danger"
    )


@dataclass(frozen=True, slots=True)
class Values:
    """Good answers."""

    submitted: Submitted
    texts: Mapping[str, str]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """A text, number, choice or file; "" when left empty."""
        return self.texts.get(name, BLANK)

    def number(self, name: str) -> int | None:
        """A number; None when left empty."""
        text = self[name]
        return int(text) if text else None

    def flag(self, name: str) -> bool:
        """Whether a box is checked."""
        return bool(self[name])

    def chosen(self, name: str) -> list[str]:
        """What is checked of several boxes."""
        return list(self.lists.get(name, ()))

    def given(self, **names: str) -> dict[str, Any]:
        """The answers that are not empty, under other names."""
        return {key: self[name] for key, name in names.items() if self[name]}


class BadForm(Exception):
    """Answers that are no good: texts by field; under "" what no field is to blame
    for."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(str(dict(errors)))
        self.errors = errors


def read_values(form: Form, submitted: Submitted) -> Values:
    """Raises ``BadForm`` with everything that is wrong."""
    texts: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    for each in form.flat():
        if each.kind == "checks":
            lists[each.name] = submitted.all(each.name)
            known = {option.value for option in each.options}
            if not set(lists[each.name]) <= known:
                errors[each.name] = "Choose from what is offered."
            elif each.is_required and not lists[each.name]:
                errors[each.name] = "Choose at least one."
        elif each.kind != "upload":
            text = submitted.one(each.name)
            if each.kind not in (*_LONG, "password"):
                text = text.strip()
            texts[each.name] = text
            if error := _error_of(each, text):
                errors[each.name] = error
    if errors:
        raise BadForm(errors)
    return Values(submitted, texts, lists)


def _error_of(field_: Field, text: str) -> str:
    if not text:
        return "This is needed." if field_.is_required else ""
    longest = field_.longest
    if field_.kind in _LONG:
        longest = max(longest, TEXTAREA_CHARACTERS_MAX)
    if len(text) > longest:
        return f"At most {longest} characters."
    if field_.kind == "select" and text not in {each.value for each in field_.options}:
        return "Choose from what is offered."
    if field_.kind == "number":
        return _error_of_number(field_, text)
    return ""


def _error_of_number(field_: Field, text: str) -> str:
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 16):
        return "A whole number is needed."
    value = int(text)
    if field_.least is not None and value < field_.least:
        return f"At least {field_.least}."
    if field_.most is not None and value > field_.most:
        return f"At most {field_.most}."
    return ""


def refilled(form: Form, submitted: Submitted, errors: Mapping[str, str]) -> Form:
    """The form again, with what was answered (secrets and files apart, and what
    nobody sees, which the form says itself) and what is wrong with it."""

    def again(each: Field) -> Field:
        error = errors.get(each.name, "")
        if each.is_secret or each.kind in ("upload", "hidden"):
            return replace(each, error=error)
        return replace(
            each, values=tuple(submitted.values.get(each.name, ())), error=error
        )

    fields = [
        replace(item, fields=[again(each) for each in item.fields])
        if isinstance(item, Group)
        else again(item)
        for item in form.fields
    ]
    return replace(form, fields=fields, problem=errors.get("", ""))
