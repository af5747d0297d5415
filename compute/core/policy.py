"""Who may do what: rules by name, in the small language that operators know.

    role:admin                                  the caller has the role
    project_id:%(project_id)s                   the caller's project is the target's
    system_scope:all                            the token's scope
    'member':%(role.name)s                      a text that the target must have
    rule:owner                                  another rule
    (role:member and rule:owner) or rule:admin  not, and, or, parentheses
    @   always                                  !   never

A room declares its rules with their defaults; the settings' ``[policy]`` section
overrides them by name.  Everything is parsed at start, so a wrong rule stops the
service instead of opening a door.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import PolicyNotAuthorized

Target = Mapping[str, Any]
Check = Callable[[RequestContext, Target], bool]

RULE_CHARACTERS_MAX = 4096  # bounds the parser's work and recursion
TOKEN = re.compile(r"\s*(\(|\)|[^\s()]*%\([^)]+\)s|[^\s()]+)")
TEMPLATE = re.compile(r"^%\(([a-z_.]+)\)s$")


class BadRule(ValueError):
    """A rule that cannot be understood; says which and why."""


class Policy:
    """The rules of one room."""

    def __init__(
        self, defaults: Mapping[str, str], overrides: Mapping[str, str] | None = None
    ) -> None:
        """``BadRule`` when a rule is wrong, or an override names none."""
        texts = dict(defaults)
        for name, text in (overrides or {}).items():
            if name not in texts:
                raise BadRule(f"there is no policy rule {name}")
            texts[name] = text
        self._checks: dict[str, Check] = {}
        self._texts = texts
        for name in texts:
            self._compile(name, ())

    def allows(
        self, context: RequestContext, name: str, target: Target | None = None
    ) -> bool:
        """Whether the caller may.  Without a target it is the caller's own."""
        if target is None:
            target = own_target(context)
        return self._checks[name](context, target)

    def enforce(
        self, context: RequestContext, name: str, target: Target | None = None
    ) -> None:
        """Raise ``PolicyNotAuthorized`` when the caller may not."""
        if not self.allows(context, name, target):
            raise PolicyNotAuthorized(f"Policy doesn't allow {name} to be performed.")

    def _compile(self, name: str, outer: tuple[str, ...]) -> Check:
        if name in outer:
            raise BadRule(f"policy rule {name} refers to itself")
        check = self._checks.get(name)
        if check is None:
            if name not in self._texts:
                raise BadRule(f"policy rule {outer[-1]} refers to {name}: no such rule")
            parser = _Parser(
                name,
                self._texts[name],
                lambda other: self._compile(other, (*outer, name)),
            )
            check = self._checks[name] = parser.parse()
        return check


def own_target(context: RequestContext) -> Target:
    """A thing that belongs to the caller."""
    return {
        "project_id": context.project_id,
        "user_id": context.user_id,
        "domain_id": context.domain_id,
    }


class _Parser:
    """Recursive descent over one rule's words."""

    def __init__(self, name: str, text: str, rule: Callable[[str], Check]) -> None:
        if len(text) > RULE_CHARACTERS_MAX:
            raise BadRule(f"policy rule {name} is too long")
        self._name = name
        self._rule = rule
        self._words: Iterator[str] = iter(TOKEN.findall(text))
        self._word: str | None = next(self._words, None)

    def parse(self) -> Check:
        if self._word is None:  # an empty rule allows everybody who has a token
            return _always
        check = self._either()
        if self._word is not None:
            raise self._wrong(f"unexpected {self._word}")
        return check

    def _either(self) -> Check:
        checks = [self._both()]
        while self._word == "or":
            self._next()
            checks.append(self._both())
        return checks[0] if len(checks) == 1 else _any(checks)

    def _both(self) -> Check:
        checks = [self._one()]
        while self._word == "and":
            self._next()
            checks.append(self._one())
        return checks[0] if len(checks) == 1 else _all(checks)

    def _one(self) -> Check:
        word = self._next()
        if word == "not":
            inner = self._one()
            return lambda context, target: not inner(context, target)
        if word == "(":
            inside = self._either()
            if self._next() != ")":
                raise self._wrong("a parenthesis is not closed")
            return inside
        if word == "@":
            return _always
        if word == "!":
            return _never
        kind, colon, match = word.partition(":")
        if not colon or not kind or not match:
            raise self._wrong(f"cannot understand {word}")
        if kind == "rule":
            return self._rule(match)
        if kind == "role":
            role = match.lower()
            return lambda context, target: context.has_role(role)
        if kind[0] == kind[-1] == "'" and len(kind) > 2:
            return _literal(kind[1:-1], match, self._wrong)
        return _attribute(kind, match, self._wrong)

    def _next(self) -> str:
        word = self._word
        if word is None:
            raise self._wrong("it ends too soon")
        self._word = next(self._words, None)
        return word

    def _wrong(self, why: str) -> BadRule:
        return BadRule(f"policy rule {self._name}: {why}")


def _attribute(kind: str, match: str, wrong: Callable[[str], BadRule]) -> Check:
    """``kind``: the caller's attribute; ``match``: a text, or a part of the target."""
    if kind not in RequestContext.__dataclass_fields__:
        raise wrong(f"callers have no {kind}")
    template = TEMPLATE.match(match)
    if template is None:
        return lambda context, target: bool(getattr(context, kind) == match)
    key = template.group(1)

    def compare(context: RequestContext, target: Target) -> bool:
        value = getattr(context, kind)
        # Two absent things are not the same thing: no scope owns nothing.
        return bool(value) and target.get(key) == value

    return compare


def _literal(text: str, match: str, wrong: Callable[[str], BadRule]) -> Check:
    """The target's part must be that very text."""
    template = TEMPLATE.match(match)
    if template is None:
        raise wrong(f"'{text}' is compared with no part of the target")
    key = template.group(1)
    return lambda context, target: target.get(key) == text


def _always(context: RequestContext, target: Target) -> bool:
    return True


def _never(context: RequestContext, target: Target) -> bool:
    return False


def _any(checks: list[Check]) -> Check:
    return lambda context, target: any(check(context, target) for check in checks)


def _all(checks: list[Check]) -> Check:
    return lambda context, target: all(check(context, target) for check in checks)
