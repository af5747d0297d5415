"""What an upload asks of encryption at rest (SSE-S3 and SSE-KMS), or its bucket for it.

The encryption filter below does it: with the operator's root secret, or with one of the
keys that he named.  What is stored with the object says which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from objectstore.kernel.reply import HeaderList
from objectstore.s3 import sysmeta
from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import House, Operation
from objectstore.s3.xml.read import read_document

SSE = "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION"
KMS_KEY = f"{SSE}_AWS_KMS_KEY_ID"
CUSTOMER = f"{SSE}_CUSTOMER_ALGORITHM"
AES256 = "AES256"
KMS = "aws:kms"
DOUBLE_KMS = "aws:kms:dsse"
# Whoever names no key gets that of AWS's alias: the root secret.
KEY_OF_THE_HOUSE = "alias/aws/s3"
# The system metadata that says it.
STORED = (sysmeta.SSE, sysmeta.SSE_KEY, sysmeta.SSE_SECRET)
_DOCUMENT = "encryption"
# Region and account are the client's affair; what he writes is stored and shown.
_ARN = re.compile(r"arn:aws[\w-]{0,32}:kms:[\w-]{0,64}:[\w-]{0,256}:", re.ASCII)
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """A method, and for ``aws:kms`` the key as the client spelled it."""

    method: str
    key: str = ""
    # Of a bucket: nobody brings keys of his own.
    blocks_customer_keys: bool = False

    @property
    def key_name(self) -> str:
        """The key's name in the operator's settings; "": the root secret's."""
        arn = _ARN.match(self.key)
        key = self.key[arn.end() :] if arn else self.key
        if self.method != KMS or not self.key or key == KEY_OF_THE_HOUSE:
            return ""
        return key.removeprefix("key/").removeprefix("alias/") or self.key

    def check(self, house: House) -> None:
        """Raise unless the store can do it."""
        if not house.encrypts:
            raise S3Error(
                "NotImplemented",
                "This store does not encrypt at rest: SSE-S3 is not on",
            )
        if self.method == DOUBLE_KMS:
            raise S3Error(
                "NotImplemented", "Encryption in two layers (DSSE) is not supported"
            )
        if self.key and self.method == AES256:
            raise S3Error(
                "InvalidArgument",
                "A KMSMasterKeyID is only for the algorithm aws:kms",
            )
        name = self.key_name
        if name and not (_NAME.fullmatch(name) and house.has_kms_key(name)):
            raise S3Error("KMS.NotFoundException", f"Invalid keyId '{self.key[:128]}'")

    def to_store(self) -> dict[str, str]:
        """The system metadata of what is encrypted so."""
        headers = {sysmeta.SSE: self.method}
        if self.method == KMS:
            headers[sysmeta.SSE_KEY] = self.key or KEY_OF_THE_HOUSE
            if self.key_name:
                headers[sysmeta.SSE_SECRET] = self.key_name
        return headers


def parse_encryption(text: str) -> Wish:
    """A bucket's ``ServerSideEncryptionConfiguration``."""
    root = read_document(text.encode(), "ServerSideEncryptionConfiguration")
    rules = list(root.all("Rule"))
    if len(rules) != 1:
        raise S3Error("MalformedXML")
    default = rules[0].child("ApplyServerSideEncryptionByDefault")
    blocked = rules[0].child("BlockedEncryptionTypes")
    types = [] if blocked is None else [node.text for node in blocked.children]
    if not {"SSE-C", "NONE"}.issuperset(types):
        raise S3Error("MalformedXML")
    # A rule may say no more than what it blocks.
    method = "" if blocked is None else AES256
    if default is not None:
        method = default.get("SSEAlgorithm")
    key = "" if default is None else default.get("KMSMasterKeyID")
    if method not in (AES256, KMS, DOUBLE_KMS):
        raise S3Error("MalformedXML")
    return Wish(method, key, "SSE-C" in types)


def encryption_headers(operation: Operation) -> dict[str, str]:
    """What to store of how a new object is encrypted, besides by the client's key."""
    environ = operation.environ
    if SSE in environ or KMS_KEY in environ:
        wish = _asked(operation)
        wish.check(operation.house)
        return wish.to_store()
    if CUSTOMER in environ:
        wanted: Wish | None = operation.facts.parsed(_DOCUMENT, parse_encryption)
        if wanted is not None and wanted.blocks_customer_keys:
            raise S3Error(
                "AccessDenied", "This bucket blocks encryption with customers' keys"
            )
        return {}
    house = operation.house
    default = default_headers(house, operation.facts)
    if not default and house.encrypts == "all":
        return Wish(AES256).to_store()
    return default


def default_headers(house: House, facts: BucketFacts) -> dict[str, str]:
    """What the bucket's owner wants of all that nobody asks otherwise for."""
    wish = facts.parsed(_DOCUMENT, parse_encryption) if house.encrypts else None
    return {} if wish is None else wish.to_store()


def stored_headers(stored: dict[str, str]) -> dict[str, str]:
    """Of the headers of a thing those that say how what becomes of it is encrypted."""
    return {name: stored[name] for name in STORED if stored.get(name)}


def sse_headers(stored: dict[str, str]) -> HeaderList:
    """What a reply says of it."""
    told: HeaderList = []
    if sysmeta.SSE in stored:
        told.append(("x-amz-server-side-encryption", stored[sysmeta.SSE]))
    if sysmeta.SSE_KEY in stored:
        name = "x-amz-server-side-encryption-aws-kms-key-id"
        told.append((name, stored[sysmeta.SSE_KEY]))
    return told


def _asked(operation: Operation) -> Wish:
    method = operation.header("X-Amz-Server-Side-Encryption")
    key = operation.header("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
    if SSE in operation.environ and method not in (AES256, KMS, DOUBLE_KMS):
        raise _bad("The encryption method specified is not supported", method)
    if method and CUSTOMER in operation.environ:
        raise _bad(
            "Server Side Encryption with Customer provided key is incompatible with "
            "the encryption method specified",
            method,
        )
    if method not in (KMS, DOUBLE_KMS) and KMS_KEY in operation.environ:
        raise _bad(
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms",
            method,
        )
    if f"{SSE}_CONTEXT" in operation.environ:
        raise S3Error("NotImplemented", "Encryption contexts are not supported")
    return Wish(method, key)


def _bad(message: str, method: str) -> S3Error:
    return S3Error(
        "InvalidArgument",
        message,
        ArgumentName="x-amz-server-side-encryption",
        ArgumentValue=method[:64],
    )
