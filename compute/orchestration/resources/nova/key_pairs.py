"""``OS::Nova::KeyPair``."""

from __future__ import annotations

from typing import Any

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE
from compute.orchestration.resources.frame.schemas import attributes, flag, text
from compute.orchestration.resources.frame.things import Thing

_PRIVATE = "private_key"
# That nothing had the name before.
_FREE = "is_free"


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
        "type": text("Of which kind", one_of=("ssh", "x509")),
        "user": text("Whose it is", is_a="keystone.user"),
    }
    attributes = attributes(
        public_key="The public key", private_key="The private key, when it is kept"
    )

    def create(self, work: Work) -> None:
        """A pair that was made by an attempt whose answer was lost is made anew, for
        nobody knows its private key."""
        work.made(lambda: self.make(work))

    def make(self, work: Work) -> str:
        """Note that the name is free, then take it."""
        name = str(work.properties["name"])
        if work.data.get(_FREE):
            work.cloud.delete(COMPUTE, "os-keypairs", name)
        elif work.cloud.find(COMPUTE, "os-keypairs", name) is None:
            work.remember(**{_FREE: True})
        body = {"keypair": {**self.new_body(work), "name": name}}
        made = work.cloud.post(COMPUTE, "os-keypairs", body=body)["keypair"]
        if work.properties["save_private_key"] and _PRIVATE in made:
            work.remember(**{_PRIVATE: made[_PRIVATE]})
        return name

    def find_lost(self, work: Work) -> str | None:
        """What took the name after it was seen to be free."""
        return str(work.properties["name"]) if work.data.get(_FREE) else None

    def attribute(self, work: Work, name: str) -> Any:
        """The private key is known here only."""
        if name == _PRIVATE:
            return work.data.get(_PRIVATE) or ""
        return super().attribute(work, name)


TYPES = (KeyPair(),)
