"""``objectstore`` commands as an operator gives them.

Run inside this process: starting Python for each would be most of the time.
"""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from objectstore.cli import main
from test.functional.harness.store import Store


class Operator:
    """Somebody with a shell on a node of the store."""

    def __init__(self, store: Store, node: int = 0) -> None:
        self.settings = store.place.settings_file(store.plans[node].name)
        self._runner = CliRunner(env={"RINGSTACK_SETTINGS": str(self.settings)})

    def run(self, *words: str) -> Result:
        """The command's outcome, whatever it is."""
        return self._runner.invoke(main, words)

    def json(self, *words: str, status: int = 0) -> Any:
        """What it says with ``--json``; its exit code must be ``status``."""
        ran = self.run(*words, "--json")
        assert ran.exit_code == status, (words, ran.output, ran.exception)
        return json.loads(ran.stdout)

    def daemon(self, name: str) -> list[dict[str, Any]]:
        """One round of a daemon."""
        found: list[dict[str, Any]] = self.json(
            "daemon", name, "--once", str(self.settings)
        )
        return found
