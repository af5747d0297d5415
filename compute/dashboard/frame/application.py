"""From a browser's request to a page: who asks, whether they may be believed, which
view answers, and what becomes of its errors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from compute.core.api import json_reply
from compute.core.errors import Forbidden
from compute.dashboard.frame import guard
from compute.dashboard.frame.addresses import address_of, sign_in_path
from compute.dashboard.frame.belief import (
    ANOTHER_SESSION,
    CSRF_FIELD,
    CSRF_HEADER,
    believed_form,
    check_origin,
)
from compute.dashboard.frame.cookies import read_cookies, set_cookie
from compute.dashboard.frame.fields import BadForm, Form, Values, read_values, refilled
from compute.dashboard.frame.headers import page_headers
from compute.dashboard.frame.menu import menu_of
from compute.dashboard.frame.render import Renderer
from compute.dashboard.frame.routes import Route, Router
from compute.dashboard.frame.sealing import Sealer
from compute.dashboard.frame.session import Session, read_session, write_session
from compute.dashboard.frame.statics import PREFIX, Statics
from compute.dashboard.frame.submitted import read_form
from compute.dashboard.frame.view import Page
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.rooms import Away, Rooms
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Environ, Request, StartResponse

SESSION_COOKIE = "ringstack-session"
UNKEPT_FIELD = "unkept"  # names the fields whose answers are secret
NOTICE_COOKIE = "ringstack-notice"
NOTICE_SECONDS = 60
NOTICE_CHARACTERS_MAX = 600
HTML = "text/html; charset=UTF-8"

_log = logging.getLogger("compute.dashboard")
_TITLES = {
    400: "That request made no sense",
    403: "You may not do that",
    404: "There is nothing here",
    405: "That cannot be done here",
    409: "That is not possible just now",
    413: "That is too large",
    500: "Something broke",
    503: "A part of the cloud is away",
}
ENDED = "Your session has ended. Sign in again."
NOBODY = Session("", "", 0.0, "", "", "", "")
"""Whoever has not signed in."""
RoomsFor = Callable[[Session | None], Rooms]


class Dashboard:
    """A WSGI application."""

    def __init__(
        self,
        router: Router,
        sealer: Sealer,
        renderer: Renderer,
        statics: Statics,
        rooms_for: RoomsFor,
        clock: Clock,
    ) -> None:
        self._router = router
        self._sealer = sealer
        self._renderer = renderer
        self._statics = statics
        self._rooms_for = rooms_for
        self._clock = clock

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        return self._answer(Request(environ))(environ, start_response)

    # ---- who asks --------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        base = request.environ.get("SCRIPT_NAME", "")
        session = None
        try:
            path = request.path
            parts = path.strip("/").split("/")
            if parts[0] == PREFIX and len(parts) == 3:
                return self._statics.reply(request, parts[1], parts[2])
            cookies = read_cookies(request.header("Cookie"))
            now = self._clock.time()
            sealed = cookies.get(SESSION_COOKIE, "")
            session = read_session(self._sealer, sealed, now)
            route, parameters = self._router.find(request.method, path)
            if session is None and not route.is_public:
                return self._without_session(request, base, route)
            return self._visit(request, base, route, parameters, session, cookies)
        except Rejected as error:
            if error.status == 401 and session is not None:
                return self._to_sign_in(request, base)
            reply = self._failure(request, base, session, error.status, error.text)
            reply.headers += list(error.headers)
            return reply
        except Unavailable as error:
            _log.warning("%s", error)
            room = f"The {error.room} service" if isinstance(error, Away) else "It"
            text = f"{room} does not answer just now. Try again in a moment."
            return self._failure(request, base, session, 503, text)
        except Exception:  # noqa: BLE001  (told in the log, and nothing of it here)
            _log.exception("a page failed")
            text = "The log of the cloud knows more."
            return self._failure(request, base, session, 500, text)

    def _visit(
        self,
        request: Request,
        base: str,
        route: Route,
        parameters: Mapping[str, str],
        session: Session | None,
        cookies: Mapping[str, str],
    ) -> Reply:
        rooms = self._rooms_for(session)
        known = session or NOBODY
        visit = Visit(request, known, rooms, base, parameters, self._clock.time())
        if request.method == "POST":
            visit.submitted, is_believed = believed_form(request, session, route)
            shown = self._act(visit, route) if is_believed else _again(visit, route)
        else:
            shown = self._load(visit, route)
        notice = self._sealer.open("notice", cookies.get(NOTICE_COOKIE, ""))
        reply = self._reply_of(visit, session, shown, notice)
        if session is not None:
            took = f"rooms;dur={rooms.seconds * 1000:.1f};desc={rooms.calls}"
            reply.headers.append(("Server-Timing", took))
        return reply

    # ---- what they get ---------------------------------------------------------

    def _load(self, visit: Visit, route: Route) -> Any:
        if route.load is None:
            back = guard.local_path(visit.query("back"), "/")
            return Form(route.question, (), "Yes, go on", back, look="danger")
        return route.load(visit)

    def _act(self, visit: Visit, route: Route) -> Any:
        assert route.act is not None
        if route.load is None:
            return self._deed(visit, route)
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
            text = error.text or _TITLES.get(error.status, "It was refused.")
            return refilled(form, visit.submitted, {"": text})

    def _deed(self, visit: Visit, route: Route) -> Any:
        assert route.act is not None
        try:
            return route.act(visit, Values(visit.submitted, {}))
        except Rejected as error:
            back = visit.back("")
            if error.status in (401, 404) or not back:
                raise
            text = error.text or _TITLES.get(error.status, "It was refused.")
            return Redirect(back, Notice(text, "bad"))

    def _reply_of(
        self, visit: Visit, session: Session | None, shown: Any, notice: Any
    ) -> Reply:
        if isinstance(shown, Reply):
            return shown
        if visit.request.header(CSRF_HEADER):
            return self._said_to_script(visit, shown)
        if isinstance(shown, Redirect):
            return self._redirect(visit.request, visit.base, shown)
        status, frame_url = 200, ""
        if isinstance(shown, Form):
            has_errors = shown.problem or any(each.error for each in shown.flat())
            status = 422 if has_errors else 200
            shown = Page(shown.title, shown.menu, [shown], lead=shown.lead)
        elif isinstance(shown, Page):
            status, frame_url = shown.status, shown.frame_url
        html = self._html(visit.base, session, shown, visit, notice)
        headers = page_headers(frame_url)
        if notice is not None:
            headers.append(self._cookie(visit.request, NOTICE_COOKIE, "", 0))
        return Reply(status, html, headers, HTML)

    def _said_to_script(self, visit: Visit, shown: Any) -> Reply:
        """Where to go on, or what was wrong, for a script that uploads."""
        if isinstance(shown, Redirect):
            return json_reply(200, {"go": visit.base + shown.path}, page_headers())
        text = "It was refused."
        if isinstance(shown, Form):
            wrong = [each.error for each in shown.flat() if each.error]
            text = " ".join([shown.problem, *wrong]).strip()
        return json_reply(422, {"text": text}, page_headers())

    def _html(
        self,
        base: str,
        session: Session | None,
        page: Page,
        visit: Visit | None = None,
        notice: Any = None,
    ) -> bytes:
        text = self._renderer.draw(
            "page.html" if session is not None else "outside.html",
            page=page,
            base=base,
            session=session,
            menu=menu_of(session) if session is not None else (),
            here=base + address_of(visit.request) if visit is not None else base + "/",
            notice=notice,
            problems=sorted(set(visit.problems)) if visit is not None else (),
            now=self._clock.time(),
        )
        return text.encode("utf-8", "replace")

    def _failure(
        self,
        request: Request,
        base: str,
        session: Session | None,
        status: int,
        text: str,
    ) -> Reply:
        if request.header(CSRF_HEADER):
            said = {"text": text or "It was refused."}
            return json_reply(status, said, page_headers())
        title = _TITLES.get(status, "That did not work")
        page = Page(title, "", lead=text or "It was refused.", status=status)
        html = self._html(base, session, page)
        return Reply(status, html, page_headers(), HTML)

    # ---- ways ------------------------------------------------------------------

    def _without_session(self, request: Request, base: str, route: Route) -> Reply:
        """To sign in; with the answers of a form kept, for they may be long."""
        if request.header(CSRF_HEADER):
            return self._failure(request, base, None, 401, ENDED)
        if request.method != "POST" or route.load is None:
            return self._to_sign_in(request, base)
        check_origin(request)
        submitted = read_form(request, route.uploads)
        left_out = {CSRF_FIELD, UNKEPT_FIELD, *submitted.all(UNKEPT_FIELD)}
        kept = [
            (name, text)
            for name, texts in submitted.values.items()
            if name not in left_out
            for text in texts
        ]
        html = self._renderer.draw(
            "ended.html",
            page=Page("Your session has ended", ""),
            base=base,
            here=base + address_of(request),
            kept=kept,
        )
        raw = html.encode("utf-8", "replace")
        return Reply(401, raw, page_headers(), HTML)

    def _to_sign_in(self, request: Request, base: str) -> Reply:
        from_ = address_of(request) if request.method == "GET" else "/"
        reply = self._redirect(request, base, Redirect(sign_in_path(from_)))
        # Of two that differ ours is left: without it the other would be believed.
        if read_cookies(request.header("Cookie")).get(SESSION_COOKIE):
            reply.headers.append(self._cookie(request, SESSION_COOKIE, "", 0))
        return reply

    def _redirect(self, request: Request, base: str, to: Redirect) -> Reply:
        headers: HeaderList = [*page_headers(), ("Location", base + to.path)]
        if to.session is not None:
            left = int(to.session.expires_at - self._clock.time())
            sealed = write_session(self._sealer, to.session) if left > 0 else ""
            headers.append(self._cookie(request, SESSION_COOKIE, sealed, max(left, 0)))
        if to.notice is not None:
            text = to.notice.text[:NOTICE_CHARACTERS_MAX]
            sealed = self._sealer.seal("notice", [text, to.notice.tone])
            headers.append(self._cookie(request, NOTICE_COOKIE, sealed, NOTICE_SECONDS))
        return Reply(303, b"", headers, None)

    def _cookie(
        self, request: Request, name: str, value: str, seconds: int
    ) -> tuple[str, str]:
        environ = request.environ
        forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip()
        is_secure = "https" in (
            forwarded,
            environ.get("wsgi.url_scheme", ""),
        )
        path = environ.get("SCRIPT_NAME", "") or "/"
        return set_cookie(name, value, path=path, is_secure=is_secure, seconds=seconds)


def _again(visit: Visit, route: Route) -> Form:
    """The form as it was answered, with this session's token: nothing is done by it."""
    form = route.load(visit) if route.load is not None else None
    if not isinstance(form, Form):
        raise Forbidden(ANOTHER_SESSION)
    return refilled(form, visit.submitted, {"": ANOTHER_SESSION})
