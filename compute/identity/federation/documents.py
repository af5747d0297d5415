"""What a provider publishes of itself: its endpoints and its keys, remembered.

A key that we do not know may be a new one, so keys are then asked for again, but not
more often than every ``KEYS_PAUSE_SECONDS``: anybody can make up names of keys.  After
a failure the provider has ``FAILURE_SECONDS`` of rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from compute.identity.federation.outside import Outside
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

WELL_KNOWN = "/.well-known/openid-configuration"
KNOWN_SECONDS = 3600.0
KEYS_PAUSE_SECONDS = 30.0
FAILURE_SECONDS = 5.0
KEYS_MAX = 50
RSA_BITS_MIN = 2048
# Public keys; a shared one ("oct") signs nothing here, whoever published it.
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})


class ProviderDocuments:
    """Of one provider."""

    def __init__(self, issuer: str, outside: Outside, clock: Clock) -> None:
        self._issuer = issuer
        self._outside = outside
        self._clock = clock
        self._one_asks = concurrency.Semaphore(1)
        self._metadata: Mapping[str, Any] = {}
        self._metadata_at = float("-inf")
        self._keys = KeySet([])
        self._keys_at = float("-inf")
        self._failed_at = float("-inf")
        self._failure = ""

    def metadata(self) -> Mapping[str, Any]:
        """Its discovery document; ``Unavailable``."""
        if self._clock.monotonic() - self._metadata_at < KNOWN_SECONDS:
            return self._metadata
        with self._one_asks:
            return self._fresh_metadata()

    def endpoint(self, name: str) -> str:
        """A URL that the document names; ``Unavailable``."""
        url = self.metadata().get(name)
        if not isinstance(url, str) or not url:
            raise Unavailable(f"{self._issuer} names no {name}")
        return url

    def keys_for(self, key_id: str | None) -> KeySet:
        """Its keys, of now if they have none of that name; ``Unavailable``."""
        # Nobody whose key is known waits while another one's is asked for.
        if self._are_fresh(key_id):
            return self._keys
        with self._one_asks:
            if not self._are_fresh(key_id):
                url = self._fresh_metadata().get("jwks_uri")
                document = self._resting(lambda: self._outside.get(url))
                self._keys = usable_keys(document)
                self._keys_at = self._clock.monotonic()
            return self._keys

    def _are_fresh(self, key_id: str | None) -> bool:
        age = self._clock.monotonic() - self._keys_at
        known = key_id is None or any(key.kid == key_id for key in self._keys.keys)
        return age < (KNOWN_SECONDS if known else KEYS_PAUSE_SECONDS)

    def _fresh_metadata(self) -> Mapping[str, Any]:
        if self._clock.monotonic() - self._metadata_at >= KNOWN_SECONDS:
            url = self._issuer.rstrip("/") + WELL_KNOWN
            found = self._resting(lambda: self._outside.get(url))
            if found.get("issuer") != self._issuer:
                raise Unavailable(f"the document at {url} is of another issuer")
            self._metadata = found
            self._metadata_at = self._clock.monotonic()
        return self._metadata

    def _resting(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if self._clock.monotonic() - self._failed_at < FAILURE_SECONDS:
            raise Unavailable(self._failure)
        try:
            return ask()
        except Unavailable as error:
            self._failed_at, self._failure = self._clock.monotonic(), str(error)
            raise


def usable_keys(document: Mapping[str, Any]) -> KeySet:
    """Of a published set those that may have signed something."""
    given = document.get("keys")
    found = []
    for each in given[:KEYS_MAX] if isinstance(given, list) else ():
        if not isinstance(each, dict) or each.get("kty") not in KEY_TYPES:
            continue
        if each.get("use", "sig") != "sig" or "d" in each:
            continue
        try:
            key = jwk.import_key(each)
            raw = key.public_key
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(raw, RSAPublicKey) and raw.key_size < RSA_BITS_MIN:
            continue
        found.append(key)
    return KeySet(found)
