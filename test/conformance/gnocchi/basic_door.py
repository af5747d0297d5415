"""A door before the cloud for clients that say no more than a user's name.

Gnocchi can run without Keystone: whoever says ``Authorization: basic NAME:`` is NAME.
Its own suites do so.  Here each such name is a person of the identity service, with a
project of the same name; what comes with a name goes on with that person's token, and
what was made by the administrator comes back as his: Gnocchi without Keystone knows
creators by their names.
"""

from __future__ import annotations

import base64
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from test.functional.compute.house import RunningCloud

ADMINISTRATOR = "admin"
PASSWORD = "of-nobody-in-particular"
TIMEOUT_SECONDS = 60.0
# Of one connection, or written by the server itself.
NOT_PASSED_ON = frozenset(
    {
        "connection",
        "keep-alive",
        "transfer-encoding",
        "server",
        "date",
        # Gnocchi has none; its client shows it, and its tests compare what is shown.
        "x-openstack-request-id",
    }
)


class BasicDoor:
    """Serves on loopback in threads, until the process ends."""

    def __init__(self, cloud: RunningCloud, names: tuple[str, ...]) -> None:
        self._cloud = cloud
        self._tokens = {name: _token(cloud, name) for name in names}
        connection = cloud.sdk()
        self._tokens[ADMINISTRATOR] = str(connection.auth_token)
        self._creator = (
            f"{connection.current_user_id}:{connection.current_project_id}".encode()
        )
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        port, tokens = self._cloud.place.plan.port, self._tokens
        creator = self._creator

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                """Every method alike."""
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                self._pass_on()

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = dict(self.headers.items())
                token = tokens.get(name_of(self.headers.get("Authorization", "")))
                if token:
                    headers["X-Auth-Token"] = token
                upstream = http.client.HTTPConnection(
                    "127.0.0.1", port, timeout=TIMEOUT_SECONDS
                )
                try:
                    upstream.request(self.command, self.path, body, headers)
                    answer = upstream.getresponse()
                    data = answer.read().replace(creator, ADMINISTRATOR.encode())
                finally:
                    upstream.close()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in NOT_PASSED_ON | {"content-length"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *arguments: object) -> None:
                """The cloud has a log of its own."""

        return Handler


def name_of(authorization: str) -> str:
    """Whom the header names; "": nobody."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest).decode().partition(":")[0]
    except ValueError:
        return ""


def _token(cloud: RunningCloud, name: str) -> str:
    identity: Any = cloud.sdk().identity
    project = identity.create_project(name=name)
    user = identity.create_user(
        name=name, password=PASSWORD, default_project_id=project.id
    )
    role = identity.find_role("member")
    identity.assign_project_role_to_user(project, user, role)
    return cloud.token(username=name, password=PASSWORD, project_name=name)
