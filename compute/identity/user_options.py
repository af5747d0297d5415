"""What a user's options may say.  Pure.

Rules for several factors cannot be kept here: who asks for them is told so, for a rule
that nobody keeps would be worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.errors import BadRequest, NotSupported
from compute.identity.lockout import IGNORE_EXPIRY, IGNORE_LOCKOUT, LOCK_PASSWORD

SWITCHES = frozenset(
    {
        IGNORE_LOCKOUT,
        IGNORE_EXPIRY,
        LOCK_PASSWORD,
        "ignore_change_password_upon_first_use",
        "ignore_user_inactivity",
    }
)
# Option -> the value that asks for nothing.
SEVERAL_FACTORS: Mapping[str, Any] = {
    "multi_factor_auth_enabled": False,
    "multi_factor_auth_rules": [],
}


def merged_user_options(
    before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """The options after a change; null takes one away.

    ``BadRequest`` names the option; ``NotSupported`` for several factors.
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
    if name in SEVERAL_FACTORS:
        nothing = SEVERAL_FACTORS[name]
        if value is not None and (type(value), value) != (type(nothing), nothing):
            raise NotSupported(f"{name}: signing in by several factors is not here")
    elif name not in SWITCHES:
        raise BadRequest(f"{name} is not an option of users")
    elif not isinstance(value, bool | None):
        raise BadRequest(f"{name}: {value!r} is neither true nor false")
