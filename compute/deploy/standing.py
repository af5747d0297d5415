"""How hosts stand: a line for each service of each host.  Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from compute.deploy.certificates import ends_at
from compute.deploy.checks import CLOCK_SECONDS_MAX
from compute.deploy.remote.places import CERTIFICATE, SETTINGS
from compute.deploy.settings_files import PUBLIC_CERTIFICATE
from compute.deploy.survey import Survey, Surveyed

RENEW = ": apply"
RING_SUFFIX = ".ring.gz"
DIGEST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """A service of a host; of a host that is away its only line."""

    host: str
    service: str
    state: str
    is_right: bool
    release: str = ""
    rings: str = ""
    clock_off: float = 0.0
    # When what the host shows runs out; of one that shows the operator's too, the
    # first of both.
    certificate: str = ""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def row(self) -> tuple[str, ...]:
        """For people."""
        clock = f"{self.clock_off:+.2f} s" if self.service else ""
        return self.host, self.service, self.state, self.release, self.rings, clock


def standing(survey: Survey, kept: Mapping[str, str]) -> list[Standing]:
    """All of them, in the inventory's order of names.  ``kept``: hosts' certificates as
    they were made last."""
    found = [Standing(host.name, "", why, False) for host, why in survey.away.items()]
    for host, each in survey.hosts.items():
        rings = _rings(each)
        certificate = _certificate(each, kept.get(host.name, ""))
        for name, wish in each.wishes.services.items():
            runs = each.found["services"][name]
            state = "does not run"
            if runs["pid"]:
                is_wished = runs["deployed"] == wish.digest
                state = "as wished" if is_wished else "runs otherwise: apply"
                if runs["problem"]:
                    state = f"does not answer: {runs['problem']}"
            right = state == "as wished" and rings != "differ"
            right = right and abs(each.clock_off) <= CLOCK_SECONDS_MAX
            right = right and not certificate.endswith(RENEW)
            found.append(
                Standing(
                    host=host.name,
                    service=name,
                    state=state,
                    is_right=right,
                    release=runs["release"],
                    rings=rings if name == "store" else "",
                    clock_off=each.clock_off,
                    certificate=certificate,
                )
            )
    return sorted(found, key=lambda each: (each.host, each.service))


def _rings(each: Surveyed) -> str:
    """One digest over all rings; ``differ``: they are not those of the site."""
    whole = hashlib.sha256()
    for path, wish in sorted(each.wishes.files.items()):
        if path.startswith(SETTINGS) and path.endswith(RING_SUFFIX):
            found = each.found["files"][path]
            if found is None or found["sha256"] != wish.sha256:
                return "differ"
            whole.update(wish.sha256.encode())
    return whole.hexdigest()[:DIGEST_SHOWN]


def _certificate(each: Surveyed, kept: str) -> str:
    """A day; with what to do where another certificate is wished."""
    paths = {CERTIFICATE, PUBLIC_CERTIFICATE} & each.wishes.files.keys()
    wished = [each.wishes.files[path] for path in paths]
    if not wished:
        return "no TLS"
    if all(_is_there(each, path) for path in paths):
        return f"{min(ends_at(wish.content.decode()) for wish in wished):%Y-%m-%d}"
    return f"{ends_at(kept):%Y-%m-%d}{RENEW}" if kept else f"none{RENEW}"


def _is_there(each: Surveyed, path: str) -> bool:
    found = each.found["files"].get(path)
    return found is not None and found["sha256"] == each.wishes.files[path].sha256
