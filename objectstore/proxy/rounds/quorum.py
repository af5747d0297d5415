"""How many replicas must agree, and what a failed round tells the client.

Pure.  Replicas answer a write with a receipt (an *ack*), with ``Rejected`` (a
*refusal*: the call is wrong, another replica would say the same), or not at
all (``Unavailable``, ``Corrupt``: a *failure*: another device can stand in).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable


def majority(replicas: int) -> int:
    """More than half: any two majorities have a replica in common, so a read
    of a majority meets every write that a majority has acknowledged."""
    return replicas // 2 + 1


def failed_round(
    refusals: Sequence[Rejected], failures: Sequence[BaseException], needed: int
) -> Exception:
    """The error to raise when fewer than ``needed`` replicas acknowledged.

    The refusal that most replicas gave, when at least as many answered as are
    needed; 507 when all failures are full devices; otherwise 503.
    """
    if refusals and (not failures or len(refusals) >= needed):
        (status, text), _ = Counter(
            (refusal.status, refusal.text) for refusal in refusals
        ).most_common(1)[0]
        return Rejected(status, text)
    if failures and all(isinstance(each, InsufficientStorage) for each in failures):
        return InsufficientStorage("every device that could hold this is full")
    return Unavailable(
        f"fewer than {needed} replicas answered: "
        + "; ".join(str(failure) for failure in failures)
    )
