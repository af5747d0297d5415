"""What is in credentials: text that is encrypted at rest."""

from __future__ import annotations

from cryptography.fernet import InvalidToken

from compute.identity.model import Credential
from compute.identity.parts import Parts
from objectstore.kernel.errors import Corrupt

# Types whose blobs mean something to us.
EC2 = "ec2"
TOTP = "totp"


def open_blob(parts: Parts, credential: Credential) -> str:
    """The blob as it was given."""
    try:
        raw = parts.credential_keys.fernet.decrypt(credential.sealed_blob.encode())
    except InvalidToken:
        raise Corrupt(
            f"credential {credential.id}: none of our keys opens it"
        ) from None
    return raw.decode()
