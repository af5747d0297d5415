"""The options of the identity service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """Tokens, passwords, and when accounts are locked."""

    token_life: Seconds = option(3600.0, "How long a token is good", minimum=60)
    allow_expired_window: Seconds = option(
        172800.0,
        "So long after its end services may still ask about a token (allow_expired)",
        minimum=0,
    )
    revocation_refresh: Seconds = option(
        3.0, "How soon a process hears of what another has revoked", minimum=0
    )
    token_keys_max: int = option(
        3, "Keys kept when token keys are rotated: staged, primary, old ones", minimum=3
    )
    scrypt_log2_cost: int = option(
        15,
        "What one password hash costs: 2**15 is 32 MiB, 0.1 s",
        minimum=4,
        maximum=20,
    )
    hashes_at_once: int = option(
        2, "Passwords hashed at a time, each on a native thread", minimum=1, maximum=16
    )
    password_memory: Seconds = option(
        60.0,
        "So long a password just found right is recognised without hashing it again",
        minimum=0,
    )
    lockout_failures: int = option(
        10, "Wrong passwords in a row that lock a user out; 0: never", minimum=0
    )
    lockout_duration: Seconds = option(
        300.0, "How long a user is locked out", minimum=1
    )
    password_regex: str = option("", "What new passwords must match, whole; '': any")
    password_regex_description: str = option("", "The same in words, for people")
    password_life: Seconds = option(0.0, "After this a password is expired; 0: never")
    password_history: int = option(
        0, "Old passwords that must not come back when users change theirs", minimum=0
    )
    max_trust_redelegation: int = option(
        3, "How often a trust may be handed on", minimum=0
    )
    federation_file: Path | None = option(
        None,
        "The operator's file of identity providers; default: federation.conf below the"
        " room's state, if it is there",
    )
    region: str = option("RegionOne", "The region that bootstrap makes")
