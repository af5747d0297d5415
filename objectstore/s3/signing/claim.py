"""What a request's signature claims, before and after it is checked.

A ``Claim`` names the access key and carries what is needed to check it against
a secret; ``Verified`` is what remains once the check succeeded, and what the
payload of a signed upload is checked with.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING = frozenset(
    {STREAMING_UNSIGNED_TRAILER, STREAMING_SIGNED, STREAMING_SIGNED_TRAILER}
)
# Each chunk is signed, over the signature before it.
CHAINED = frozenset({STREAMING_SIGNED, STREAMING_SIGNED_TRAILER})

# What may stand in the place of a body's hash.
PAYLOADS = (
    UNSIGNED_PAYLOAD,
    STREAMING_UNSIGNED_TRAILER,
    STREAMING_SIGNED,
    STREAMING_SIGNED_TRAILER,
)

# How policies call a signature in the query.
PRESIGNED = "REST-QUERY-STRING"


class Verified(NamedTuple):
    """A signature that was right.  A tuple: one for each request."""

    access_key: str
    # x-amz-content-sha256: a hex digest or one of the words above; "" for SigV2.
    payload: str = ""
    # For signed chunks: the key, the request's time and scope, its signature.
    signing_key: bytes = b""
    moment: str = ""
    scope: str = ""
    signature: str = ""
    # What policies ask as s3:signatureversion, s3:authType, s3:signatureAge.
    version: str = "AWS4-HMAC-SHA256"
    auth_type: str = "REST-HEADER"
    age_seconds: float = 0.0
    service: str = "s3"


class Claim(Protocol):
    """A signature that waits for its secret."""

    access_key: str
    # The session token of temporary credentials, "" without.
    token: str

    def verify(self, secret: str) -> Verified:
        """Raise ``S3Error("SignatureDoesNotMatch")`` unless the secret fits."""
