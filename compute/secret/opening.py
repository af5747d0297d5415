"""Opens private keys and bundles that somebody else wrote.

A passphrase is hashed as often as the key wants it, which may take hours, and what is
asked of a key's numbers takes minutes when they are large enough: one tenant's secret
would stop all that this process does.  What is not sure to be quick is opened by a
process of its own, with an end to its time and memory.  Nothing of it is on a disk.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from compute.core.errors import BadRequest
from compute.core.program import ProgramFailed, ProgramLimits, run_program
from compute.secret import opening_program
from compute.secret.bundles import Certificate
from compute.secret.opening_program import BUNDLE, KEY
from compute.secret.plain_keys import PlainKey, plain_key
from objectstore.kernel.concurrency import Semaphore

# What tools make takes less than half a second: OWASP wants 600,000 rounds.
LIMITS = ProgramLimits(address_space_bytes=512 << 20, cpu_seconds=4, seconds=60.0)
# Others want the processor, too.
AT_ONCE = 2
# Of the process, whoever asks: it is one processor that they share.
TURNS = Semaphore(AT_ONCE)
PROGRAM = Path(opening_program.__file__)


class Opener:
    """One for each client of the key manager."""

    def __init__(self, limits: ProgramLimits = LIMITS) -> None:
        self._limits = limits

    def key(self, found: Certificate) -> Certificate:
        """The same with its private key in clear, as PEM, and no passphrase.
        ``BadRequest``."""
        content, passphrase = found.private_key, found.passphrase
        if not content:
            return found
        if not passphrase:
            try:
                key = plain_key(content)
            except ValueError:
                raise _closed(KEY) from None
            if key is not None:
                content = _pem(key)
                return dataclasses.replace(found, private_key=content)
        (content,) = self._opened(KEY, content, passphrase)
        return dataclasses.replace(found, private_key=content, passphrase=b"")

    def bundle(self, content: bytes) -> Certificate:
        """What a PKCS #12 bundle without a password holds.  ``BadRequest``."""
        certificate, key, chain = self._opened(BUNDLE, content, b"")
        return Certificate(certificate, key, b"", chain)

    def _opened(self, kind: str, content: bytes, passphrase: bytes) -> list[bytes]:
        descriptor = os.memfd_create("opening")
        try:
            with open(descriptor, "wb", closefd=False) as stream:
                both = map(base64.b64encode, (content, passphrase))
                stream.write(b"\n".join(both))
            arguments = [sys.executable, "-I", str(PROGRAM), kind, str(descriptor)]
            with TURNS:
                output = run_program(arguments, self._limits, descriptors=[descriptor])
        except ProgramFailed:
            # (What it says of it is not told: it may be of a key.)
            raise _closed(kind) from None
        finally:
            os.close(descriptor)
        return [base64.b64decode(each) for each in output.split(b"\n")]


def _pem(key: PlainKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _closed(kind: str) -> BadRequest:
    if kind == KEY:
        return BadRequest("The private key cannot be opened, or not soon enough")
    return BadRequest(
        "The secret keeps neither PEM nor a PKCS #12 bundle without a password that"
        " is soon opened"
    )
