"""What a person proves to sign in: a password, or a device's passcode besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Values
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.account.devices import LIST
from compute.dashboard.pages.words import switch
from compute.dashboard.rooms import Refused

Thing = Mapping[str, Any]

ENABLED, RULES = "multi_factor_auth_enabled", "multi_factor_auth_rules"
BOTH = [["password", "totp"]]
NOT_SEEN = (
    "Only administrators of the cloud see whether this person has a device, and who has"
    " none could not sign in any more: ask one of them."
)


def said(user: Thing) -> str:
    """In words: "password", or what is enough together."""
    rules = user.get("options", {}).get(RULES) or []
    if not (rules and user["options"].get(ENABLED, True)):
        return "any one method"
    return ", or ".join(" and ".join(rule) for rule in rules)


def factor_field(user: Thing) -> list[Field]:
    """Whether both are asked for; nothing for a person with rules of another kind,
    which this page would not know how to give back."""
    if not _is_known(user):
        return []
    return [
        switch(
            "passcode",
            "Asks for password and passcode",
            is_on=_asks(user),
            help="Once the person has added a device, on the page of the account.",
        )
    ]


def changed_options(visit: Visit, user: Thing, values: Values) -> dict[str, Any]:
    """What of the person's options the answer changes.  ``BadForm`` for who has no
    device: that one could not sign in any more.  Who may not look whether there is one
    (the manager of a domain) cannot ask for passcodes, but may cease to."""
    wanted = values.flag("passcode")
    if not _is_known(user) or wanted == _asks(user):
        return {}
    if not wanted:
        return {ENABLED: False, RULES: []}
    query = {**LIST, "user_id": user["id"]}
    try:
        devices = visit.rooms.get("identity", "credentials", **query)["credentials"]
    except Refused as error:
        if error.status != 403:
            raise
        raise BadForm({"passcode": NOT_SEEN}) from None
    if not devices:
        raise BadForm({"passcode": "This person has added no device yet."})
    return {ENABLED: True, RULES: BOTH}


def _is_known(user: Thing) -> bool:
    return user.get("options", {}).get(RULES) in (None, [], BOTH)


def _asks(user: Thing) -> bool:
    options = user.get("options", {})
    return options.get(RULES) == BOTH and bool(options.get(ENABLED, True))
