"""What the token of a console or of a move lets its bearer do.  A console proxy and an
agent's door have been given one by somebody, and ask here what it is."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.instance.api.internal.frame import TEXT, WHOLE, body_of, guarded
from compute.instance.parts import Parts
from compute.instance.service.consoles import Consoles
from compute.instance.service.move_ends import FIGURE_NAMES, MoveEnds
from objectstore.kernel.reply import Reply

TOKEN = body_of("token", token=TEXT)
FIGURES = Schema(
    {
        "type": "object",
        "properties": dict.fromkeys(FIGURE_NAMES, WHOLE),
        "additionalProperties": False,
    }
)


class TokensApi:
    """Handlers."""

    def __init__(self, parts: Parts, consoles: Consoles, moves: MoveEnds) -> None:
        self._parts = parts
        self._consoles = consoles
        self._moves = moves

    def routes(self) -> list[Route]:
        """All of them."""
        return guarded(
            self._parts,
            [
                ("POST", "/internal/consoles", self.console),
                ("POST", "/internal/moves/admit", self.admit),
                ("PATCH", "/internal/moves/{migration_id}", self.move),
            ],
        )

    def console(self, call: ApiCall) -> Reply:
        """What a console's token opens."""
        found = self._consoles.find(call.json(TOKEN)["token"])
        return json_reply(
            200,
            {"server_id": found.server_id, "host": found.host, "kind": found.kind},
        )

    def admit(self, call: ApiCall) -> Reply:
        """What the token of a move lets its bearer do."""
        found = self._moves.admitted(call.json(TOKEN)["token"])
        return json_reply(
            200,
            {
                "migration": found.uuid,
                "server_id": found.server_id,
                "source": found.source,
                "dest": found.dest,
            },
        )

    def move(self, call: ApiCall) -> Reply:
        """How far a live migration is; whether it is to be hurried."""
        hurried = self._moves.note_figures(
            call.parameters["migration_id"], call.json(FIGURES)
        )
        return json_reply(200, {"hurried": hurried})
