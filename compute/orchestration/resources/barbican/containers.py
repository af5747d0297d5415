"""``OS::Barbican::...Container``: secrets that belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compute.orchestration.frame.properties import Schema
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.barbican.kept_thing import KeptThing
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    items,
    text,
)

_REF: Schema = {
    "name": text("What it is in the container", required=True),
    "ref": text("The secret's address", required=True),
}


class Container(KeptThing):
    """``kind``: the room's word for it; ``named``: by properties, what the secret that
    each leads to is called in the container."""

    collection, field = "containers", "container_ref"
    kind: ClassVar[str]
    named: ClassVar[Mapping[str, str]] = {}
    attributes = attributes(
        status="How it is",
        container_ref="Its address",
        secret_refs=a_list("What is in it"),
        consumers=a_list("What uses it"),
    )

    def members(self, work: Work) -> list[dict[str, str]]:
        """What is in it."""
        given = work.properties
        return [
            {"name": inside, "secret_ref": given[name]}
            for name, inside in self.named.items()
            if given[name]
        ]

    def body(self, work: Work) -> dict[str, Any]:
        """Of a new one."""
        name = work.properties["name"] or work.physical_name
        return {"type": self.kind, "name": name, "secret_refs": self.members(work)}


class GenericContainer(Container):
    """Any."""

    name = "OS::Barbican::GenericContainer"
    description = "Secrets that belong together."
    kind = "generic"
    properties = {
        "name": text("Its name"),
        "secrets": items("What is in it", _REF, []),
    }

    def members(self, work: Work) -> list[dict[str, str]]:
        """As the template names them."""
        return [
            {"name": each["name"], "secret_ref": each["ref"]}
            for each in work.properties["secrets"]
        ]


class CertificateContainer(Container):
    """What a listener with TLS is given."""

    name = "OS::Barbican::CertificateContainer"
    description = "A certificate with its key and its chain."
    kind = "certificate"
    named = {
        "certificate_ref": "certificate",
        "private_key_ref": "private_key",
        "private_key_passphrase_ref": "private_key_passphrase",
        "intermediates_ref": "intermediates",
    }
    properties = {
        "name": text("Its name"),
        "certificate_ref": text("The certificate's address", required=True),
        "private_key_ref": text("The private key's address"),
        "private_key_passphrase_ref": text("Its passphrase's address"),
        "intermediates_ref": text("The chain's address"),
    }


class RsaContainer(Container):
    """A pair of keys."""

    name = "OS::Barbican::RSAContainer"
    description = "A pair of RSA keys."
    kind = "rsa"
    named = {
        "private_key_ref": "private_key",
        "public_key_ref": "public_key",
        "private_key_passphrase_ref": "private_key_passphrase",
    }
    properties = {
        "name": text("Its name"),
        "private_key_ref": text("The private key's address", required=True),
        "public_key_ref": text("The public key's address", required=True),
        "private_key_passphrase_ref": text("Its passphrase's address"),
    }


TYPES = (GenericContainer(), CertificateContainer(), RsaContainer())
