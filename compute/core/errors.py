"""What the rooms reject requests with; each API writes them in its own dialect.

All are ``Rejected``: status and text.  ``kind`` is the name that Neutron's dialect
shows as ``type`` and is otherwise silent; ``details`` is for those who may see more.
"""

from __future__ import annotations

from objectstore.kernel.errors import Rejected


class ApiError(Rejected):
    """A rejection with a name."""

    status_default = 400
    kind_default = "BadRequest"

    def __init__(
        self,
        text: str = "",
        *,
        kind: str = "",
        status: int = 0,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(status or self.status_default, text, headers)
        self.kind = kind or self.kind_default


class BadRequest(ApiError):
    """The request itself is wrong; the text names the field."""


class Unauthorized(ApiError):
    """No token, or one that is not good."""

    status_default = 401
    kind_default = "Unauthorized"

    def __init__(
        self, text: str = "The request you have made requires authentication."
    ) -> None:
        super().__init__(text, headers=(("WWW-Authenticate", "Keystone uri"),))


class Forbidden(ApiError):
    """The caller may see the thing but not do this to it."""

    status_default = 403
    kind_default = "Forbidden"


class PolicyNotAuthorized(Forbidden):
    """A policy rule says no."""

    kind_default = "PolicyNotAuthorized"


class QuotaExceeded(Forbidden):
    """More than the project may have."""

    kind_default = "OverQuota"


class NotFound(ApiError):
    """There is no such thing, or it is somebody else's."""

    status_default = 404
    kind_default = "NotFound"


class MethodNotAllowed(ApiError):
    """The path is there, the method is not."""

    status_default = 405
    kind_default = "MethodNotAllowed"


class NotAcceptable(ApiError):
    """A version that is not served."""

    status_default = 406
    kind_default = "NotAcceptable"


class Conflict(ApiError):
    """The thing is in a state, or has a name, that forbids it."""

    status_default = 409
    kind_default = "Conflict"


class Gone(ApiError):
    """It was here once, and will not come back."""

    status_default = 410
    kind_default = "Gone"


class NotSupported(ApiError):
    """The API has this, and no part of this cloud could do it."""

    status_default = 501
    kind_default = "NotImplemented"


class Stale(Conflict):
    """Somebody else changed the record meanwhile: read it again, decide again."""

    kind_default = "StaleRevision"
