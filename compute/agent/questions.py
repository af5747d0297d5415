"""Questions to a host about one of its guests, answered at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from compute.agent.host import Work

Answer = dict[str, Any]


def _console(work: Work) -> Answer:
    length = int(work.arguments["bytes"])
    said = work.kit.hypervisor.console_tail(work.uuid, length)
    return {"output": said.decode("utf-8", "replace")}


def _diagnostics(work: Work) -> Answer:
    return dataclasses.asdict(work.kit.hypervisor.usage(work.uuid))


def _interrupt(work: Work) -> Answer:
    work.kit.hypervisor.inject_nmi(work.uuid)
    return {}


def _password(work: Work) -> Answer:
    work.kit.hypervisor.set_password(
        work.uuid, str(work.arguments["user"]), str(work.arguments["password"])
    )
    return {}


QUESTIONS: dict[str, Callable[[Work], Answer]] = {
    "console_output": _console,
    "diagnostics": _diagnostics,
    "interrupt": _interrupt,
    "set_password": _password,
}
