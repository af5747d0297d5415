"""What this API rejects requests with, as Cinder does it."""

from __future__ import annotations

from compute.core.errors import ApiError, BadRequest

RETRY_AFTER_SECONDS = "0"


class OverLimit(ApiError):
    """Beyond a quota: this API says so with 413."""

    status_default = 413
    kind_default = "OverLimit"

    def __init__(self, text: str) -> None:
        super().__init__(text, headers=(("Retry-After", RETRY_AFTER_SECONDS),))


class InvalidStatus(BadRequest):
    """The thing's status forbids it: this API says so with 400."""

    kind_default = "InvalidStatus"
