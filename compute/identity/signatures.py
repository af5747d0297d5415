"""Signatures made with EC2 keys, checked for services that received them.  Pure.

* S3: the service sends the very text that was signed (``token``, base64); it tells
  by the text whether it is Signature Version 2 (HMAC-SHA1) or 4.
* EC2: the service sends the request's parts; Version 2 signs host, verb, path and
  parameters (HMAC-SHA256 or -SHA1), Version 4 the whole canonical request.

Comparisons take the same time wherever the first difference is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from compute.core.errors import BadRequest
from compute.core.instants import parse_iso

ALGORITHM = "AWS4-HMAC-SHA256"


def s3_fits(secret: str, token: str, signature: str) -> bool:
    """Whether ``signature`` is that of the text that ``token`` holds."""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=False)
    except (binascii.Error, ValueError):
        return False
    lines = text.split(b"\n")
    if lines[0] == ALGORITHM.encode():
        if len(lines) < 4:
            return False
        scope = lines[2].decode("utf-8", "replace").split("/")
        if len(scope) != 4:
            return False
        key = _signing_key(secret, *scope[:3])
        return _same(hmac.digest(key, text, "sha256").hex(), signature)
    made = base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode()
    return _same(made, signature)


def ec2_fits(secret: str, credentials: Mapping[str, Any]) -> bool:
    """Whether the signature of an EC2 request is right; ``BadRequest`` when a part
    is missing."""
    signature = credentials["signature"]
    parameters = {
        str(name): str(value)
        for name, value in (credentials.get("params") or {}).items()
    }
    headers = {
        str(name).lower(): str(value)
        for name, value in (credentials.get("headers") or {}).items()
    }
    authorization = headers.get("authorization", "")
    if authorization.startswith(ALGORITHM) or "X-Amz-Algorithm" in parameters:
        return _version_4(secret, credentials, parameters, headers, signature)
    if parameters.get("SignatureVersion") == "2":
        return _version_2(secret, credentials, parameters, signature)
    raise BadRequest("Only signatures of version 2 and 4 are supported.")


def signed_at(credentials: Mapping[str, Any]) -> float:
    """When an EC2 request says that it was signed; ``BadRequest`` when it does not."""
    parameters = credentials.get("params") or {}
    headers = credentials.get("headers") or {}
    lower = {str(name).lower(): str(value) for name, value in headers.items()}
    text = (
        lower.get("x-amz-date")
        or parameters.get("X-Amz-Date")
        or parameters.get("Timestamp")
        or ""
    )
    try:
        return parse_iso(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise BadRequest("The request must say when it was signed") from None


def good_for(credentials: Mapping[str, Any]) -> float:
    """For how many seconds at most a request that says so is good, else without end;
    ``BadRequest``."""
    text = str((credentials.get("params") or {}).get("X-Amz-Expires", "inf"))
    try:
        return float(text)
    except ValueError:
        raise BadRequest("X-Amz-Expires must be a number of seconds") from None


def _version_2(
    secret: str,
    credentials: Mapping[str, Any],
    parameters: Mapping[str, str],
    signature: str,
) -> bool:
    verb, host, path = (_part(credentials, name) for name in ("verb", "host", "path"))
    digest = {"HmacSHA256": "sha256", "HmacSHA1": "sha1"}.get(
        parameters.get("SignatureMethod", "")
    )
    if digest is None:
        raise BadRequest("SignatureMethod must be HmacSHA256 or HmacSHA1")
    query = _query(parameters, without="Signature")
    # Some clients sign the port, some do not.
    hosts = {host, host.partition(":")[0]}
    right = False
    for name in sorted(hosts):
        text = f"{verb}\n{name}\n{path}\n{query}".encode()
        made = base64.b64encode(hmac.digest(secret.encode(), text, digest)).decode()
        right |= _same(made, signature)
    return right


def _version_4(
    secret: str,
    credentials: Mapping[str, Any],
    parameters: Mapping[str, str],
    headers: Mapping[str, str],
    signature: str,
) -> bool:
    verb, path = _part(credentials, "verb"), _part(credentials, "path")
    fields = _authorization(headers.get("authorization", "")) or {
        "Credential": parameters.get("X-Amz-Credential", ""),
        "SignedHeaders": parameters.get("X-Amz-SignedHeaders", ""),
    }
    scope = fields.get("Credential", "").split("/")[-4:]
    moment = headers.get("x-amz-date") or parameters.get("X-Amz-Date", "")
    if len(scope) != 4 or not moment.startswith(scope[0]):
        return False
    signed = [name.lower() for name in fields.get("SignedHeaders", "").split(";")]
    lines = "".join(
        f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed
    )
    body_hash = str(credentials.get("body_hash") or "")
    # A POST's parameters came in its body, whose digest is signed.
    query = ""
    if verb.upper() != "POST":
        query = _query(parameters, without="X-Amz-Signature")
    request = f"{verb}\n{path}\n{query}\n{lines}\n{';'.join(signed)}\n{body_hash}"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{moment}\n{'/'.join(scope)}\n{hashed}"
    key = _signing_key(secret, *scope[:3])
    return _same(hmac.digest(key, text.encode(), "sha256").hex(), signature)


def _part(credentials: Mapping[str, Any], name: str) -> str:
    value = credentials.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"credentials: {name} is missing")
    return value


def _authorization(text: str) -> dict[str, str]:
    if not text.startswith(ALGORITHM):
        return {}
    parts = (part.strip().partition("=") for part in text[len(ALGORITHM) :].split(","))
    return {name: value for name, _, value in parts}


def _query(parameters: Mapping[str, str], *, without: str) -> str:
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parameters.items()
        if name != without
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = hmac.digest(b"AWS4" + secret.encode(), date.encode(), "sha256")
    key = hmac.digest(key, region.encode(), "sha256")
    key = hmac.digest(key, service.encode(), "sha256")
    return hmac.digest(key, b"aws4_request", "sha256")


def _same(made: str, given: str) -> bool:
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "replace"))
