"""One request of a browser, as views see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from compute.dashboard.frame.guard import local_path
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.rooms import Rooms
from objectstore.kernel.request import Request

WAY_COOKIE = "ringstack-way"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the next page.  ``tone``: good or bad."""

    text: str
    tone: str = "good"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go there (a path of ours) with that notice.  ``session``: signed in anew.

    ``is_outside``: it is the URL of an identity provider, as identity has told it;
    ``way``: what the browser keeps until it is back from there ("": no more).
    """

    path: str
    notice: Notice | None = None
    session: Session | None = None
    is_outside: bool = False
    way: str | None = None


@dataclass(slots=True)
class Visit:
    """Who asks for what.

    ``parameters``: what the path names; ``rooms``: in the person's own token;
    ``problems``: rooms that did not answer, which the page tells.
    """

    request: Request
    session: Session
    rooms: Rooms
    base: str
    parameters: Mapping[str, str]
    now: float
    submitted: Submitted = field(default_factory=Submitted)
    problems: list[str] = field(default_factory=list)

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.request.query.get(name, default)

    def __getitem__(self, name: str) -> str:
        """What the path names."""
        return self.parameters[name]

    def back(self, default: str) -> str:
        """Where the form was sent from, when it says so; else ``default``."""
        path = local_path(self.submitted.one("back"), "")
        if self.base and not (path == self.base or path.startswith(self.base + "/")):
            return default
        return path.removeprefix(self.base) or default

    def done(self, path: str, text: str) -> Redirect:
        """Go back to where the order was given, or on to ``path``, and say so."""
        return Redirect(self.back(path), Notice(text))


def at(*segments: str, **query: str) -> str:
    """A path of ours: ``at("servers", id)``."""
    path = "".join(f"/{quote(segment, safe='')}" for segment in segments)
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path
