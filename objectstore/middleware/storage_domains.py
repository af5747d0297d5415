"""Host names below the store's own domains.  Pure."""

from __future__ import annotations

from collections.abc import Sequence


def split_host(host: str) -> tuple[str, str]:
    """(name in lower case, port or ""); IPv6 addresses keep their brackets, and
    have no port without them."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit() or (":" in name and not name.endswith("]")):
        return host.lower(), ""
    return name.lower(), port


def as_domains(names: Sequence[str]) -> tuple[str, ...]:
    """Domains with their leading dot, in lower case."""
    return tuple("." + name.strip(".").lower() for name in names if name.strip("."))


def domain_of(name: str, domains: Sequence[str]) -> str:
    """Which of the domains (with leading dot) the name is below; "" for none."""
    return next((domain for domain in domains if name.endswith(domain)), "")
