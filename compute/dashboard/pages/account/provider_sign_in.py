"""To an identity provider, and back signed in."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

from compute.dashboard.frame import provider_sign_in as flow
from compute.dashboard.frame import signing
from compute.dashboard.frame.cookies import read_cookies
from compute.dashboard.frame.fields import Way
from compute.dashboard.frame.guard import local_path
from compute.dashboard.frame.headers import is_https
from compute.dashboard.frame.routes import Route
from compute.dashboard.frame.sealing import Sealer
from compute.dashboard.frame.throttle import Throttle
from compute.dashboard.frame.visit import WAY_COOKIE, Notice, Redirect, Visit, at
from objectstore.kernel.errors import Rejected, Unavailable

STATE_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 4096
FAILED = Notice("The provider did not let you in, or nobody here knows you.", "bad")
LOST = Notice("That sign-in is over, or began in another browser. Try again.", "bad")
AWAY = Notice("The provider does not answer just now. Try again in a moment.", "bad")


class ProviderSignIn:
    """The pages, both of people who are not signed in."""

    def __init__(self, throttle: Throttle, sealer: Sealer) -> None:
        self._throttle = throttle
        self._sealer = sealer

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("sign-in/with/{provider}/{protocol}", self.leave, is_public=True),
            Route("sign-in/back/{provider}/{protocol}", self.back, is_public=True),
        ]

    def ways(self, visit: Visit) -> list[Way]:
        """What the sign-in page offers; nothing while identity is away."""
        with suppress(Rejected, Unavailable):
            next_path = local_path(visit.query("next"), "/")
            return [
                Way(
                    f"Sign in with {each.label}",
                    at("sign-in", "with", each.provider_id, each.protocol_id)
                    + "?"
                    + urlencode({"next": next_path}),
                )
                for each in flow.choices(visit.rooms)
            ]
        return []

    def leave(self, visit: Visit) -> Redirect:
        """On to the provider."""
        provider, protocol = visit["provider"], visit["protocol"]
        environ = visit.request.environ
        scheme = "https" if is_https(environ) else "http"
        back = at("sign-in", "back", provider, protocol)
        redirect_uri = f"{scheme}://{visit.request.header('Host')}{visit.base}{back}"
        next_path = local_path(visit.query("next"), "/")
        way = flow.new_way(provider, protocol, redirect_uri, next_path, visit.now)
        try:
            url = flow.address_of(visit.rooms, way)
        except Unavailable:
            return Redirect("/sign-in", AWAY)
        except Rejected:
            return Redirect("/sign-in", FAILED)
        return Redirect(url, is_outside=True, way=flow.write_way(self._sealer, way))

    def back(self, visit: Visit) -> Redirect:
        """Back with a code, once."""
        address = visit.request.environ.get("REMOTE_ADDR", "")
        if self._throttle.wait_seconds(address):
            return Redirect("/sign-in", FAILED, way="")
        kept = read_cookies(visit.request.header("Cookie")).get(WAY_COOKIE, "")
        way = flow.read_way(self._sealer, kept, visit.now)
        state = visit.query("state")[:STATE_CHARACTERS_MAX]
        here = visit["provider"], visit["protocol"]
        if way is None or not flow.is_back(way, *here, state):
            return Redirect("/sign-in", LOST, way="")
        code = visit.query("code")
        if not code or len(code) > CODE_CHARACTERS_MAX:
            return Redirect("/sign-in", FAILED, way="")
        self._throttle.tried(address)
        try:
            session = flow.sign_in_by_code(visit.rooms, way, code)
        except Unavailable:
            self._throttle.forgive(address)
            return Redirect("/sign-in", AWAY, way="")
        except Rejected:
            return Redirect("/sign-in", FAILED, way="")
        self._throttle.forgive(address)
        if visit.session.token:
            with suppress(Rejected):
                signing.revoke(visit.rooms, visit.session.token)
        return Redirect(way.next_path, session=session, way="")
