"""What a user's options may say.  Pure.

Rules for several factors may name methods that there are, and no others: one that
nobody could keep would lock the user out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.errors import BadRequest
from compute.identity.factors import ENABLED, METHODS, RULES, RULES_MAX, is_rules
from compute.identity.lockout import IGNORE_EXPIRY, IGNORE_LOCKOUT, LOCK_PASSWORD

SWITCHES = frozenset(
    {
        IGNORE_LOCKOUT,
        IGNORE_EXPIRY,
        LOCK_PASSWORD,
        "ignore_change_password_upon_first_use",
        "ignore_user_inactivity",
        ENABLED,
    }
)


def merged_user_options(
    before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """The options after a change; null takes one away.

    ``BadRequest`` names the option.
    """
    options = dict(before)
    for name, value in wanted.items():
        _check(name, value)
        if value is None:
            options.pop(name, None)
        else:
            options[name] = value
    return options


def _check(name: str, value: Any) -> None:
    if name == RULES:
        if value is not None and not is_rules(value):
            raise BadRequest(
                f"{name}: not a list of at most {RULES_MAX} lists of methods"
                f" ({', '.join(METHODS)})"
            )
    elif name not in SWITCHES:
        raise BadRequest(f"{name} is not an option of users")
    elif not isinstance(value, bool | None):
        raise BadRequest(f"{name}: {value!r} is neither true nor false")
