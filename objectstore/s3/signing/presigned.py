"""AWS Signature Version 4 in the query: a presigned URL, good for a while."""

from __future__ import annotations

from objectstore.kernel.request import Environ
from objectstore.s3.dates import from_compact, iso
from objectstore.s3.errors import S3Error
from objectstore.s3.signing import canonical
from objectstore.s3.signing.claim import PRESIGNED, UNSIGNED_PAYLOAD
from objectstore.s3.signing.signing_key import SigningKeys
from objectstore.s3.signing.sigv4 import (
    ALGORITHM,
    SKEW_SECONDS_MAX,
    Scope,
    SigV4Claim,
    check_scope,
)

PRESIGNED_SECONDS_MAX = 7 * 24 * 3600
_MALFORMED = "AuthorizationQueryParametersError"


def from_query(
    environ: Environ,
    pairs: canonical.Pairs,
    keys: SigningKeys,
    region: str,
    now: float,
) -> SigV4Claim:
    """The claim of a presigned URL."""
    query = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(pairs)
        if name[:6] == b"X-Amz-"
    }
    try:
        if query["X-Amz-Algorithm"] != ALGORITHM:
            raise S3Error(
                _MALFORMED, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'
            )
        scope = Scope(query["X-Amz-Credential"], _MALFORMED)
        moment, expires = query["X-Amz-Date"], query["X-Amz-Expires"]
        signed_text, signature = query["X-Amz-SignedHeaders"], query["X-Amz-Signature"]
    except KeyError:
        raise S3Error(
            _MALFORMED,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters.",
        ) from None
    seconds = _seconds(moment)
    check_scope(scope, moment, region, _MALFORMED)
    _check_expiry(seconds, expires, now)
    signed = canonical.SignedHeaders(signed_text)
    signed.check(environ)
    payload = environ.get("HTTP_X_AMZ_CONTENT_SHA256") or query.get(
        "X-Amz-Content-Sha256", UNSIGNED_PAYLOAD
    )
    return SigV4Claim(
        environ,
        keys,
        scope,
        pairs,
        moment=moment,
        signed=signed,
        signature=signature,
        payload=payload,
        token=query.get("X-Amz-Security-Token", ""),
        age=max(0.0, now - seconds),
        auth_type=PRESIGNED,
    )


def _seconds(moment: str) -> float:
    try:
        return from_compact(moment)
    except ValueError:
        raise S3Error(
            _MALFORMED,
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ) from None


def _check_expiry(seconds: float, expires: str, now: float) -> None:
    if not (expires.isascii() and expires.isdigit() and len(expires) < 10):
        negative = expires[:1] == "-" and expires[1:].isdigit()
        wanted = "must be non-negative" if negative else "should be a number"
        raise S3Error(_MALFORMED, f"X-Amz-Expires {wanted}")
    lasting = int(expires)
    if lasting > PRESIGNED_SECONDS_MAX:
        raise S3Error(
            _MALFORMED, "X-Amz-Expires must be less than a week (in seconds) 604800"
        )
    if seconds - SKEW_SECONDS_MAX > now:
        raise S3Error("AccessDenied", "Request is not valid yet")
    if now > seconds + lasting:
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            Expires=iso(seconds + lasting),
            ServerTime=iso(now),
        )
