"""When wrong passwords lock a user out, and when a password is too old.  Pure.

After ``lockout_failures`` wrong passwords in a row nobody gets in, not even with the
right one, until ``lockout_duration`` has passed since the last of them.  Users with
the option ``ignore_lockout_failure_attempts`` (services) are never locked out.
"""

from __future__ import annotations

from compute.identity.model import User
from compute.identity.settings import IdentitySettings

IGNORE_LOCKOUT = "ignore_lockout_failure_attempts"
IGNORE_EXPIRY = "ignore_password_expiry"
LOCK_PASSWORD = "lock_password"


def is_locked(user: User, settings: IdentitySettings, now: float) -> bool:
    """Whether the user is locked out now."""
    if not settings.lockout_failures or user.options.get(IGNORE_LOCKOUT):
        return False
    return (
        user.failures >= settings.lockout_failures
        and now - user.failed_at < settings.lockout_duration
    )


def failures_after(user: User, settings: IdentitySettings, now: float) -> int:
    """The count after one more wrong password; an old lock is over."""
    if now - user.failed_at >= settings.lockout_duration:
        return 1
    return user.failures + 1


def is_expired(user: User, now: float) -> bool:
    """Whether the password is too old to be used."""
    if user.options.get(IGNORE_EXPIRY):
        return False
    return user.password_expires_at is not None and user.password_expires_at <= now


def expiry_of(settings: IdentitySettings, now: float) -> float | None:
    """When a password set now expires."""
    return now + settings.password_life if settings.password_life else None
