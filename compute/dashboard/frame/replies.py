"""What a browser is sent: pages, forms, ways on, failures, sentences for scripts."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import json_reply
from compute.dashboard.frame.addresses import address_of, sign_in_path
from compute.dashboard.frame.belief import CSRF_FIELD, CSRF_HEADER
from compute.dashboard.frame.cookies import read_cookies, set_cookie
from compute.dashboard.frame.fields import Form
from compute.dashboard.frame.headers import is_https, page_headers
from compute.dashboard.frame.menu import menu_of
from compute.dashboard.frame.provider_sign_in import WAY_SECONDS
from compute.dashboard.frame.render import Renderer
from compute.dashboard.frame.sealing import Sealer
from compute.dashboard.frame.session import Session, read_session, write_session
from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.frame.view import Action, Page
from compute.dashboard.frame.visit import WAY_COOKIE, Redirect, Visit
from objectstore.kernel.clock import Clock
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Request

SESSION_COOKIE = "ringstack-session"
NOTICE_COOKIE = "ringstack-notice"
NOTICE_SECONDS = 60
NOTICE_CHARACTERS_MAX = 600
UNKEPT_FIELD = "unkept"  # names the fields whose answers are secret
HTML = "text/html; charset=UTF-8"
REFUSED = "It was refused."
TITLES = {
    400: "That request made no sense",
    403: "You may not do that",
    404: "There is nothing here",
    405: "That cannot be done here",
    409: "That is not possible just now",
    413: "That is too large",
    500: "Something broke",
    503: "A part of the cloud is away",
}


def sentence_of(status: int, text: str) -> str:
    """What a refusal says."""
    return text or TITLES.get(status, REFUSED)


class Replies:
    """Draws what views have said, and keeps the cookies."""

    def __init__(self, sealer: Sealer, renderer: Renderer, clock: Clock) -> None:
        self._sealer = sealer
        self._renderer = renderer
        self._clock = clock

    def session_of(self, request: Request) -> Session | None:
        """Who is signed in."""
        sealed = read_cookies(request.header("Cookie")).get(SESSION_COOKIE, "")
        return read_session(self._sealer, sealed, self._clock.time())

    def shown(self, visit: Visit, session: Session | None, shown: Any) -> Reply:
        """What a view has answered: a reply, a way on, a form or a page."""
        if isinstance(shown, Reply):
            return shown
        if visit.request.header(CSRF_HEADER):
            return _said_to_script(visit, shown)
        if isinstance(shown, Redirect):
            return self.redirect(visit.request, visit.base, shown)
        status, frame_url = 200, ""
        if isinstance(shown, Form):
            has_errors = shown.problem or any(each.error for each in shown.flat())
            status = 422 if has_errors else 200
            shown = Page(shown.title, shown.menu, [shown], lead=shown.lead)
        elif isinstance(shown, Page):
            status, frame_url = shown.status, shown.frame_url
        cookies = read_cookies(visit.request.header("Cookie"))
        notice = self._sealer.open("notice", cookies.get(NOTICE_COOKIE, ""))
        html = self._html(visit.base, session, shown, visit, notice)
        headers = page_headers(frame_url)
        if notice is not None:
            headers.append(_cookie(visit.request, NOTICE_COOKIE, "", 0))
        return Reply(status, html, headers, HTML)

    def failure(
        self,
        request: Request,
        base: str,
        session: Session | None,
        status: int,
        text: str,
    ) -> Reply:
        """A page that says what went wrong, or the same for a script."""
        if request.header(CSRF_HEADER):
            return json_reply(status, {"text": text or REFUSED}, page_headers())
        title = TITLES.get(status, "That did not work")
        again: list[Action] = []
        if status == 503 and request.method == "GET":
            path = address_of(request)
            again = [Action("Try again", path, is_form=True, look="primary")]
        page = Page(title, "", actions=again, lead=text or REFUSED, status=status)
        html = self._html(base, session, page)
        return Reply(status, html, page_headers(), HTML)

    def ended(self, request: Request, base: str, submitted: Submitted) -> Reply:
        """The session has ended: the answers of a form, but secret ones, are kept, for
        they may be long."""
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

    def to_sign_in(self, request: Request, base: str) -> Reply:
        """The form, from which one comes back here."""
        from_ = address_of(request) if request.method == "GET" else "/"
        reply = self.redirect(request, base, Redirect(sign_in_path(from_)))
        # Of two that differ ours is left: without it the other would be believed.
        if read_cookies(request.header("Cookie")).get(SESSION_COOKIE):
            reply.headers.append(_cookie(request, SESSION_COOKIE, "", 0))
        return reply

    def redirect(self, request: Request, base: str, to: Redirect) -> Reply:
        """On to another page, with a notice or a session."""
        place = to.path if to.is_outside else base + to.path
        headers: HeaderList = [*page_headers(), ("Location", place)]
        if to.session is not None:
            left = int(to.session.expires_at - self._clock.time())
            sealed = write_session(self._sealer, to.session) if left > 0 else ""
            headers.append(_cookie(request, SESSION_COOKIE, sealed, max(left, 0)))
        if to.notice is not None:
            text = to.notice.text[:NOTICE_CHARACTERS_MAX]
            sealed = self._sealer.seal("notice", [text, to.notice.tone])
            headers.append(_cookie(request, NOTICE_COOKIE, sealed, NOTICE_SECONDS))
        if to.way is not None:
            seconds = WAY_SECONDS if to.way else 0
            headers.append(_cookie(request, WAY_COOKIE, to.way, seconds))
        return Reply(303, b"", headers, None)

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


def _said_to_script(visit: Visit, shown: Any) -> Reply:
    """Where to go on, or what was wrong, for a script that uploads."""
    if isinstance(shown, Redirect):
        return json_reply(200, {"go": visit.base + shown.path}, page_headers())
    text = REFUSED
    if isinstance(shown, Form):
        wrong = [each.error for each in shown.flat() if each.error]
        text = " ".join([shown.problem, *wrong]).strip()
    return json_reply(422, {"text": text}, page_headers())


def _cookie(request: Request, name: str, value: str, seconds: int) -> tuple[str, str]:
    environ = request.environ
    path = environ.get("SCRIPT_NAME", "") or "/"
    is_secure = is_https(environ)
    return set_cookie(name, value, path=path, is_secure=is_secure, seconds=seconds)
