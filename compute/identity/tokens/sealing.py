"""From what a token says to the text that clients hold, and back: Fernet.

A *receipt* is the same of somebody who has not signed in with enough methods yet: it
opens nothing, and is no token to anybody.
"""

from __future__ import annotations

from cryptography.fernet import InvalidToken

from compute.core.keys.repository import KeyRepository
from compute.identity.tokens.facts import BadToken, TokenFacts, pack, unpack

# Ours have about 200; a longer text is somebody else's.
TOKEN_CHARACTERS_MAX = 1024
RECEIPT = b"receipt:"


class Sealer:
    """Makes token texts and reads them."""

    def __init__(self, keys: KeyRepository) -> None:
        self._keys = keys

    def seal(self, facts: TokenFacts) -> str:
        """The token's text."""
        return self._seal(pack(facts), facts.issued_at)

    def seal_receipt(self, facts: TokenFacts) -> str:
        """The receipt's text."""
        return self._seal(RECEIPT + pack(facts), facts.issued_at)

    def open(self, token: str) -> TokenFacts | None:
        """What it says; None when it is none of ours.  Says nothing about whether it
        is still good."""
        return _facts(self._open(token))

    def open_receipt(self, receipt: str) -> TokenFacts | None:
        """The same of a receipt."""
        content = self._open(receipt)
        if content is None or not content.startswith(RECEIPT):
            return None
        return _facts(content.removeprefix(RECEIPT))

    def _seal(self, content: bytes, issued_at: float) -> str:
        sealed = self._keys.fernet.encrypt_at_time(content, int(issued_at))
        return sealed.decode().rstrip("=")

    def _open(self, text: str) -> bytes | None:
        if len(text) > TOKEN_CHARACTERS_MAX or not text.isascii():
            return None
        message = text + "=" * (-len(text) % 4)
        try:
            return self._keys.fernet.decrypt(message.encode())
        except InvalidToken:
            return None


def _facts(content: bytes | None) -> TokenFacts | None:
    try:
        return None if content is None else unpack(content)
    except BadToken:
        return None
