"""Which roles mean what, for each part of the account names.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

OPERATOR_ROLES = ("admin", "manager", "member", "swiftoperator")
RESELLER_ADMIN_ROLES = ("admin", "ResellerAdmin")
READER_ROLES = ("reader",)
SUFFIXES = ("_operator_roles", "_service_roles")


@dataclass(frozen=True, slots=True)
class PrefixRoles:
    """A part of the account names.  With ``service_roles`` its accounts open to a
    user's token and a service's together only: what a service keeps for users there,
    they cannot touch behind its back."""

    prefix: str  # such as AUTH_; may be empty
    operator_roles: frozenset[str]
    service_roles: frozenset[str] = frozenset()


def is_role_option(name: str) -> bool:
    """Whether a settings line of that name is for one prefix."""
    return name.endswith(SUFFIXES)


def read_prefix_roles(
    words: Iterable[str], operator_roles: Iterable[str], options: Mapping[str, str]
) -> tuple[PrefixRoles, ...]:
    """The prefixes; ``PREFIX_operator_roles`` and ``PREFIX_service_roles`` are for one
    of them.  ``''`` is the empty prefix."""
    found: dict[str, PrefixRoles] = {}
    for word in words:
        prefix = "" if word == "''" else word
        if prefix and not prefix.endswith("_"):
            prefix += "_"
        own = options.get(f"{prefix}operator_roles", "")
        service = options.get(f"{prefix}service_roles", "")
        found.setdefault(
            prefix,
            PrefixRoles(
                prefix, lower(_words(own) or operator_roles), lower(_words(service))
            ),
        )
    return tuple(found.values())


def lower(roles: Iterable[str]) -> frozenset[str]:
    """Roles compare without regard to case."""
    return frozenset(role.lower() for role in roles)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()
