"""The dashboard, put together."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from compute.core.rooms.room import Room, RoomParts
from compute.dashboard import pages
from compute.dashboard.frame.application import Dashboard
from compute.dashboard.frame.render import Renderer
from compute.dashboard.frame.replies import Replies
from compute.dashboard.frame.routes import Route, Router
from compute.dashboard.frame.sealing import Sealer
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.session_key import session_key
from compute.dashboard.frame.statics import Statics
from compute.dashboard.frame.throttle import Throttle
from compute.dashboard.pages.account.provider_sign_in import ProviderSignIn
from compute.dashboard.pages.account.sign_in import SignIn
from compute.dashboard.rooms import Rooms
from compute.dashboard.settings import DashboardSettings

KEY_FILE = "session-key"


def all_routes() -> list[Route]:
    """Those of the modules in the rooms of ``pages`` that have some."""
    found: list[Route] = []
    for module in walk_packages(pages.__path__, f"{pages.__name__}."):
        found += getattr(import_module(module.name), "ROUTES", ())
    return found


def build_room(parts: RoomParts, settings: DashboardSettings) -> Room:
    """The room, ready to run; it has no tables and no loops."""
    path = settings.session_key_file or parts.state_directory / KEY_FILE
    statics = Statics()

    def rooms_for(session: Session | None) -> Rooms:
        token = "" if session is None else session.token
        project = "" if session is None else session.project_id
        return Rooms(parts.callers, token, project, settings.look_patience)

    throttle = Throttle(settings.sign_in_failures, parts.clock)
    sealer = Sealer(session_key(path))
    providers = ProviderSignIn(throttle, sealer)
    sign_in = SignIn(throttle, settings.domain, providers)
    application = Dashboard(
        Router([*all_routes(), *sign_in.routes(), *providers.routes()]),
        Replies(sealer, Renderer(statics.path), parts.clock),
        statics,
        rooms_for,
        parts.clock,
    )
    return Room("dashboard", application)
