"""Names in the DNS: how those of ports, floating IPs and domains are written, and what
they are in full.

A *full* name ends with a dot; any other is below a domain: a port's own, or else its
network's.  A port without a name is called after its address.
"""

from __future__ import annotations

import re

from compute.network.errors import invalid

LABEL = re.compile(r"^(?!-)[A-Za-z0-9-]{1,63}(?<!-)\Z")
# What a name may have beside its last dot (RFC 1035: 255 bytes on the wire).
CHARACTERS_MAX = 253


def host_name(name: str | None) -> str:
    """A port's name, full or below its domain.  ``InvalidInput``."""
    return _checked("dns_name", name)


def domain_name(name: str | None) -> str:
    """A domain, in full.  ``InvalidInput``."""
    text = _checked("dns_domain", name)
    if text and not text.endswith("."):
        raise invalid(f"dns_domain: '{text}' is not a FQDN.")
    return text


def floating_name(name: str | None, domain: str | None) -> tuple[str, str]:
    """A floating IP's name and its domain; both or none.  ``InvalidInput``."""
    text, below = _checked("dns_name", name), domain_name(domain)
    if text.endswith("."):
        raise invalid(
            f"dns_name: '{text}' is a FQDN. It should be a relative domain name."
        )
    if bool(text) != bool(below):
        raise invalid(
            "dns_name and dns_domain of a floating IP cannot be specified one without"
            " the other.",
            "BadRequest",
        )
    check_length(text, below)
    return text, below


def check_length(name: str, domain: str) -> None:
    """A name must have room below its domain.  ``InvalidInput``."""
    if len(full_name(name, domain)) - 1 > CHARACTERS_MAX:
        raise invalid(
            f"dns_name: with '{domain}' it is longer than {CHARACTERS_MAX} characters."
        )


def full_name(name: str, domain: str) -> str:
    """With its last dot."""
    if name.endswith("."):
        return name
    return ".".join(part for part in (name, domain.rstrip(".")) if part) + "."


def name_at(name: str, address: str) -> str:
    """The name of a port, or what it is called by one of its addresses."""
    return name or "host-" + address.replace(".", "-").replace(":", "-")


def assignment(name: str, address: str, domain: str) -> dict[str, str]:
    """An item of a port's ``dns_assignment``."""
    called = name_at(name, address)
    full = full_name(called, domain)
    host = called.rstrip(".").removesuffix("." + domain.rstrip("."))
    return {"hostname": host, "ip_address": address, "fqdn": full}


def _checked(attribute: str, name: str | None) -> str:
    text = (name or "").lower()
    if not text:
        return ""
    labels = text.removesuffix(".").split(".")
    if len(text) > CHARACTERS_MAX or not all(map(LABEL.match, labels)):
        raise invalid(f"{attribute}: '{text[:64]}' is not a valid DNS name.")
    if len(labels) > 1 and labels[-1].isdigit():
        raise invalid(f"{attribute}: the last part of '{text[:64]}' is all numeric.")
    return text
