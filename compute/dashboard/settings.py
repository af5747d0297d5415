"""The section ``[dashboard]``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """How people sign in."""

    session_key_file: Path | None = option(
        None,
        "The secret that seals sessions, the same for all processes with this role;"
        " default: dashboard/session-key below state, made at the first start",
    )
    sign_in_failures: int = option(
        20, "Failed sign-ins a minute from one address; more wait; 0: any", minimum=0
    )
    look_patience: Seconds = option(
        10.0,
        "A page waits so long for a room, then is shown without what that room knows",
        minimum=0.1,
    )
    domain: str = option("Default", "The domain that the sign-in form begins with")
