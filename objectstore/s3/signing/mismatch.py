"""The error for a wrong signature, with what was signed here.

A client that is being written finds its mistake by comparing.  All of it comes from
the request itself and goes back to whoever sent it; nothing depends on the secret.
"""

from __future__ import annotations

from objectstore.s3.errors import S3Error


def mismatch(
    access_key: str, string_to_sign: bytes, signature: str, canonical: bytes = b""
) -> S3Error:
    """``SignatureDoesNotMatch``; ``canonical`` is Version 4's canonical request.

    ``access_key`` and ``signature`` are as WSGI carries them.
    """
    error = S3Error("SignatureDoesNotMatch")
    error.details |= {
        "AWSAccessKeyId": _text(access_key.encode("latin-1")),
        "StringToSign": _text(string_to_sign),
        "SignatureProvided": _text(signature.encode("latin-1")),
        "StringToSignBytes": string_to_sign.hex(" "),
    }
    if canonical:
        error.details["CanonicalRequest"] = _text(canonical)
        error.details["CanonicalRequestBytes"] = canonical.hex(" ")
    return error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
