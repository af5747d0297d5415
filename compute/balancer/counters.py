"""Traffic of listeners, counted over many processes of haproxy.  Pure.

Each process counts from zero.  What a listener has had is what ended processes counted
at last, and what the present one counts; so a report that comes twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Traffic:
    """Octavia's five figures."""

    active_connections: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    request_errors: int = 0
    total_connections: int = 0

    def plus(self, other: Traffic) -> Traffic:
        """Both together."""
        return Traffic(
            self.active_connections + other.active_connections,
            self.bytes_in + other.bytes_in,
            self.bytes_out + other.bytes_out,
            self.request_errors + other.request_errors,
            self.total_connections + other.total_connections,
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """``process`` tells one from another; ``before``: of those that have ended."""

    process: str = ""
    present: Traffic = Traffic()
    before: Traffic = Traffic()

    @property
    def total(self) -> Traffic:
        """All of it; connections that are open are those of the present process."""
        found = self.before.plus(self.present)
        return replace(found, active_connections=self.present.active_connections)


def counted(had: Counted, process: str, present: Traffic) -> Counted:
    """With what a process counts now."""
    if process == had.process:
        return replace(had, present=present)
    return Counted(process, present, had.before.plus(had.present))
