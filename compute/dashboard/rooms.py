"""The other rooms, asked in the signed-in person's own token, several at a time.

What they reject is raised as it is: rights, quotas and tenancy are theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from compute.core.rooms import paths as room_api
from objectstore.client.caller import Answer, Caller, Content
from objectstore.kernel.concurrency import spawn, wait_task
from objectstore.kernel.errors import Rejected, Unavailable

# The newest versions whose bodies are written and read here.
COMPUTE_VERSION = "2.96"
# Later versions make no keys any more.
KEY_MAKING_VERSION = "2.91"
VOLUME_VERSION = "3.67"
# Secrets that somebody has told to use are not deleted from here on.
SECRET_VERSION = "1.2"
PATIENCE_SECONDS = 60.0
# A page with what the other rooms say is better than none for a minute.
LOOK_PATIENCE_SECONDS = 10.0
# A store that has taken a whole body syncs it on several disks before it answers.
STREAM_PATIENCE_SECONDS = 600.0


class Away(Unavailable):
    """A room that did not answer as it should."""

    def __init__(self, room: str, text: str) -> None:
        super().__init__(f"{room}: {text}")
        self.room = room


class Refused(Rejected):
    """What a room would not do, in its own words."""

    def __init__(self, room: str, status: int, text: str) -> None:
        super().__init__(status, text)
        self.room = room


class Answers:
    """What several questions brought; those that failed tell it when they are read."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found
        self.problems: list[str] = []

    def __getitem__(self, name: str) -> Any:
        """The answer, or its exception."""
        value = self._found[name]
        if isinstance(value, Exception):
            raise value
        return value

    def get(self, name: str, default: Any) -> Any:
        """The answer, or ``default`` where the room is away or refused; the end of the
        session is raised all the same."""
        value = self._found.get(name, default)
        if isinstance(value, Unavailable):
            self.problems.append(_room_of(value))
            return default
        if isinstance(value, Rejected) and value.status != 401:
            return default
        if isinstance(value, Exception):
            raise value
        return value


class Rooms:
    """For one token, within one page: counts the calls and what they took."""

    def __init__(
        self,
        callers: Mapping[str, Caller],
        token: str,
        project_id: str,
        look_patience: float = LOOK_PATIENCE_SECONDS,
    ) -> None:
        self._callers = callers
        self._look_patience = look_patience
        self._token = token
        self._project_id = project_id
        self.calls = 0
        self.seconds = 0.0

    def has(self, room: str) -> bool:
        """Whether this process knows where that room is."""
        return room in self._callers

    def together(self, **questions: Callable[[], Any]) -> Answers:
        """Ask all at once; each answer by its name."""
        tasks = {name: spawn(_caught, ask) for name, ask in questions.items()}
        return Answers({name: wait_task(task) for name, task in tasks.items()})

    def get(self, room: str, *path: str, **query: Any) -> Any:
        """A document."""
        return self.call(room, "GET", path_of(path, query))

    def post(self, room: str, *path: str, body: Any) -> Any:
        """Make something, or have something done."""
        return self.call(room, "POST", path_of(path), body)

    def put(self, room: str, *path: str, body: Any = None) -> Any:
        """Change something."""
        return self.call(room, "PUT", path_of(path), body)

    def patch(
        self, room: str, *path: str, body: Any, kind: str = "application/json"
    ) -> Any:
        """Change something by a patch of that media type."""
        return self.call(room, "PATCH", path_of(path), body, {"Content-Type": kind})

    def delete(self, room: str, *path: str, **query: Any) -> None:
        """Take something away."""
        self.call(room, "DELETE", path_of(path, query))

    def call(
        self,
        room: str,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One call with JSON both ways.  ``Refused``, ``Away``."""
        sent = {"Accept": "application/json"}
        content = b""
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        sent |= headers or {}
        with self.stream(room, method, path, sent, content) as answer:
            raw = answer.read()
        try:
            return orjson.loads(raw) if raw else {}
        except orjson.JSONDecodeError:
            return {}

    def stream(
        self,
        room: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
    ) -> Answer:
        """One call whose bodies may be large, as they come.  ``Refused``, ``Away``."""
        caller = self._callers.get(room)
        if caller is None:
            raise Away(room, "nobody knows where it is")
        sent = {"X-Auth-Token": self._token, **_versions(room), **(headers or {})}
        patience = PATIENCE_SECONDS
        if method in ("GET", "HEAD"):
            patience = self._look_patience
        elif not isinstance(body, bytes):
            patience = STREAM_PATIENCE_SECONDS
        began = time.monotonic()
        try:
            answer = caller.request(
                method, self._base(room) + path, sent, body, timeout=patience
            )
        except Unavailable as error:
            raise Away(room, str(error)) from error
        finally:
            self.calls += 1
            self.seconds += time.monotonic() - began
        if answer.status < 400:
            return answer
        with answer:
            text = _text(answer.read())
        if answer.status >= 500 and answer.status != 501:
            raise Away(room, f"it answered {answer.status} to {method} {path}")
        raise Refused(room, answer.status, text)

    def _base(self, room: str) -> str:
        if room == "volume":
            return f"/v3/{self._project_id}"
        return room_api.base_of(room, self._project_id)


def path_of(segments: tuple[str, ...], query: Mapping[str, Any] | None = None) -> str:
    """A path, percent-encoded; parameters that are None are left out.  ``Rejected``
    404 where a name is missing, or would lead to something above."""
    given = {key: value for key, value in (query or {}).items() if value is not None}
    return room_api.path_of(segments, given)


def _versions(room: str) -> dict[str, str]:
    if room == "compute":
        return {"X-OpenStack-Nova-API-Version": COMPUTE_VERSION}
    if room == "volume":
        return {"OpenStack-API-Version": f"volume {VOLUME_VERSION}"}
    if room == "key-manager":
        return {"OpenStack-API-Version": f"key-manager {SECRET_VERSION}"}
    return {}


def _caught(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  raised where the answer is read
        return error


def _room_of(error: Unavailable) -> str:
    return error.room if isinstance(error, Away) else "a service"


def _text(raw: bytes) -> str:
    try:
        return room_api.sentence_of(orjson.loads(raw))
    except orjson.JSONDecodeError:
        return ""
