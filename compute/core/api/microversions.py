"""API microversions: which one a caller asks for, and what the reply says of it.

Source of the protocol: OpenStack's API special interest group, "Microversion
Specification".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from compute.core.errors import BadRequest, NotAcceptable
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import Request

HEADER = "OpenStack-API-Version"


class Microversion(NamedTuple):
    """Major and minor number; compares as numbers do."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def parse_microversion(text: str) -> Microversion:
    """``2.96``; ``BadRequest`` for anything else."""
    major, dot, minor = text.partition(".")
    numbers_only = major.isascii() and minor.isascii()
    if not (dot and major.isdigit() and minor.isdigit() and numbers_only):
        raise BadRequest(
            f"API Version String {text} is of invalid format. "
            "Must be of format MajorNum.MinorNum."
        )
    return Microversion(int(major), int(minor))


@dataclass(frozen=True, slots=True)
class VersionRange:
    """What a service speaks.

    ``legacy_header``: an older name that it also takes
    (``X-OpenStack-Nova-API-Version``).  ``other_types``: what clients call the service
    in the header as well, because catalogues do (``volumev3``).  ``before``: the first
    segment of paths of an API older than versions, where nothing is asked for or told
    of them.
    """

    service_type: str
    lowest: Microversion
    highest: Microversion
    legacy_header: str = ""
    before: str = ""
    other_types: tuple[str, ...] = ()

    def concerns(self, request: Request) -> bool:
        """Whether versions are spoken of at that path."""
        return not self.before or request.path.split("/")[1:2] != [self.before]

    def wanted(self, request: Request) -> Microversion:
        """The version for this request: the lowest when none is asked for."""
        text = self._asked(request)
        if not text:
            return self.lowest
        if text.lower() == "latest":
            return self.highest
        version = parse_microversion(text)
        if not self.lowest <= version <= self.highest:
            raise NotAcceptable(
                f"Version {version} is not supported by the API. "
                f"Minimum is {self.lowest} and maximum is {self.highest}."
            )
        return version

    def _asked(self, request: Request) -> str:
        for entry in request.header(HEADER).split(","):
            service, _, text = entry.strip().partition(" ")
            if service.lower() in (self.service_type, *self.other_types):
                return text.strip()
        return request.header(self.legacy_header) if self.legacy_header else ""

    def reply_headers(self, version: Microversion) -> HeaderList:
        """What the reply says: the version it speaks, and that it depends on it."""
        headers = [(HEADER, f"{self.service_type} {version}"), ("Vary", HEADER)]
        if self.legacy_header:
            headers += [
                (self.legacy_header, str(version)),
                ("Vary", self.legacy_header),
            ]
        return headers
