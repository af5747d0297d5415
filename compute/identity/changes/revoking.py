"""Ending tokens together with the rights that they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from compute.core.sql.database import Connection
from compute.identity.parts import Parts
from compute.identity.tokens.revocation import Subject, revoke

T = TypeVar("T")


def run_revoking(
    parts: Parts,
    change: Callable[[Connection], tuple[T, Iterable[Subject]]],
) -> T:
    """Run a change that also says whose tokens end; tell everybody afterwards."""

    def both(connection: Connection) -> tuple[T, bool]:
        value, subjects = change(connection)
        ended = list(subjects)
        for subject in ended:
            revoke(connection, subject, parts.now())
        return value, bool(ended)

    value, has_revoked = parts.run(both)
    if has_revoked:
        parts.tokens.tell_revoked()
    return value
