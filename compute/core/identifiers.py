"""Ids of new things, from a source of randomness given by the composition root."""

from __future__ import annotations

import uuid
from random import Random

EC2_DIGITS = 17


class Identifiers:
    """Makes ids that nobody can guess (given a ``SystemRandom``)."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def uuid(self) -> str:
        """With dashes: servers, images, networks, volumes."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hexadecimal(self) -> str:
        """32 digits without dashes: users, projects, roles."""
        return self.uuid().replace("-", "")

    def request_id(self) -> str:
        """What a caller quotes to an operator."""
        return f"req-{self.uuid()}"


def ec2_id(kind: str, uuid: str) -> str:
    """An id in EC2's form (``i-0123456789abcdef0``) of the thing with that uuid: always
    the same, in its API as in guests' metadata.  17 digits have 64 random bits."""
    return f"{kind}-{uuid.replace('-', '')[:EC2_DIGITS]}"


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a uuid, with or without dashes."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) in (32, 36)
