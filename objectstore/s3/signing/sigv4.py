"""AWS Signature Version 4, and where it is in the Authorization header.

Checks everything that can be checked without the secret when the claim is read
(form, scope, time), so that a wrong clock or region is told as such.  The
comparison takes the same time wherever the first difference is.
"""

from __future__ import annotations

import re
from hmac import compare_digest

from objectstore.kernel.request import Environ
from objectstore.s3.dates import from_compact, from_http, iso
from objectstore.s3.errors import S3Error
from objectstore.s3.signing import canonical
from objectstore.s3.signing.claim import PAYLOADS, PRESIGNED, Verified
from objectstore.s3.signing.mismatch import mismatch
from objectstore.s3.signing.signing_key import (
    SigningKeys,
    request_signature,
    string_to_sign,
)

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS_MAX = 15 * 60
SERVICES = frozenset({"s3", "sts"})
_SHA256 = re.compile("[0-9a-fA-F]{64}")


class Scope:
    """``date/region/service/aws4_request`` of a credential."""

    __slots__ = ("access_key", "date", "region", "service", "text")

    def __init__(self, credential: str, error: str) -> None:
        parts = credential.rsplit("/", 4)
        if len(parts) != 5 or not parts[0] or parts[4] != "aws4_request":
            raise S3Error(error, "the Credential is mal-formed")
        self.access_key, self.date, self.region, self.service = parts[:4]
        self.text = "/".join(parts[1:])
        if self.service == "s3express":
            raise S3Error("NotImplemented", "Directory buckets are not supported")
        if self.service not in SERVICES:
            raise S3Error(error, f'incorrect service "{self.service}"')


class SigV4Claim:
    """A Version 4 signature; see ``claim.Claim``."""

    __slots__ = (
        "_age",
        "_auth_type",
        "_environ",
        "_keys",
        "_moment",
        "_pairs",
        "_scope",
        "_signature",
        "_signed",
        "access_key",
        "payload",
        "token",
    )

    def __init__(
        self,
        environ: Environ,
        keys: SigningKeys,
        scope: Scope,
        pairs: canonical.Pairs,
        *,
        moment: str,
        signed: canonical.SignedHeaders,
        signature: str,
        payload: str,
        token: str,
        age: float,
        auth_type: str,
    ) -> None:
        self._environ = environ
        self._keys = keys
        self._scope = scope
        self._pairs = pairs
        self._moment = moment
        self._signed = signed
        self._signature = signature
        self._age = age
        self._auth_type = auth_type
        self.payload = payload
        self.access_key = scope.access_key
        self.token = token

    @property
    def service(self) -> str:
        """The service that the credential is scoped to."""
        return self._scope.service

    def verify(self, secret: str) -> Verified:
        """See ``claim.Claim``."""
        environ, scope = self._environ, self._scope
        headers = self._signed.canonical(environ)
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        key = self._keys.key(secret, scope.date, scope.region, scope.service)
        # A presigned URL is used again and again: what was right once, with all that
        # it covers and the same secret, is right again.
        query = environ["QUERY_STRING"] if self._auth_type == PRESIGNED else ""
        seen = (key, method, path, query, headers, self.payload)
        if not query or seen not in self._keys.seen:
            request = canonical.canonical_request(
                method,
                canonical.canonical_path(path),
                canonical.canonical_query(self._pairs, without=b"X-Amz-Signature")
                if self._pairs
                else "",
                headers,
                self._signed.text,
                self.payload,
            )
            expected = request_signature(key, self._moment, scope.text, request)
            if not compare_digest(expected.encode(), self._signature.encode("latin-1")):
                shown = string_to_sign(self._moment, scope.text, request)
                raise mismatch(self.access_key, shown, self._signature, request)
            if query:
                self._keys.remember(seen)
        return Verified(
            scope.access_key,
            self.payload,
            key,
            self._moment,
            scope.text,
            self._signature,
            auth_type=self._auth_type,
            age_seconds=self._age,
            service=scope.service,
        )


def from_header(
    environ: Environ,
    authorization: str,
    pairs: canonical.Pairs,
    keys: SigningKeys,
    region: str,
    now: float,
) -> SigV4Claim:
    """The claim in an ``Authorization: AWS4-HMAC-SHA256 ...`` header."""
    scope, signed, signature = parts_of(authorization)
    moment, seconds = _moment(environ)
    check_scope(scope, moment, region, "AuthorizationHeaderMalformed")
    if abs(seconds - now) > SKEW_SECONDS_MAX:
        raise S3Error(
            "RequestTimeTooSkewed",
            RequestTime=moment,
            ServerTime=iso(now),
            MaxAllowedSkewMilliseconds=str(SKEW_SECONDS_MAX * 1000),
        )
    signed.check(environ)
    payload = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if not payload and scope.service == "s3":
        raise S3Error(
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        )
    if scope.service == "s3" and payload not in PAYLOADS:
        _check_sha256(payload)
    return SigV4Claim(
        environ,
        keys,
        scope,
        pairs,
        moment=moment,
        signed=signed,
        signature=signature,
        payload=payload,
        token=environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""),
        age=max(0.0, now - seconds),
        auth_type="REST-HEADER",
    )


# A client's requests of a day differ in their signature only: what stands before
# it is taken apart once.
_HEADS_MAX = 1000
_HEADS: dict[str, tuple[Scope, canonical.SignedHeaders]] = {}


def parts_of(authorization: str) -> tuple[Scope, canonical.SignedHeaders, str]:
    """Scope, signed headers and signature of an ``Authorization`` header."""
    head, mark, signature = authorization.partition("Signature=")
    known = _HEADS.get(head)
    if known is not None and mark and "," not in signature:
        return *known, signature
    fields = _fields(authorization[len(ALGORITHM) :])
    try:
        scope = Scope(fields["Credential"], "AuthorizationHeaderMalformed")
        signed = canonical.SignedHeaders(fields["SignedHeaders"])
        signature = fields["Signature"]
    except KeyError as missing:
        raise S3Error(
            "AuthorizationHeaderMalformed", f"missing {missing.args[0]}"
        ) from None
    if authorization == head + mark + signature:
        if len(_HEADS) >= _HEADS_MAX:
            _HEADS.clear()
        _HEADS[head] = (scope, signed)
    return scope, signed, signature


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in text.split(",", 8):
        name, equals, value = part.strip().partition("=")
        if not equals or name in fields:
            raise S3Error("AuthorizationHeaderMalformed")
        fields[name] = value
    return fields


def _moment(environ: Environ) -> tuple[str, float]:
    """The request's time as it was signed, and in seconds."""
    text = environ.get("HTTP_X_AMZ_DATE")
    if text is not None:
        try:
            return text, from_compact(text)
        except ValueError:
            pass
    else:
        text = environ.get("HTTP_DATE", "")
    try:
        seconds = from_http(text)
    except ValueError:
        raise S3Error(
            "AccessDenied",
            "AWS authentication requires a valid Date or x-amz-date header",
        ) from None
    compact = iso(seconds)[:19].replace("-", "").replace(":", "") + "Z"
    return compact, seconds


def check_scope(scope: Scope, moment: str, region: str, code: str) -> None:
    """Raise ``S3Error`` of that code unless it is of this region and day."""
    if scope.region != region:
        raise S3Error(
            code,
            f"the region '{scope.region}' is wrong; expecting '{region}'",
            Region=region,
        )
    if scope.date != moment[:8]:
        raise S3Error(
            code, f'Invalid credential date "{scope.date}". It must match the request.'
        )


def _check_sha256(text: str) -> None:
    if not _SHA256.fullmatch(text):
        raise S3Error(
            "InvalidArgument",
            f"x-amz-content-sha256 must be {', '.join(PAYLOADS)} or a valid sha256 "
            "value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=text,
        )
