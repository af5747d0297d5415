"""AWS Signature Version 2: HMAC-SHA1, in the header or in the query.

Old, but what some tools still speak.  All ``x-amz-`` headers are part of what is
signed, so nothing can be added to a presigned URL here either.
"""

from __future__ import annotations

import base64
from hmac import compare_digest, digest
from urllib.parse import quote

from objectstore.kernel.request import Environ
from objectstore.s3.dates import from_http, iso
from objectstore.s3.errors import S3Error
from objectstore.s3.signing.canonical import Pairs
from objectstore.s3.signing.claim import PRESIGNED, Verified
from objectstore.s3.signing.hoisted import is_name
from objectstore.s3.signing.mismatch import mismatch
from objectstore.s3.signing.sigv4 import SKEW_SECONDS_MAX

# The parameters that are part of the resource in a version 2 signature.
SUBRESOURCES = frozenset(
    b"acl accelerate analytics cors defaultObjectAcl delete encryption "
    b"intelligent-tiering inventory legal-hold lifecycle location logging metrics "
    b"notification object-lock ownershipControls partNumber policy policyStatus "
    b"publicAccessBlock replication requestPayment restore retention select "
    b"select-type tagging torrent uploadId uploads versionId versioning versions "
    b"website attributes "
    b"response-cache-control response-content-disposition response-content-encoding "
    b"response-content-language response-content-type response-expires".split()
)


class SigV2Claim:
    """A Version 2 signature; see ``claim.Claim``."""

    __slots__ = (
        "_auth_type",
        "_date",
        "_environ",
        "_pairs",
        "_resource_prefix",
        "_signature",
        "access_key",
        "token",
    )

    def __init__(
        self,
        environ: Environ,
        pairs: Pairs,
        access_key: str,
        signature: str,
        date: str,
        token: str,
        host_bucket: str,
        auth_type: str,
    ) -> None:
        self._environ = environ
        self._pairs = pairs
        self.access_key = access_key
        self._signature = signature
        self._date = date
        self.token = token
        self._resource_prefix = f"/{host_bucket}" if host_bucket else ""
        self._auth_type = auth_type

    def verify(self, secret: str) -> Verified:
        """See ``claim.Claim``."""
        given = self._signature.encode("latin-1")
        # Clients differ in which characters of a path they encode; what they
        # sent is what they signed.
        right = False
        paths = _paths(self._environ, names_bucket=not self._resource_prefix)
        texts = [self._string_to_sign(path) for path in paths]
        for text in texts:
            expected = digest(secret.encode(), text, "sha1")
            right |= compare_digest(base64.b64encode(expected), given)
        if not right:
            raise mismatch(self.access_key, texts[0], self._signature)
        return Verified(self.access_key, version="AWS", auth_type=self._auth_type)

    def _string_to_sign(self, path: str) -> bytes:
        environ = self._environ
        parts = [
            environ["REQUEST_METHOD"],
            environ.get("HTTP_CONTENT_MD5", ""),
            environ.get("CONTENT_TYPE", ""),
            self._date,
        ]
        amazon = self._headers_in_query()
        amazon |= {
            key[5:].lower().replace("_", "-"): value
            for key, value in environ.items()
            if key[:11] == "HTTP_X_AMZ_"
        }
        parts += [f"{name}:{_squeezed(amazon[name])}" for name in sorted(amazon)]
        parts.append(self._resource_prefix + path + _subresources(self._pairs))
        return "\n".join(parts).encode("latin-1")

    def _headers_in_query(self) -> dict[str, str]:
        """Those that whoever presigned the URL put into it: signed as headers are."""
        if self._auth_type != PRESIGNED:
            return {}
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in reversed(self._pairs)
            if is_name(name.decode("latin-1"))
        }


def _squeezed(value: str) -> str:
    """With single blanks.  As bytes: two of those that UTF-8 is made of are blanks as
    text."""
    return b" ".join(value.encode("latin-1").split()).decode("latin-1")


def from_header(
    environ: Environ, authorization: str, pairs: Pairs, host_bucket: str, now: float
) -> SigV2Claim:
    """The claim in an ``Authorization: AWS key:signature`` header."""
    access_key, colon, signature = authorization[4:].strip().rpartition(":")
    if not colon or not access_key:
        raise S3Error("InvalidArgument", "AWS authorization header is invalid.")
    amazon_date = environ.get("HTTP_X_AMZ_DATE")
    shown = environ.get("HTTP_DATE", "") if amazon_date is None else amazon_date
    try:
        seconds = from_http(shown)
    except ValueError:
        raise S3Error(
            "AccessDenied",
            "AWS authentication requires a valid Date or x-amz-date header",
        ) from None
    if abs(seconds - now) > SKEW_SECONDS_MAX:
        raise S3Error("RequestTimeTooSkewed", RequestTime=shown, ServerTime=iso(now))
    return SigV2Claim(
        environ,
        pairs,
        access_key,
        signature,
        "" if amazon_date is not None else shown,
        environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""),
        host_bucket,
        "REST-HEADER",
    )


def from_query(
    environ: Environ, pairs: Pairs, host_bucket: str, now: float
) -> SigV2Claim:
    """The claim of a presigned URL."""
    query = {name: value.decode("latin-1") for name, value in reversed(pairs)}
    try:
        access_key = query[b"AWSAccessKeyId"]
        signature, expires = query[b"Signature"], query[b"Expires"]
    except KeyError:
        raise S3Error(
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and "
            "AWSAccessKeyId parameters",
        ) from None
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12):
        raise S3Error(
            "AccessDenied", f"Invalid date (should be seconds since epoch): {expires}"
        )
    if now > int(expires):
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            Expires=iso(min(int(expires), 32503680000)),
            ServerTime=iso(now),
        )
    return SigV2Claim(
        environ,
        pairs,
        access_key,
        signature,
        expires,
        query.get(b"x-amz-security-token", ""),
        host_bucket,
        PRESIGNED,
    )


def _paths(environ: Environ, names_bucket: bool) -> list[str]:
    sent = environ.get("RAW_PATH_INFO", "")
    encoded = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/-_.~")
    paths = [encoded] if sent in ("", encoded) else [encoded, sent]
    if names_bucket and encoded.rfind("/") == 0 and encoded != "/":
        # botocore signs a bucket as "/bucket/" and asks for "/bucket".
        paths.append(f"{encoded}/")
    return paths


def _subresources(pairs: Pairs) -> str:
    chosen = sorted(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in pairs
        if name in SUBRESOURCES
    )
    if not chosen:
        return ""
    return "?" + "&".join(
        f"{name}={value}" if value else name for name, value in chosen
    )
