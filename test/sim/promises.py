"""The model of stories: what may be found of what one client has written.  Pure.

A *register* is one place with one content, written by one client, one write after the
other.  A *collection* has members that are made once, with a content, and removed
once.  A request without a good answer may take effect at any time, or never: what it
would have done stays possible for ever, whatever comes after.

Which of two writes is newer is for clocks to say where machines were away; with clocks
that differ by less than the client pauses it is the later one (``is_ordered``).
"""

from __future__ import annotations

from collections.abc import Collection as Several
from dataclasses import dataclass, field

ABSENT = ""


class Register:
    """See the module.  Contents are texts that tell writes apart."""

    def __init__(self, *, is_ordered: bool) -> None:
        self._is_ordered = is_ordered
        self._sure = ABSENT
        self._possible: set[str] = set()

    def wrote(self, content: str, *, is_done: bool) -> None:
        """A write, or a deletion (``ABSENT``), has been answered."""
        if not is_done:
            self._possible.add(content)
            return
        if not self._is_ordered:
            self._possible.add(self._sure)
        self._sure = content

    def allowed(self) -> set[str]:
        """All that may be there."""
        return {self._sure, *self._possible}

    @property
    def is_sure(self) -> bool:
        """Whether there is one content only that it can have."""
        return len(self.allowed()) == 1


@dataclass(slots=True)
class _Member:
    content: str
    is_leaving: bool = False
    is_gone: bool = False


@dataclass(slots=True)
class Collection:
    """See the module.  Whatever was made without an answer has no name that its client
    knows: only its content is known to be possible."""

    is_ordered: bool
    members: dict[str, _Member] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def made(self, name: str, content: str) -> None:
        """It is there."""
        self.members[name] = _Member(content)

    def may_be_made(self, content: str) -> None:
        """It may be there, now or later, under any name."""
        self.doubtful.add(content)

    def removed(self, name: str, *, is_done: bool) -> None:
        """Its removal has been answered."""
        member = self.members[name]
        member.is_leaving = True
        member.is_gone = member.is_gone or is_done

    def staying(self) -> list[str]:
        """The names of those that nobody has tried to remove."""
        return [name for name, each in self.members.items() if not each.is_leaving]

    def judge(self, found: dict[str, str]) -> list[str]:
        """What is wrong about all that is there: contents by name."""
        wrong = []
        for name, member in self.members.items():
            content = found.get(name)
            if content is None:
                if not member.is_leaving:
                    wrong.append(f"{name} is lost")
            elif content != member.content:
                wrong.append(f"{name} is {content}, not {member.content}")
            elif member.is_gone and self.is_ordered:
                wrong.append(f"{name} is there, and was removed")
        strange = found.keys() - self.members.keys()
        return wrong + self._judge_unknown({name: found[name] for name in strange})

    def _judge_unknown(self, found: dict[str, str]) -> list[str]:
        return [
            f"{name} is {content}, which nobody made"
            for name, content in sorted(found.items())
            if content not in self.doubtful
        ]


def missing(promised: Several[str], found: Several[str]) -> list[str]:
    """What of all that was promised is not there."""
    return sorted(set(promised) - set(found))
