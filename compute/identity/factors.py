"""Which methods of signing in are enough for a user.  Pure.

The option ``multi_factor_auth_rules`` is a list of rules, each a list of methods: he
must have used all methods of one of them, but for ``multi_factor_auth_enabled`` being
false.
"""

from __future__ import annotations

from collections.abc import Iterable

from compute.identity.model import User

ENABLED = "multi_factor_auth_enabled"
RULES = "multi_factor_auth_rules"
RULES_MAX = 16
# What a rule may ask for.  ``token`` is none: one shows all that it was got with.
METHODS = ("password", "totp", "application_credential")


def required(user: User) -> list[list[str]]:
    """The user's rules; none when anything is enough."""
    if user.options.get(ENABLED) is False:
        return []
    return [list(rule) for rule in user.options.get(RULES) or []]


def are_enough(user: User, methods: Iterable[str]) -> bool:
    """Whether these methods satisfy one of the rules, if there are any."""
    rules, used = required(user), set(methods)
    return not rules or any(used.issuperset(rule) for rule in rules)


def is_rules(value: object) -> bool:
    """Whether that can be the option's value."""
    return (
        isinstance(value, list)
        and len(value) <= RULES_MAX
        and all(
            isinstance(rule, list)
            and rule
            and len(rule) <= len(METHODS)
            and all(isinstance(name, str) and name in METHODS for name in rule)
            for rule in value
        )
    )
