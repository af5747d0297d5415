"""How long a claim of an upload holds."""

from __future__ import annotations

from objectstore.kernel.process_mark import own_mark
from objectstore.s3.multipart.claim import CLAIM_SECONDS, DEAD_CLAIM_SECONDS, is_held

AT = "1700000000.00000"
NOW = float(AT)
LIVING = own_mark()
# Began at another time: whoever had this process's id before it.
DEAD = f"{LIVING.rpartition(':')[0]}:0"
ELSEWHERE = f"another{LIVING}"


def test_a_claim_ends_by_its_age_or_soon_after_its_holder() -> None:
    for holder in (LIVING, ELSEWHERE, ""):
        assert is_held(AT, holder, NOW + CLAIM_SECONDS - 1)
        assert not is_held(AT, holder, NOW + CLAIM_SECONDS)
    assert is_held(AT, DEAD, NOW + DEAD_CLAIM_SECONDS - 1)
    assert not is_held(AT, DEAD, NOW + DEAD_CLAIM_SECONDS)
    assert not is_held("", "", NOW)


def test_a_claim_of_a_clock_far_ahead_holds_no_longer() -> None:
    assert is_held(AT, ELSEWHERE, NOW - CLAIM_SECONDS + 1)
    assert not is_held(AT, ELSEWHERE, NOW - CLAIM_SECONDS)
