"""Doing changes on hosts, and saying so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from compute.deploy.fleet import Fleet
from compute.deploy.model import Host
from compute.deploy.plan import Change, preparations
from compute.deploy.site import Site
from compute.deploy.survey import Surveyed
from compute.deploy.transport import Away, Refused
from compute.deploy.wish import HostWishes

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Acting:
    """On the hosts of a fleet, with what the site has."""

    fleet: Fleet
    site: Site
    say: Say

    def prepare(
        self, hosts: Mapping[Host, Surveyed], files: Collection[str] = ()
    ) -> dict[Host, str]:
        """All that touches no process, or of that ``files`` alone, by their names; all
        hosts at once.  Those where it failed, and why."""

        def one(host: Host) -> None:
            each = hosts[host]
            for change in preparations(each.wishes, each.found):
                name = (
                    change.subject.rpartition("/")[2] if change.kind == "file" else ""
                )
                if not files or name in files:
                    self.act(host, each.wishes, change)

        _, failed = self.fleet.each(list(hosts), one)
        return failed

    def act(self, host: Host, wishes: HostWishes, change: Change) -> None:
        """Raises ``Refused``."""
        if change.kind == "release":
            self._send_release(host, wishes)
        else:
            self.fleet.ask(host, change.order)
        self.say(f"{host.name}: {change}")

    def _send_release(self, host: Host, wishes: HostWishes) -> None:
        path = self.site.release_file(wishes.release)
        if not path.exists():
            raise Refused(f"{path} is gone: upgrade makes a release anew")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            request = {
                "verb": "receive",
                "name": wishes.release,
                "bytes": path.stat().st_size,
                "sha256": digest,
                "libvirt": wishes.libvirt,
            }
            connection = self.fleet.connections.get(host)
            if connection is None:
                raise Refused("is away")
            try:
                connection.ask(request, file)
            except Away as error:
                self.fleet.lose(host, str(error))
                raise Refused(f"is away: {error}") from None
