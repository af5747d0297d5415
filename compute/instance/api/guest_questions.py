"""What is asked of a server's guest while the client waits: its console's text, its
figures, a new password, a crash dump."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, Conflict
from compute.instance.api.actions import ActionsApi
from compute.instance.api.asked import Asked
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.schemas.actions import CHANGE_PASSWORD, CONSOLE_OUTPUT
from compute.instance.service.actions import ServerActions
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.service.questions import Questions
from compute.instance.states import VmState
from compute.instance.views.diagnostics import diagnostics_view
from objectstore.kernel.reply import Reply

CONSOLE_BYTES_MAX = 102_400
BYTES_A_LINE = 256  # more than lines have: the tail is cut to lines afterwards


class GuestQuestionsApi:
    """Handlers."""

    def __init__(
        self,
        actions: ServerActions,
        lifecycle: Lifecycle,
        questions: Questions,
        actions_api: ActionsApi,
    ) -> None:
        self._actions = actions
        self._lifecycle = lifecycle
        self._questions = questions
        actions_api.add("changePassword", Asked(self._password, CHANGE_PASSWORD))
        actions_api.add(
            "os-getConsoleOutput", Asked(self._console, CONSOLE_OUTPUT, nullable=True)
        )
        actions_api.add("trigger_crash_dump", Asked(self._crash_dump, since=17))

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [Verb("GET", "/servers/{server_id}/diagnostics", self.diagnostics)]

    def _password(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        server = self._lifecycle.visible(call.context, server_id)
        self._actions.check(call.context, server, "change_password")
        try:
            self._questions.ask(
                server,
                "set_password",
                {"user": "root", "password": body["adminPass"]},
            )
        except Conflict:
            raise Conflict(
                "Failed to set admin password: no guest agent answers in the server"
            ) from None
        self._actions.begin(call.context, server_id, "change_password")
        return accepted()

    def _crash_dump(self, call: ApiCall, server_id: str, value: Any) -> Reply:
        server = self._lifecycle.visible(call.context, server_id)
        self._questions.ask(server, "interrupt", {})
        return accepted()

    def _console(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        server = self._lifecycle.visible(
            call.context, server_id, "os_compute_api:os-console-output"
        )
        length = _lines(body.get("length"))
        if VmState(server.vm_state) is VmState.BUILDING and not server.launched_at:
            raise Conflict(f"Instance {server.id} is not ready")
        wanted = CONSOLE_BYTES_MAX
        if length is not None:
            wanted = min(CONSOLE_BYTES_MAX, length * BYTES_A_LINE)
        answer = self._questions.ask(
            server, "console_output", {"bytes": max(1, wanted)}
        )
        text = str(answer.get("output", ""))
        if length is not None:
            text = "\n".join(text.split("\n")[-length:]) if length else ""
        return ok({"output": text})

    def diagnostics(self, call: ApiCall) -> Reply:
        """GET /servers/{id}/diagnostics."""
        server = self._lifecycle.visible(
            call.context,
            call.parameters["server_id"],
            "os_compute_api:os-server-diagnostics",
        )
        answer = self._questions.ask(server, "diagnostics", {})
        return ok(diagnostics_view(server, answer, minor_of(call)))


def _lines(value: Any) -> int | None:
    """How many lines; -1 and nothing mean all."""
    if value is None or value == "":
        return None
    try:
        length = int(value)
    except ValueError:
        raise BadRequest(
            f"Invalid input for field/attribute length. Value: {value!r}"
        ) from None
    if length < -1:
        raise BadRequest(f"Invalid input for field/attribute length. Value: {value!r}")
    return None if length == -1 else length
