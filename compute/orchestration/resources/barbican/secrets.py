"""``OS::Barbican::Secret`` and ``Order``: what is kept, and keys that are made."""

from __future__ import annotations

import base64
from typing import Any

from compute.core.rooms.paths import path_of
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.barbican.kept_thing import (
    ROOM,
    KeptThing,
    last_of,
)
from compute.orchestration.resources.frame.schemas import attributes, text, whole
from compute.orchestration.resources.frame.things import refuse, without_none
from objectstore.kernel.errors import Rejected

_TYPES = ("symmetric", "public", "private", "certificate", "passphrase", "opaque")
_CONTENT_TYPES = ("text/plain", "application/octet-stream")
_OF_AUTHORITIES = (
    "request_type",
    "subject_dn",
    "source_container_ref",
    "ca_id",
    "profile",
    "request_data",
)
_MISSING = 404


class Secret(KeptThing):
    """A secret."""

    name = "OS::Barbican::Secret"
    description = "Something that the key manager keeps."
    collection, field = "secrets", "secret_ref"
    properties = {
        "name": text("Its name"),
        "payload": text("What it keeps", secret=True),
        "payload_content_type": text("As what", one_of=_CONTENT_TYPES),
        "payload_content_encoding": text("How that is written", one_of=("base64",)),
        "secret_type": text("What it is", "opaque", one_of=_TYPES),
        "algorithm": text("What a key is for"),
        "bit_length": whole("How long a key is", least=0),
        "mode": text("How a key is used"),
        "expiration": text("When it ends"),
    }
    attributes = attributes(
        status="How it is", decrypted_payload="What it keeps, base64 if it is no text"
    )

    def body(self, work: Work) -> dict[str, Any]:
        """All that the template says."""
        given = work.properties
        name = given["name"] or work.physical_name
        found = without_none({**given, "name": name})
        if found.get("bit_length") == 0:
            del found["bit_length"]
        return dict(found)

    def attribute(self, work: Work, name: str) -> Any:
        """See ``ResourceType``."""
        if name != "decrypted_payload":
            return super().attribute(work, name)
        if not work.physical_id:
            return None
        return payload_of(work, work.physical_id)


class Order(KeptThing):
    """A key, or a pair of them, that the key manager makes."""

    name = "OS::Barbican::Order"
    description = "A key that is made by the key manager."
    collection, field = "orders", "order_ref"
    never = dict.fromkeys(_OF_AUTHORITIES, "there are no certificate authorities")
    properties = {
        "type": text("Of what kind", required=True, one_of=("key", "asymmetric")),
        "name": text("Its name"),
        "algorithm": text("What it is for", required=True),
        "bit_length": whole("How long it is", required=True, least=1),
        "mode": text("How it is used"),
        "expiration": text("When it ends"),
        "payload_content_type": text("As what it is kept"),
        "pass_phrase": text("What a private key is sealed with", secret=True),
        **dict.fromkeys(never, text("Of certificates")),
    }
    attributes = attributes(
        status="How it is",
        order_ref="Its address",
        secret_ref="The key's address",
        container_ref="The address of the pair",
        public_key="The public key",
        private_key="The private key",
    )

    def validate(self, properties: Any) -> None:
        """There are no certificates to order."""
        refuse(self.never, properties)

    def body(self, work: Work) -> dict[str, Any]:
        """Its type, and what is to be made."""
        given = {
            name: value
            for name, value in work.properties.items()
            if name not in self.never and name != "type"
        }
        name = given["name"] or work.physical_name
        meta = without_none({**given, "name": name})
        return {"type": work.properties["type"], "meta": meta}

    def find_lost(self, work: Work) -> str | None:
        """Orders are found by no name: the one that made a key of our name."""
        if work.properties["name"]:
            return None
        for each in work.cloud.pages(ROOM, self.collection, self.collection):
            if each["meta"].get("name") == work.physical_name:
                return str(each[self.field])
        return None

    def attribute(self, work: Work, name: str) -> Any:
        """See ``ResourceType``."""
        if name not in ("public_key", "private_key"):
            return super().attribute(work, name)
        shown = self.look(work) or {}
        container = shown.get("container_ref")
        if not container:
            return None
        found = work.cloud.find(ROOM, "containers", last_of(container)) or {}
        for each in found.get("secret_refs", ()):
            if each.get("name") == name:
                return payload_of(work, each["secret_ref"])
        return None


def payload_of(work: Work, reference: str) -> str | None:
    """What a secret keeps, None when that is nothing."""
    # What a template calls its own may be any text.
    path = path_of(("secrets", last_of(reference), "payload"))
    status, _, content = work.cloud.raw(ROOM, "GET", path)
    if status == _MISSING:
        return None
    if status >= 400:
        raise Rejected(status, f"The key manager answered {status} for a payload")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(content).decode()


TYPES = (Secret(), Order())
