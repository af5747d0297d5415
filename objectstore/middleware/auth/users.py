"""tempauth's users, as the lines of its settings section say.  Pure.

``user_ACCOUNT_USER = KEY [GROUP ...] [STORAGE_URL]``; ``user64_...`` has account
and user in base64 without padding (for names with underscores).  The storage
URL is the last word if it holds ``://`` or ``$HOST``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from objectstore.kernel.access import Identity
from objectstore.kernel.settings import BadSettings, Mistake

HOST = "$HOST"
ADMIN = ".admin"
RESELLER_ADMIN = ".reseller_admin"
RESELLER_READER = ".reseller_reader"


@dataclass(frozen=True, slots=True)
class ResellerPrefix:
    """A part of the account names, and the group its owners must be in too."""

    prefix: str  # such as AUTH_; may be empty
    require_group: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """One user line.  ``key`` does not show in ``repr``: it must not be logged."""

    name: str  # account:user
    key: str
    storage_url: str
    identity: Identity

    def __repr__(self) -> str:
        return f"User({self.name!r})"


def read_prefixes(
    words: Iterable[str], options: Mapping[str, str]
) -> tuple[ResellerPrefix, ...]:
    """The reseller prefixes with their required groups.

    ``''`` is the empty prefix; no words mean the empty prefix too.  The
    option ``require_group`` is for all, ``PREFIX_require_group`` for one.
    """
    prefixes: dict[str, str] = {}
    for word in words:
        prefix = "" if word == "''" else word
        if prefix and not prefix.endswith("_"):
            prefix += "_"
        own = options.get(f"{prefix or repr('')}require_group", "")
        group = own.strip() or options.get("require_group", "").strip()
        prefixes.setdefault(prefix, group)
    if not prefixes:
        prefixes[""] = options.get("require_group", "").strip()
    return tuple(ResellerPrefix(*item) for item in prefixes.items())


def is_user_option(name: str) -> bool:
    """Whether a settings line of that name is a user."""
    return name.startswith(("user_", "user64_"))


def read_users(
    options: Mapping[str, str], prefixes: tuple[ResellerPrefix, ...], source: str = ""
) -> dict[str, User]:
    """Users by name (``account:user``).  Raises ``BadSettings`` with all mistakes."""
    users: dict[str, User] = {}
    mistakes: list[Mistake] = []
    for name in options:
        if is_user_option(name):
            try:
                user = _read_user(name, options[name].split(), prefixes)
                users[user.name] = user
            except ValueError as error:
                mistakes.append(Mistake(source, "filter:tempauth", name, str(error)))
    if mistakes:
        raise BadSettings(mistakes)
    return users


def _read_user(
    option: str, words: list[str], prefixes: tuple[ResellerPrefix, ...]
) -> User:
    kind, *parts = option.split("_")
    if len(parts) != 2 or not all(parts):
        raise ValueError("is not of the form user_ACCOUNT_USER (or user64_...)")
    account, user = parts
    if kind == "user64":
        account, user = _from_base64(account), _from_base64(user)
    if not words:
        raise ValueError("has no key")
    key, *groups = words
    storage_url = f"{HOST}/v1/{prefixes[0].prefix}{quote(account)}"
    if groups and ("://" in groups[-1] or HOST in groups[-1]):
        storage_url = groups.pop()
    name = f"{account}:{user}"
    identity = _identity(account, name, groups, storage_url, prefixes)
    return User(name, key, storage_url, identity)


def _identity(
    account: str,
    name: str,
    words: list[str],
    storage_url: str,
    prefixes: tuple[ResellerPrefix, ...],
) -> Identity:
    groups = [account, name, *(word for word in words if word != ADMIN)]
    owned: list[str] = []
    if ADMIN in words:
        owned = [rule.prefix + account for rule in prefixes if rule.prefix]
        account_id = unquote(storage_url.rsplit("/", 1)[-1])
        if account_id not in owned:
            owned.append(account_id)
    return Identity(
        user=name,
        groups=tuple(dict.fromkeys(groups + owned)),
        owned_accounts=tuple(owned),
        is_reseller_admin=RESELLER_ADMIN in words,
        may_read_all=RESELLER_READER in words,
    )


def _from_base64(text: str) -> str:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"{text!r} is not base64 of a name") from None
