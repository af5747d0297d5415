"""``OS::Nova::KeyPair``."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE
from compute.orchestration.resources.frame.schemas import attributes, flag, text
from compute.orchestration.resources.frame.things import Thing
from objectstore.kernel.errors import Rejected

X509 = "x509"
_PUBLIC, _PRIVATE = "public_key", "private_key"


class KeyPair(Thing):
    """A key pair of the stack's owner; its id is its name.  The private key of one
    that was made here is kept only when ``save_private_key`` says so."""

    name = "OS::Nova::KeyPair"
    description = "A key pair by which users log in to servers."
    shelf = "nova.keypair"
    mark = ""
    aside = frozenset({"save_private_key", "user"})
    never = {"user": "key pairs are the stack's owner's"}
    properties = {
        "name": text("Its name", required=True, least=1, most=255),
        "save_private_key": flag("Whether the private key is kept", False),
        "public_key": text("The public key; without it a pair is made"),
        "type": text("Of which kind", one_of=("ssh", X509)),
        "user": text("Whose it is", is_a="keystone.user"),
    }
    attributes = attributes(
        public_key="The public key", private_key="The private key, when it is kept"
    )

    def create(self, work: Work) -> None:
        """Under its name, which must be free."""
        work.made(lambda: self.make(work), lambda: self.find_lost(work))

    def make(self, work: Work) -> str:
        """Note which key is to have the name, then let it: so it is known again."""
        name = str(work.properties["name"])
        public = self._public(work)
        is_free = work.cloud.find(COMPUTE, "os-keypairs", name) is None
        work.remember(**{_PUBLIC: public if is_free else None})
        body = {**self.new_body(work), "name": name}
        if public:
            body[_PUBLIC] = public
        try:
            made = work.cloud.post(COMPUTE, "os-keypairs", body={"keypair": body})
        except Rejected:
            # Whoever has the name now, it is none of ours.
            work.remember(**{_PUBLIC: None})
            raise
        if work.properties["save_private_key"] and _PRIVATE in made["keypair"]:
            work.remember(**{_PRIVATE: made["keypair"][_PRIVATE]})
        return name

    def find_lost(self, work: Work) -> str | None:
        """The pair of that name, if it has the key that was noted for it."""
        name, noted = str(work.properties["name"]), work.data.get(_PUBLIC)
        shown = work.cloud.find(COMPUTE, "os-keypairs", name) if noted else None
        if shown is None or not _is_same(shown["keypair"][_PUBLIC], str(noted)):
            return None
        return name

    def _public(self, work: Work) -> str:
        """The public key: given, or of a pair that is made here, as nobody could tell
        whose one was that Nova made.  "" of a certificate, which is Nova's to make."""
        given = work.properties[_PUBLIC]
        if given or work.properties["type"] == X509:
            return str(given or "")
        private = Ed25519PrivateKey.generate()
        if work.properties["save_private_key"]:
            work.remember(**{_PRIVATE: _as_text(private)})
        public = private.public_key().public_bytes(
            Encoding.OpenSSH, PublicFormat.OpenSSH
        )
        return public.decode()

    def attribute(self, work: Work, name: str) -> Any:
        """The private key is known here only."""
        if name == _PRIVATE:
            return work.data.get(_PRIVATE) or ""
        return super().attribute(work, name)


def _as_text(private: Ed25519PrivateKey) -> str:
    return private.private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    ).decode()


def _is_same(one: str, other: str) -> bool:
    """Whatever remark follows the key."""
    return one.split()[:2] == other.split()[:2]


TYPES = (KeyPair(),)
