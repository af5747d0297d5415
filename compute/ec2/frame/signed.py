"""Who signed a request: identity says, and gives a token for him.

Only what a signature covers is sent there; the secret never leaves identity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from compute.core.context import TokenSource
from compute.ec2.frame.errors import Ec2Error
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import Environ, Request

ALGORITHM = "AWS4-HMAC-SHA256"
# Tools that are told one address ask it who they are, too.
SERVICES = ("ec2", "sts")


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose token it is."""

    token: str
    user_id: str
    project_id: str
    roles: frozenset[str] = frozenset()

    @property
    def arn(self) -> str:
        """His name; the project is the account."""
        return f"arn:aws:iam::{self.project_id}:user/{self.user_id}"


class Signatures:
    """Asks identity."""

    def __init__(self, identity: Caller, service: TokenSource) -> None:
        self._identity = identity
        self._service = service

    def signer(self, request: Request, form: Mapping[str, str], body: bytes) -> Signer:
        """Who signed it.  ``Ec2Error``: nobody, or not rightly."""
        claim = claim_of(request, form, body)
        headers = {
            "X-Auth-Token": self._service.token(),
            "Content-Type": "application/json",
        }
        answer = self._identity.request(
            "POST", "/v3/ec2tokens", headers, orjson.dumps({"credentials": claim})
        )
        with answer:
            document = answer.json()
            if answer.status == 200:
                token = document["token"]
                return Signer(
                    answer.headers["x-subject-token"],
                    token["user"]["id"],
                    token["project"]["id"],
                    frozenset(role["name"] for role in token["roles"]),
                )
        if answer.status in (400, 401, 403, 404):
            raise Ec2Error(
                "AuthFailure",
                "The request's access key is not known, or its signature is not right",
            )
        raise Unavailable(f"identity answered {answer.status} to a signature")


def claim_of(request: Request, form: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What identity needs to check the signature; ``Ec2Error`` when there is none."""
    environ = request.environ
    authorization = request.header("Authorization")
    headers: dict[str, str] = {}
    if authorization.startswith(ALGORITHM):
        fields = _fields(authorization)
        access = _access(fields.get("Credential", ""))
        signature = fields.get("Signature", "")
        headers = _signed_headers(environ, fields.get("SignedHeaders", ""))
        headers["x-amz-date"] = _header(environ, "x-amz-date")
        headers["authorization"] = authorization
    elif form.get("X-Amz-Algorithm") == ALGORITHM:
        access = _access(form.get("X-Amz-Credential", ""))
        signature = form.get("X-Amz-Signature", "")
        headers = _signed_headers(environ, form.get("X-Amz-SignedHeaders", ""))
    else:
        access = form.get("AWSAccessKeyId", "")
        signature = form.get("Signature", "")
    if not access or not signature:
        raise Ec2Error(
            "MissingAuthenticationToken",
            "The request must be signed with an access key and its secret",
        )
    # A signature of Version 4 covers a form in a body by the body's digest.
    is_covered = bool(headers) and request.method == "POST"
    return {
        "access": access,
        "signature": signature,
        "host": environ.get("HTTP_HOST", ""),
        "verb": request.method,
        # As it was sent: clients sign it with or without the slash at its end.
        "path": environ["RAW_PATH_INFO"],
        "params": {} if is_covered else dict(form),
        "headers": headers,
        "body_hash": hashlib.sha256(body).hexdigest(),
    }


def _access(credential: str) -> str:
    """The key's name.  ``Ec2Error``: what it signed was meant for another service, for
    which the same key is good (S3)."""
    access, _, scope = credential.partition("/")
    if not scope.endswith(tuple(f"/{each}/aws4_request" for each in SERVICES)):
        text = f"Credential should be scoped to correct service: '{SERVICES[0]}'"
        raise Ec2Error("AuthFailure", text)
    return access


def _signed_headers(environ: Environ, names: str) -> dict[str, str]:
    """The headers that a signature covers.  ``Ec2Error``: not ``Host``, so it is good
    for any cloud that knows the key."""
    found = {name: _header(environ, name) for name in names.lower().split(";") if name}
    if "host" not in found:
        raise Ec2Error("AuthFailure", "The header Host must be signed")
    return found


def _fields(authorization: str) -> dict[str, str]:
    parts = (part.partition("=") for part in authorization[len(ALGORITHM) :].split(","))
    return {name.strip(): value.strip() for name, _, value in parts}


def _header(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        return str(environ.get(key, ""))
    return str(environ.get(f"HTTP_{key}", ""))
