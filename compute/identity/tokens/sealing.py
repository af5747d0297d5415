"""From what a token says to the text that clients hold, and back: Fernet."""

from __future__ import annotations

from cryptography.fernet import InvalidToken

from compute.core.key_repository import KeyRepository
from compute.identity.tokens.facts import BadToken, TokenFacts, pack, unpack

# Ours have about 200; a longer text is somebody else's.
TOKEN_CHARACTERS_MAX = 1024


class Sealer:
    """Makes token texts and reads them."""

    def __init__(self, keys: KeyRepository) -> None:
        self._keys = keys

    def seal(self, facts: TokenFacts) -> str:
        """The token's text."""
        sealed = self._keys.fernet.encrypt_at_time(pack(facts), int(facts.issued_at))
        return sealed.decode().rstrip("=")

    def open(self, token: str) -> TokenFacts | None:
        """What it says; None when it is none of ours.  Says nothing about whether it
        is still good."""
        if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii():
            return None
        message = token + "=" * (-len(token) % 4)
        try:
            return unpack(self._keys.fernet.decrypt(message.encode()))
        except (InvalidToken, BadToken):
            return None
