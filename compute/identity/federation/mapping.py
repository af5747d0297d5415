"""From what a provider says of somebody to who he is here.  Pure.

Every rule all of whose remote parts hold adds its local parts; the first user counts.
Attributes have lists of values; a text is one value, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Assertion = Mapping[str, tuple[str, ...]]
Search = Callable[[str, str], bool]
"""Whether a pattern is found in a text."""

LOCAL, EPHEMERAL = "local", "ephemeral"
REMOTE_USER = "REMOTE_USER"
GROUPS_MAX = 1000
PROJECTS_MAX = 50
_REFERENCE = re.compile(r"\{([0-9]{1,3})\}")


class Unmapped(Exception):
    """The mapping makes nobody of this; for the log, not for strangers."""


@dataclass(frozen=True, slots=True)
class Place:
    """A domain by its id or its name; neither: the provider's own."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class MappedUser:
    """``kind``: ``local`` is a user of ours, who must be there."""

    kind: str
    id: str
    name: str
    email: str
    domain: Place


@dataclass(frozen=True, slots=True)
class MappedGroup:
    """A group of ours, by its id or its name in a domain."""

    id: str
    name: str = ""
    domain: Place = Place()


@dataclass(frozen=True, slots=True)
class MappedProject:
    """A project that is there for the user, and his roles in it."""

    name: str
    domain: Place
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Who somebody is here."""

    user: MappedUser
    groups: tuple[MappedGroup, ...]
    projects: tuple[MappedProject, ...]


def map_attributes(
    rules: Sequence[Mapping[str, Any]], assertion: Assertion, search: Search
) -> Mapped:
    """Who that is; raises ``Unmapped``."""
    user: MappedUser | None = None
    groups: dict[MappedGroup, None] = {}
    projects: dict[MappedProject, None] = {}
    holds = False
    for rule in rules:
        direct = _direct_values(rule["remote"], assertion, search)
        if direct is None:
            continue
        holds = True
        for local in rule["local"]:
            if user is None and "user" in local:
                user = _user(local["user"], direct, assertion)
            groups.update(dict.fromkeys(_groups(local, direct)))
            projects.update(dict.fromkeys(_projects(local, direct)))
    if not holds:
        raise Unmapped("no rule holds")
    if user is None:
        user = _user({}, [], assertion)
    if len(groups) > GROUPS_MAX or len(projects) > PROJECTS_MAX:
        raise Unmapped(f"more than {GROUPS_MAX} groups or {PROJECTS_MAX} projects")
    return Mapped(user, tuple(groups), tuple(projects))


# ---- remote ---------------------------------------------------------------------


def _direct_values(
    remotes: Sequence[Mapping[str, Any]], assertion: Assertion, search: Search
) -> list[tuple[str, ...]] | None:
    """What local parts may refer to; None when a remote part does not hold."""
    direct: list[tuple[str, ...]] = []
    for remote in remotes:
        values = assertion.get(remote["type"], ())
        if not values:
            return None

        def fits(value: str, wanted: Sequence[str], *, by: bool) -> bool:
            return (
                any(search(each, value) for each in wanted) if by else value in wanted
            )

        by_pattern = bool(remote.get("regex"))
        for name in ("any_one_of", "not_any_of", "whitelist", "blacklist"):
            if name not in remote:
                continue
            known = [
                value for value in values if fits(value, remote[name], by=by_pattern)
            ]
            if name == "any_one_of" and not known:
                return None
            if name == "not_any_of" and known:
                return None
            if name == "whitelist":
                direct.append(tuple(known))
            if name == "blacklist":
                direct.append(tuple(each for each in values if each not in known))
            break
        else:
            direct.append(values)
    return direct


# ---- local ----------------------------------------------------------------------


def _expanded(template: str, direct: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The text with values in the place of references: one for each value.  Values
    are never looked at for references again."""
    pieces = _REFERENCE.split(template)
    texts = [pieces[0]]
    for number, rest in zip(pieces[1::2], pieces[2::2], strict=True):
        values = direct[int(number)] if int(number) < len(direct) else ()
        if len(texts) * len(values) > GROUPS_MAX:
            raise Unmapped(f"{template} makes more than {GROUPS_MAX} texts")
        texts = [text + value + rest for text in texts for value in values]
    yield from texts


def _single(template: str, direct: Sequence[tuple[str, ...]]) -> str:
    found = [text for text in _expanded(template, direct) if text.strip()]
    if not template:
        return ""
    if len(found) != 1:
        raise Unmapped(f"{template} has {len(found)} values where one is needed")
    return found[0].strip()


def _exact(template: str, direct: Sequence[tuple[str, ...]]) -> str:
    """As it is: whoever writes himself " ann" must not be taken for "ann"."""
    text = _single(template, direct)
    if text not in _expanded(template, direct):
        raise Unmapped(f"{template} has space around it")
    return text


def _place(domain: Mapping[str, str], direct: Sequence[tuple[str, ...]]) -> Place:
    return Place(
        _single(domain.get("id", ""), direct), _single(domain.get("name", ""), direct)
    )


def _user(
    user: Mapping[str, Any], direct: Sequence[tuple[str, ...]], assertion: Assertion
) -> MappedUser:
    kind = user.get("type", EPHEMERAL)
    key = _exact(user.get("id", ""), direct)
    read_name = _exact if kind == LOCAL else _single
    name = read_name(user.get("name", ""), direct)
    if not key and not name:
        known = assertion.get(REMOTE_USER, ())
        if len(known) != 1:
            raise Unmapped("it says neither the user's id nor his name")
        name = known[0]
    return MappedUser(
        kind,
        key,
        name,
        _single(user.get("email", ""), direct),
        _place(user.get("domain", {}), direct),
    )


def _groups(
    local: Mapping[str, Any], direct: Sequence[tuple[str, ...]]
) -> Iterator[MappedGroup]:
    group = local.get("group", {})
    if "id" in group:
        yield from (MappedGroup(key) for key in _expanded(group["id"], direct))
    elif group:
        place = _place(group["domain"], direct)
        for name in _expanded(group["name"], direct):
            yield MappedGroup("", name, place)
    yield from (
        MappedGroup(key) for key in _expanded(local.get("group_ids", ""), direct) if key
    )
    if "groups" in local:
        place = _place(local.get("domain", {}), direct)
        for name in _expanded(local["groups"], direct):
            yield MappedGroup("", name, place)


def _projects(
    local: Mapping[str, Any], direct: Sequence[tuple[str, ...]]
) -> Iterator[MappedProject]:
    for project in local.get("projects", ()):
        roles = tuple(
            name
            for role in project["roles"]
            for name in _expanded(role["name"], direct)
        )
        place = _place(project.get("domain", {}), direct)
        for name in _expanded(project["name"], direct):
            yield MappedProject(name, place, roles)
