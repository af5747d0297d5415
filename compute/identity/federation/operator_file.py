"""What the operator knows of identity providers: who they are, and our secret there.

An INI file, ``[identity] federation_file``, read at start; a section is named as the
identity provider is in the API.

    [example]
    issuer = https://login.example.com/realms/staff
    client_id = ringstack
    client_secret_file = /etc/ringstack/example-secret
    label = Example
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from compute.identity.federation.model import KEY_PATTERN
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.settings import Reader, option, read_file

FILE = "federation.conf"
# Of those whose keys are public: "none", and keys that the client shares, are not here.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One identity provider that speaks OpenID Connect."""

    issuer: str = option(text="Its issuer, as it writes it: an https URL")
    client_id: str = option(text="Who we are there")
    client_secret_file: Path | None = option(
        None, "A file with the client's secret; empty: a public client"
    )
    protocol: str = option("openid", "The protocol of the provider that this is")
    label: str = option(
        "", "What the dashboard calls it on its sign-in page; empty: not offered there"
    )
    scopes: tuple[str, ...] = option(
        ("openid", "profile", "email"), "What the dashboard asks for"
    )
    audiences: tuple[str, ...] = option(
        (), "For whom besides client_id tokens may be that are taken here"
    )
    algorithms: tuple[str, ...] = option(
        ("RS256", "PS256", "ES256", "Ed25519", "EdDSA"),
        "How tokens may be signed",
    )
    hosts: tuple[str, ...] = option(
        (), "Hosts besides the issuer's where its keys and endpoints may be"
    )
    claims_prefix: str = option("OIDC-", "Before the names of claims in mappings")
    introspection: bool = option(
        False, "Whether to ask it about access tokens that are no JWT (RFC 7662)"
    )
    userinfo: bool = option(
        False, "Whether to ask for claims with the access token of whoever signs in"
    )

    @property
    def all_audiences(self) -> frozenset[str]:
        """For whom tokens may be."""
        return frozenset({self.client_id, *self.audiences})

    def secret(self) -> str:
        """The client's secret as the file has it now; ``Unavailable``."""
        if self.client_secret_file is None:
            return ""
        try:
            text = self.client_secret_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            raise Unavailable(f"{self.client_secret_file} cannot be read, or is empty")
        return text


def known_providers(
    file: Path | None, state: Path
) -> Mapping[tuple[str, str], ProviderSettings]:
    """Of the file that the settings name, or else of that below the room's state, if
    it is there.  ``BadSettings`` with all mistakes."""
    return read_providers(file or state / FILE, must_exist=file is not None)


def read_providers(
    path: Path, *, must_exist: bool
) -> Mapping[tuple[str, str], ProviderSettings]:
    """By identity provider and protocol.  ``BadSettings`` with all mistakes."""
    if not must_exist and not path.exists():
        return {}
    reader = Reader(str(path))
    found: dict[tuple[str, str], ProviderSettings] = {}
    sections = read_file(path)
    # What all of them have: it is merged into each.
    sections.pop("DEFAULT", None)
    for name, values in sections.items():
        settings = reader.read(ProviderSettings, values, name)
        if not re.fullmatch(KEY_PATTERN, name):
            reader.note(name, "", "no identity provider can have this id")
        for wrong, text in _mistakes(settings):
            reader.note(name, wrong, text)
        found[(name, settings.protocol)] = settings
    reader.finish()
    return found


def _mistakes(settings: ProviderSettings) -> list[tuple[str, str]]:
    found = []
    if settings.issuer and not is_issuer(settings.issuer):
        found.append(("issuer", "must be an https URL (http on loopback only)"))
    if settings.client_id == "":
        found.append(("client_id", "must be set"))
    for name in settings.algorithms:
        if name not in ALGORITHMS:
            text = f"{name} is none of {', '.join(ALGORITHMS)}"
            found.append(("algorithms", text))
    if not settings.algorithms:
        found.append(("algorithms", "must name one"))
    if "openid" not in settings.scopes:
        found.append(("scopes", "openid must be among them"))
    return found


def is_issuer(url: str) -> bool:
    """Whether it can be an issuer: what it says is believed, so nobody on the way may
    say something else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
