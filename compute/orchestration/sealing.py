"""What stands in the room's rows is sealed: parameters, properties, templates, scripts,
what signals are signed with.

A hidden parameter is in all of these: resolved in a resource's properties, written out
in the template of a group, run by a script.  So each such column is sealed as a whole,
with a Fernet key that is beside the database and not in it.  A sealed value is a text
(also in a column of JSON); an empty one has no secret and stays as it is, and so does
one that was written before there was a key, until ``resealing.py`` comes by.
"""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import InvalidToken

from compute.core.key_repository import KeyRepository
from objectstore.kernel.errors import Corrupt

# Below the room's state directory.
SECRET_KEYS = "secret-keys"
# The next one, the present one, and the one before: a process that runs may use that
# for some seconds more.  Rows are never sealed with an older one.
KEYS_KEPT = 3
# What a sealed value begins with, and no template, script or id does.
MARK = "sealed:1:"


class Vault:
    """Seals and opens values."""

    def __init__(self, keys: KeyRepository) -> None:
        self._keys = keys

    def seal(self, value: Any) -> Any:
        """The value as its column holds it."""
        if not value:
            return value
        text = json.dumps(value, separators=(",", ":"))
        return MARK + self._keys.fernet.encrypt(text.encode()).decode()

    def open(self, value: Any) -> Any:
        """The value as it was given.  ``Corrupt`` when none of our keys opens it."""
        if is_clear(value):
            return value
        try:
            text = self._keys.fernet.decrypt(value[len(MARK) :])
        except InvalidToken:
            raise Corrupt("a stack's row: none of our keys opens it") from None
        return json.loads(text)

    def reload(self) -> None:
        """The keys were rotated."""
        self._keys.reload()


def is_clear(value: Any) -> bool:
    """Whether it was not sealed."""
    return not (isinstance(value, str) and value.startswith(MARK))
