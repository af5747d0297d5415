"""Key pairs: made here, or brought along."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Thing
from compute.ec2.marking import undone

RSA_BITS = 2048
_EXPONENT = 65537

FILTERS: Mapping[str, Accessor] = {
    "fingerprint": lambda shown: shown["keyFingerprint"],
    "key-name": lambda shown: shown["keyName"],
    "key-pair-id": lambda shown: shown["keyPairId"],
}


def describe(call: Call) -> Document:
    """``DescribeKeyPairs``: the user's own."""
    parameters = call.parameters
    with_keys = parameters.flag("IncludePublicKey")
    shown = []
    tags = call.key_pair_tags.of(call.signer, call.inventory.key_pairs)
    for pair in call.inventory.key_pairs:
        document = _document(call, pair, tags.get(pair["name"], {}))
        document["createTime"] = moment(pair.get("created_at"))
        document["keyType"] = _type(pair)
        if with_keys:
            document["publicKey"] = pair["public_key"]
        shown.append(document)
    for name, key in (("KeyName", "keyName"), ("KeyPairId", "keyPairId")):
        if wanted := parameters.texts(name):
            there = {document[key] for document in shown}
            for each in wanted:
                if each not in there:
                    raise _not_found(each)
            shown = [document for document in shown if document[key] in wanted]
    return {"keySet": chosen(shown, asked_filters(parameters), FILTERS)}


def _document(call: Call, pair: Thing, tags: tagging.Tags) -> dict[str, Any]:
    return {
        "keyPairId": key_pair_id(call, pair["name"]),
        "keyFingerprint": pair["fingerprint"],
        "keyName": pair["name"],
        "tagSet": tagging.set_of(tags),
    }


def key_pair_id(call: Call, name: str) -> str:
    """Of the signer's pair of that name."""
    return ids.id_of_name(ids.KEY_PAIR, f"{call.signer.user_id} {name}")


def _type(pair: Thing) -> str:
    is_ed25519 = str(pair.get("public_key", "")).startswith("ssh-ed25519")
    return "ed25519" if is_ed25519 else "rsa"


def _not_found(name: str) -> Ec2Error:
    text = f"The key pair '{name}' does not exist"
    return Ec2Error("InvalidKeyPair.NotFound", text)


def create(call: Call) -> Document:
    """``CreateKeyPair``: the secret half is in the answer and nowhere else."""
    kind = call.parameters.text("KeyType", "rsa")
    if call.parameters.text("KeyFormat", "pem") != "pem":
        raise unsupported("KeyFormat", "It can be pem.")
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if kind == "rsa":
        private = rsa.generate_private_key(_EXPONENT, RSA_BITS)
        form = serialization.PrivateFormat.TraditionalOpenSSL
    elif kind == "ed25519":
        private = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.OpenSSH
    else:
        raise invalid("KeyType", kind)
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    shown = _keep(call, public.decode())
    secret = private.private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    )
    return {**shown, "keyMaterial": secret.decode()}


def bring(call: Call) -> Document:
    """``ImportKeyPair``: a public key, in base64 as the protocol has it."""
    given = call.parameters.required("PublicKeyMaterial")
    try:
        public = base64.b64decode(given, validate=True).decode("ascii").strip()
        serialization.load_ssh_public_key(public.encode())
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        text = "Key is not in valid OpenSSH public key format"
        raise Ec2Error("InvalidKey.Format", text) from None
    return _keep(call, public)


def _keep(call: Call, public: str) -> dict[str, Any]:
    name = call.parameters.required("KeyName")
    tags = tagging.tags_of_type(call.parameters, tagging.KEY_PAIR_TYPE)
    body = {"keypair": {"name": name, "public_key": public}}
    with coded(duplicate="InvalidKeyPair.Duplicate", limit="KeyPairLimitExceeded"):
        made = call.rooms.post("compute", "os-keypairs", body=body)["keypair"]
    if tags:
        with undone(call.rooms, "compute", "os-keypairs", name):
            pairs = call.inventory.look_again().key_pairs
            call.key_pair_tags.change(call.signer, pairs, name, lambda has: tags)
    return _document(call, made, tags)


def delete(call: Call) -> Document:
    """``DeleteKeyPair``: by name or id; one that is not there is gone already."""
    name = call.parameters.text("KeyName")
    identifier = call.parameters.text("KeyPairId")
    if not name and not identifier:
        raise Ec2Error("MissingParameter", "KeyName or KeyPairId must be given")
    for pair in call.inventory.key_pairs:
        if pair["name"] == name or key_pair_id(call, pair["name"]) == identifier:
            call.rooms.delete("compute", "os-keypairs", pair["name"])
            _forget_tags(call, pair["name"])
            return {"return": True, "keyPairId": key_pair_id(call, pair["name"])}
    return {"return": True}


def _forget_tags(call: Call, name: str) -> None:
    """The same key may come back under the same name, without them."""
    if name in call.key_pair_tags.of(call.signer, call.inventory.key_pairs):
        rest = call.inventory.look_again().key_pairs
        call.key_pair_tags.change(call.signer, rest, name, lambda has: {})


ACTIONS = {
    "DescribeKeyPairs": Action(describe, "KeyName KeyPairId Filter IncludePublicKey"),
    "CreateKeyPair": Action(create, "KeyName KeyType KeyFormat TagSpecification"),
    "ImportKeyPair": Action(bring, "KeyName PublicKeyMaterial TagSpecification"),
    "DeleteKeyPair": Action(delete, "KeyName KeyPairId"),
}
