"""From a browser's request to an answer: who asks, whether they may be believed, which
view answers, and what becomes of its errors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from compute.core.errors import Forbidden
from compute.dashboard.frame import guard
from compute.dashboard.frame.belief import (
    ANOTHER_SESSION,
    CSRF_HEADER,
    believed_form,
    check_origin,
)
from compute.dashboard.frame.fields import (
    BadForm,
    Form,
    Values,
    confirmation,
    read_values,
    refilled,
)
from compute.dashboard.frame.replies import Replies, sentence_of
from compute.dashboard.frame.routes import Route, Router
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.statics import PREFIX, Statics
from compute.dashboard.frame.submitted import read_form, read_off
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.rooms import Away, Rooms
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, Request, StartResponse

ENDED = "Your session has ended. Sign in again."
NOBODY = Session("", "", 0.0, "", "", "", "")
"""Whoever has not signed in."""
RoomsFor = Callable[[Session | None], Rooms]

_log = logging.getLogger("compute.dashboard")


class Dashboard:
    """A WSGI application."""

    def __init__(
        self,
        router: Router,
        replies: Replies,
        statics: Statics,
        rooms_for: RoomsFor,
        clock: Clock,
    ) -> None:
        self._router = router
        self._replies = replies
        self._statics = statics
        self._rooms_for = rooms_for
        self._clock = clock

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        request = Request(environ)
        reply = self._answer(request)
        if request.method == "POST":
            # A browser that is still sending would not see an answer of before.
            read_off(request)
        return reply(environ, start_response)

    # ---- who asks --------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        base = request.environ.get("SCRIPT_NAME", "")
        session = None
        try:
            path = request.path
            parts = path.strip("/").split("/")
            if parts[0] == PREFIX and len(parts) == 3:
                return self._statics.reply(request, parts[1], parts[2])
            session = self._replies.session_of(request)
            route, parameters = self._router.find(request.method, path)
            if session is None and not route.is_public:
                return self._without_session(request, base, route)
            return self._visit(request, base, route, parameters, session)
        except Rejected as error:
            if error.status == 401 and session is not None:
                return self._replies.to_sign_in(request, base)
            reply = self._replies.failure(
                request, base, session, error.status, error.text
            )
            reply.headers += list(error.headers)
            return reply
        except Unavailable as error:
            _log.warning("%s", error)
            room = f"The {error.room} service" if isinstance(error, Away) else "It"
            text = f"{room} does not answer just now. Try again in a moment."
            return self._replies.failure(request, base, session, 503, text)
        except Exception:  # noqa: BLE001  (told in the log, and nothing of it here)
            _log.exception("a page failed")
            text = "The log of the cloud knows more."
            return self._replies.failure(request, base, session, 500, text)

    def _without_session(self, request: Request, base: str, route: Route) -> Reply:
        """To sign in; with the answers of a form kept."""
        if request.header(CSRF_HEADER):
            return self._replies.failure(request, base, None, 401, ENDED)
        if request.method != "POST" or route.load is None:
            return self._replies.to_sign_in(request, base)
        check_origin(request)
        return self._replies.ended(request, base, read_form(request, route.uploads))

    def _visit(
        self,
        request: Request,
        base: str,
        route: Route,
        parameters: Mapping[str, str],
        session: Session | None,
    ) -> Reply:
        rooms = self._rooms_for(session)
        known = session or NOBODY
        visit = Visit(request, known, rooms, base, parameters, self._clock.time())
        if request.method == "POST":
            visit.submitted, is_believed = believed_form(request, session, route)
            shown = _act(visit, route) if is_believed else _again(visit, route)
        else:
            shown = _load(visit, route)
        reply = self._replies.shown(visit, session, shown)
        if session is not None:
            took = f"rooms;dur={rooms.seconds * 1000:.1f};desc={rooms.calls}"
            reply.headers.append(("Server-Timing", took))
        return reply


# ---- what a view answers ---------------------------------------------------------


def _load(visit: Visit, route: Route) -> Any:
    if route.load is None:
        back = guard.local_path(visit.query("back"), "/")
        return confirmation(route.question, back)
    return route.load(visit)


def _act(visit: Visit, route: Route) -> Any:
    assert route.act is not None
    if route.load is None:
        return _deed(visit, route)
    form = route.load(visit)
    if not isinstance(form, Form):
        return route.act(visit, Values(visit.submitted, {}))
    try:
        return route.act(visit, read_values(form, visit.submitted))
    except BadForm as error:
        return refilled(form, visit.submitted, error.errors)
    except Rejected as error:
        if error.status == 401:
            raise
        text = sentence_of(error.status, error.text)
        return refilled(form, visit.submitted, {"": text})


def _deed(visit: Visit, route: Route) -> Any:
    assert route.act is not None
    try:
        return route.act(visit, Values(visit.submitted, {}))
    except Rejected as error:
        back = visit.back("")
        if error.status in (401, 404) or not back:
            raise
        text = sentence_of(error.status, error.text)
        return Redirect(back, Notice(text, "bad"))


def _again(visit: Visit, route: Route) -> Form:
    """The form as it was answered, with this session's token: nothing is done by it."""
    form = route.load(visit) if route.load is not None else None
    if not isinstance(form, Form):
        raise Forbidden(ANOTHER_SESSION)
    return refilled(form, visit.submitted, {"": ANOTHER_SESSION})
