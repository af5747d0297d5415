"""Signatures of clients that were here before: yes at once, or no opinion.

A client's requests of a day differ in their moment, path, query and payload only.  What
stands before the signature in an ``Authorization`` header is therefore taken apart
once: scope, signed headers, key.  When all about a request is ordinary and its
signature right, ``caller`` says who sent it, in a third of the time.

It loosens no rule: it knows the same ones as ``sigv4``, accepts nothing that is not
accepted there, and leaves to it whatever it is not sure of, to be refused in the
right words.  Only heads whose signature was right are remembered, so nobody without a
key can make it forget.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from operator import itemgetter

from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.kernel.request import Environ
from objectstore.s3.caller import Caller, account_of
from objectstore.s3.credentials import SecretSource
from objectstore.s3.dates import from_compact
from objectstore.s3.errors import S3Error
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing.canonical import SignedHeaders, ready_query, stays
from objectstore.s3.signing.claim import PAYLOADS, Verified
from objectstore.s3.signing.signing_key import KeyedHash, SigningKeys
from objectstore.s3.signing.sigv4 import (
    ALGORITHM,
    SKEW_SECONDS_MAX,
    Scope,
    parts_of,
)

SHA256_DIGITS = 64
# A day's clients; each is about a kilobyte.
SIGNERS_MAX = 1000
# Sets of ``x-amz-`` headers of one client.
COVERED_MAX = 20
_MARK = "Signature="
_SESSION = "HTTP_X_AMZ_SECURITY_TOKEN"
# The headers that every request signs which is looked at here.
_ALWAYS = frozenset({"HTTP_HOST", "HTTP_X_AMZ_DATE", "HTTP_X_AMZ_CONTENT_SHA256"})


class _Signer:
    """One beginning of ``Authorization``, and whoever signs so."""

    __slots__ = (
        "access_key",
        "caller",
        "covered",
        "date",
        "form",
        "identity",
        "key",
        "keys",
        "mac",
        "moment",
        "queried",
        "scope",
        "seconds",
        "secret",
        "start",
        "values",
    )

    caller: Caller
    identity: Identity | None
    mac: KeyedHash
    key: bytes
    start: str

    def __init__(self, scope: Scope, signed: SignedHeaders) -> None:
        self.scope = scope
        self.access_key = scope.access_key.encode("latin-1").decode()
        self.date = scope.date
        lines = "".join([f"{name}:%s\n" for name in signed.names])
        # Method and path, the query or none, then the headers, the payload's hash.
        self.form = f"%s\n%s\n\n{lines}\n{signed.text}\n%s"
        self.queried = f"%s\n%s\n%s\n{lines}\n{signed.text}\n%s"
        self.keys = frozenset(signed.keys)
        self.values = itemgetter(
            "REQUEST_METHOD", "PATH_INFO", *signed.keys, "HTTP_X_AMZ_CONTENT_SHA256"
        )
        # Sets of ``x-amz-`` headers that are all signed.
        self.covered: set[tuple[str, ...]] = set()
        self.identity = None
        self.secret = ""
        self.moment = ""
        self.seconds = 0.0

    def covers(self, amazon: tuple[str, ...]) -> bool:
        """Whether all of these headers are signed, and none is a session's."""
        if not self.keys.issuperset(amazon) or _SESSION in amazon:
            return False
        if len(self.covered) >= COVERED_MAX:
            self.covered.clear()
        self.covered.add(amazon)
        return True

    def text(self, values: tuple[str, ...], query_string: str) -> str:
        """The canonical request, "" when it has to be looked at more closely."""
        if not query_string:
            return self.form % values
        query = ready_query(query_string)
        if query is None:
            return ""
        method, path, *others = values
        return self.queried % (method, path, query, *others)

    def set_moment(self, moment: str) -> bool:
        """Turn to another second; False when it is none of the scope's day."""
        if moment[:8] != self.date:
            return False
        try:
            self.seconds = from_compact(moment)
        except ValueError:
            return False
        self.moment = moment
        self.start = f"{ALGORITHM}\n{moment}\n{self.scope.text}\n"
        return True


class RememberedSigners:
    """See the module's docstring."""

    __slots__ = ("_clock", "_keys", "_settings", "_signers", "_source")

    def __init__(
        self,
        source: SecretSource | None,
        settings: S3Settings,
        keys: SigningKeys,
        clock: Clock,
    ) -> None:
        self._source = source
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._signers: dict[str, _Signer] = {}

    def caller(self, environ: Environ, amazon: tuple[str, ...]) -> Caller | None:
        """Who signed a request; None: ask ``Authenticator``.

        ``amazon`` are the keys of its ``x-amz-`` headers.  The caller is without what
        was ``verified``: see there.
        """
        signer = self._signer_of(environ, amazon)
        return None if signer is None else signer.caller

    def verified_caller(
        self, environ: Environ, amazon: tuple[str, ...]
    ) -> Caller | None:
        """The same with what was verified, for requests with a payload."""
        signer = self._signer_of(environ, amazon)
        if signer is None:
            return None
        verified = Verified(
            signer.scope.access_key,
            environ["HTTP_X_AMZ_CONTENT_SHA256"],
            signer.key,
            signer.moment,
            signer.scope.text,
            environ["HTTP_AUTHORIZATION"].rpartition(_MARK)[2],
            age_seconds=max(0.0, self._clock.time() - signer.seconds),
        )
        caller = signer.caller
        return Caller(caller.identity, caller.account, verified)

    def _signer_of(self, environ: Environ, amazon: tuple[str, ...]) -> _Signer | None:
        """Whose signature it is, if it is right."""
        head, _, signature = environ["HTTP_AUTHORIZATION"].rpartition(_MARK)
        known = self._signers.get(head)
        signer = known or self._new(environ["HTTP_AUTHORIZATION"])
        if signer is None or self._source is None:
            return None
        found = self._source.secret_for(signer.access_key)
        if found is None:
            return None
        # From here on nobody waits: the signer is nobody else's meanwhile.
        moment = environ["HTTP_X_AMZ_DATE"]
        if moment != signer.moment and not signer.set_moment(moment):
            return None
        if abs(self._clock.time() - signer.seconds) > SKEW_SECONDS_MAX:
            return None
        if amazon not in signer.covered and not signer.covers(amazon):
            return None
        if found[0] is not signer.identity or found[1] != signer.secret:
            self._know(signer, *found)
        try:
            values = signer.values(environ)
        except KeyError:
            return None
        text = signer.text(values, environ.get("QUERY_STRING", ""))
        if not stays(values[1]) or "  " in text or ": " in text or " \n" in text:
            return None  # to be escaped, or to be squeezed
        payload = values[-1]
        if not text or (len(payload) != SHA256_DIGITS and payload not in PAYLOADS):
            return None
        hashed = sha256(text.encode("latin-1")).hexdigest()
        right = signer.mac.hex(f"{signer.start}{hashed}".encode("latin-1"))
        if not compare_digest(right.encode(), signature.encode("latin-1")):
            return None
        if known is None:
            if len(self._signers) >= SIGNERS_MAX:
                self._signers.clear()
            self._signers[head] = signer
        return signer

    def _new(self, authorization: str) -> _Signer | None:
        try:
            scope, signed, signature = parts_of(authorization)
            if scope.region != self._settings.location or scope.service != "s3":
                return None
            is_last = authorization.endswith(_MARK + signature)
            if "%" in signed.text or not is_last or not _ALWAYS.issubset(signed.keys):
                return None
            return _Signer(scope, signed)
        except (S3Error, UnicodeError):
            return None

    def _know(self, signer: _Signer, identity: Identity, secret: str) -> None:
        """The user's secret, or what is known of him, is new."""
        scope = signer.scope
        signer.key = self._keys.key(secret, scope.date, scope.region, scope.service)
        signer.mac = KeyedHash(signer.key)
        account = account_of(identity, self._settings.reseller_prefix)
        signer.caller = Caller(identity, account)
        signer.identity, signer.secret = identity, secret
