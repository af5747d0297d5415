"""From a request to its caller: which signature, whose key, is it right?"""

from __future__ import annotations

from hashlib import sha256

from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.kernel.request import Environ
from objectstore.s3.access.policy import parse_session_policy
from objectstore.s3.caller import ANYBODY, Caller, account_of
from objectstore.s3.credentials import SecretSource
from objectstore.s3.errors import S3Error
from objectstore.s3.header_names import header_names
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing import presigned, sigv2, sigv4
from objectstore.s3.signing.canonical import query_pairs
from objectstore.s3.signing.claim import Claim, Verified
from objectstore.s3.signing.remembered import RememberedSigners
from objectstore.s3.signing.session import Session, Sessions
from objectstore.s3.signing.signing_key import SigningKeys
from objectstore.s3.sts_body import read_sts_body


class Authenticator:
    """Checks signatures."""

    __slots__ = ("_clock", "_keys", "_sessions", "_settings", "_source", "remembered")

    def __init__(
        self,
        source: SecretSource | None,
        sessions: Sessions | None,
        settings: S3Settings,
        clock: Clock,
    ) -> None:
        self._source = source
        self._sessions = sessions
        self._settings = settings
        self._clock = clock
        self._keys = SigningKeys()
        self.remembered = RememberedSigners(source, settings, self._keys, clock)

    def caller(self, environ: Environ, host_bucket: str) -> Caller:
        """Who sent the request; raises ``S3Error`` for a wrong signature."""
        names = header_names(environ)
        if names.is_signed:
            found = self.remembered.verified_caller(environ, names.amazon)
            if found is not None:
                return found
        claim = self._claim(environ, host_bucket)
        if claim is None:
            return ANYBODY
        return self.verify(claim)

    def verify(self, claim: Claim) -> Caller:
        """The caller whose claim it is."""
        session: Session | None = None
        if claim.token:
            if self._sessions is None:
                raise S3Error("InvalidToken")
            session = self._sessions.open(
                claim.token, claim.access_key, self._clock.time()
            )
        identity, secret = self._find(
            claim.access_key if session is None else session.user
        )
        verified = claim.verify(secret if session is None else session.secret)
        return self._caller(identity, verified, session)

    @property
    def keys(self) -> SigningKeys:
        """The derived keys."""
        return self._keys

    def _find(self, access_key: str) -> tuple[Identity, str]:
        found = None
        if self._source is not None:
            try:
                name = access_key.encode("latin-1").decode()
            except UnicodeError:
                name = access_key
            found = self._source.secret_for(name)
        if found is None:
            raise S3Error("InvalidAccessKeyId", AWSAccessKeyId=access_key[:256])
        return found

    def _caller(
        self, identity: Identity, verified: Verified, session: Session | None
    ) -> Caller:
        policy = None
        if session is not None and session.policy:
            policy = parse_session_policy(session.policy)
        account = account_of(identity, self._settings.reseller_prefix)
        return Caller(identity, account, verified, policy, session is not None)

    def _claim(self, environ: Environ, host_bucket: str) -> Claim | None:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        query = environ.get("QUERY_STRING", "")
        pairs = query_pairs(query) if query else []
        now = self._clock.time()
        if authorization.startswith(sigv4.ALGORITHM):
            claim = sigv4.from_header(
                environ,
                authorization,
                pairs,
                self._keys,
                self._settings.location,
                now,
            )
            if claim.service == "sts" and not claim.payload:
                claim.payload = _sts_payload(environ)
            return claim
        if authorization.startswith("AWS "):
            return sigv2.from_header(environ, authorization, pairs, host_bucket, now)
        if authorization:
            raise S3Error("InvalidArgument", "Unsupported Authorization Type")
        if "X-Amz-Signature=" in query or "X-Amz-Algorithm=" in query:
            claim = presigned.from_query(
                environ, pairs, self._keys, self._settings.location, now
            )
            if claim.service == "sts":
                # Only S3 leaves the body of a presigned request unsigned.
                claim.payload = _sts_payload(environ)
            return claim
        if "AWSAccessKeyId=" in query and "Signature=" in query:
            return sigv2.from_query(environ, pairs, host_bucket, now)
        return None


def _sts_payload(environ: Environ) -> str:
    return sha256(read_sts_body(environ)).hexdigest()
