"""Whether a form that was sent is one of ours, and of this session."""

from __future__ import annotations

from compute.core.errors import Forbidden
from compute.dashboard.frame import guard
from compute.dashboard.frame.routes import Route
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.submitted import Submitted, read_form, script_upload
from objectstore.kernel.request import Request

CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
ANOTHER_SESSION = (
    "The page was from before you signed in or went to another project: nothing was"
    " done. Look whether it is what you want here, and send it again."
)


def check_origin(request: Request) -> None:
    """``Forbidden`` for a form of other people's pages."""
    if not guard.is_same_origin(
        request.header("Origin"), request.header("Referer"), request.header("Host")
    ):
        raise Forbidden("The form was sent from somewhere else.")


def believed_form(
    request: Request, session: Session | None, route: Route
) -> tuple[Submitted, bool]:
    """What was sent, and whether it is of this session; pages that are public are of
    none.  ``Forbidden`` when it is not of our pages at all; ``Rejected`` 400, 413."""
    check_origin(request)
    if session is None or route.is_public:
        return read_form(request, route.uploads), True
    given = request.header(CSRF_HEADER)
    if given and not guard.is_token(given, session.csrf):
        raise Forbidden(ANOTHER_SESSION)
    if given and route.uploads:
        return script_upload(request, route.uploads), True
    submitted = read_form(request, route.uploads)
    return submitted, guard.is_token(given or submitted.one(CSRF_FIELD), session.csrf)
