"""The site: the directory beside the inventory that only this tool writes.

lock            one deployment at a time
secrets.json    made once; whoever loses it loses every name of the store
*.builder       rings as they are being drawn, and *.ring.gz, as hosts have them
*.arrived       rings of before hosts were forgotten, until what moved has arrived
release         the name of the release that hosts should run
history         it and those before, the latest last
tried           the latest, as long as no run has got through with it
releases/       the releases themselves, one tar file each
known_hosts     hosts' keys, where the inventory names no file of them
authority.pem   who signs hosts' certificates, and authority.key, the key for that
certificates/   hosts' certificates with their keys, NAME.pem each
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets as random_secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from compute.deploy.certificates import (
    Authority,
    Papers,
    UnfitCertificate,
    certificates_in,
    is_due,
    make_authority,
    make_certificate,
    own_certificate,
)
from compute.deploy.inventory import Inventory
from compute.deploy.model import Part, Secrets
from compute.deploy.rings import ring_names
from compute.deploy.settings_files import names_of, public_url, store_url
from ring.builder import Builder
from ring.file import load_builder, save_builder

SECRET_BYTES = 32
CERTIFICATES = "certificates"
USER_KEY_BYTES = 18


class Busy(Exception):
    """Another deployment of this site is at work."""


class Site:
    """See the module."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def of(cls, inventory: Path) -> Site:
        """Beside the inventory."""
        return cls(inventory.absolute().with_suffix(".site"))

    @property
    def known_hosts(self) -> Path:
        """Hosts' keys."""
        return self.directory / "known_hosts"

    @property
    def releases(self) -> Path:
        """Where releases are kept."""
        return self.directory / "releases"

    def builder(self, ring: str) -> Path:
        """Of a ring."""
        return self.directory / f"{ring}.builder"

    def ring(self, ring: str) -> Path:
        """As hosts have it."""
        return self.directory / f"{ring}.ring.gz"

    def builders(self, inventory: Inventory) -> dict[str, Builder]:
        """Of all rings that were drawn."""
        return {
            name: load_builder(self.builder(name))
            for name in ring_names(inventory)
            if self.builder(name).exists()
        }

    def arrived_builders(self, inventory: Inventory) -> dict[str, Builder]:
        """Rings whose copies were all made, if others are being made since."""
        return {
            name: load_builder(path)
            for name in ring_names(inventory)
            if (path := self._arrived(name)).exists()
        }

    def keep_arrived(self, builders: Mapping[str, Builder]) -> None:
        """Before devices are forgotten.  Those of an earlier time say more."""
        for name, builder in builders.items():
            if not self._arrived(name).exists():
                save_builder(builder, self._arrived(name))

    def all_has_arrived(self) -> None:
        """Whatever the rings give to a device, it has."""
        for path in self.directory.glob("*.arrived"):
            path.unlink()

    def _arrived(self, ring: str) -> Path:
        return self.directory / f"{ring}.arrived"

    def make(self) -> None:
        """The directory, for its owner's eyes."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self.releases.mkdir(mode=0o700, exist_ok=True)
        (self.directory / CERTIFICATES).mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone.  Raises ``Busy``."""
        self.make()
        with (self.directory / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                text = f"another deployment is at work: {self.directory}"
                raise Busy(text) from None
            yield

    # ---- secrets ------------------------------------------------------------------

    def secrets(self, inventory: Inventory) -> Secrets:
        """Those there are; new ones, not kept yet, for what has none."""
        try:
            found = json.loads((self.directory / "secrets.json").read_text("utf-8"))
        except FileNotFoundError:
            found = {}
        keys = dict(found.get("user_keys", {}))
        for user in inventory.users:
            keys.setdefault(user.login, random_secrets.token_urlsafe(USER_KEY_BYTES))

        def secret(name: str) -> str:
            return str(found.get(name) or random_secrets.token_hex(SECRET_BYTES))

        return Secrets(
            hash_suffix=secret("hash_suffix"),
            cluster_secret=secret("cluster_secret"),
            token_secret=secret("token_secret"),
            service_password=secret("service_password"),
            user_keys=keys,
        )

    def keep_secrets(self, secrets: Secrets) -> None:
        """Before any host hears of them."""
        text = json.dumps(asdict(secrets), indent=1, sort_keys=True) + "\n"
        self._write("secrets.json", text)

    # ---- certificates -------------------------------------------------------------

    def papers(self, inventory: Inventory) -> Papers | None:
        """Those there are; new ones, not kept yet, for who has none and where they are
        due.  None: the inventory wishes no TLS.  Raises ``UnfitCertificate``."""
        if not inventory.cloud.tls:
            return None
        now = datetime.now(UTC)
        certificate, key = self._read("authority.pem"), self._read("authority.key")
        if certificate and not key:
            raise UnfitCertificate(f"{self.directory}/authority.key is gone")
        authority = Authority(certificate, key)
        if not certificate:
            name = f"Ringstack {inventory.source.stem}"
            authority = make_authority(name, now)
        hosts = {}
        for host in inventory.hosts:
            names = names_of(inventory, host)
            kept = self._read(_certificate(host.name))
            if not kept or is_due(kept, authority, names, now):
                kept = make_certificate(authority, names, now)
            hosts[host.name] = kept
        return Papers(authority, hosts, *_given(inventory, now))

    def keep_papers(self, papers: Papers) -> None:
        """Before any host gets them.  The key before what it is for."""
        self._write("authority.key", papers.authority.key)
        self._write("authority.pem", papers.authority.certificate)
        for name, pem in papers.hosts.items():
            if pem != self._read(_certificate(name)):
                self._write(_certificate(name), pem)

    @property
    def has_authority(self) -> bool:
        """Whether certificates were made here."""
        return (self.directory / "authority.pem").exists()

    def kept_certificate(self, host: str) -> str:
        """What was made for it last, with its key; "": nothing."""
        return self._read(_certificate(host))

    def _read(self, name: str) -> str:
        try:
            return (self.directory / name).read_text("ascii")
        except FileNotFoundError:
            return ""

    # ---- the release --------------------------------------------------------------

    @property
    def release(self) -> str:
        """What hosts should run; "": none was made yet."""
        try:
            return (self.directory / "release").read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    @property
    def history(self) -> list[str]:
        """What was chosen, the latest last; each release once."""
        kept = self._read("history").split()
        return kept or [name for name in [self.release] if name]

    @property
    def release_before(self) -> str:
        """The latest that hosts have run, but for the one they should run; "": none."""
        return next((each for each in self.history[-2::-1] if each != self._tried), "")

    def choose_release(self, name: str) -> None:
        """Let hosts run it, from the next apply on.  One that no run got through with
        is nothing to go back to."""
        before = self.history
        is_new = name not in before or name == self._tried
        history = [each for each in before if each not in (name, self._tried)]
        self._write("history", "\n".join([*history, name]) + "\n")
        self._write("tried", f"{name}\n" if is_new else "")
        self._write("release", name + "\n")

    def release_runs(self) -> None:
        """A run got through with it."""
        if self._tried == self.release:
            self._write("tried", "")

    @property
    def _tried(self) -> str:
        return self._read("tried").strip()

    def prune(self, kept: int) -> None:
        """Forget all releases but the latest; hosts do so when they run as wished."""
        history = self.history[-kept:]
        if history != self.history:
            self._write("history", "\n".join(history) + "\n")
        for path in self.releases.glob("*.tar"):
            if path.stem not in history:
                path.unlink()

    def release_file(self, name: str) -> Path:
        """Its tar file."""
        return self.releases / f"{name}.tar"

    def _write(self, name: str, text: str) -> None:
        """Whole or not at all, and for the owner alone."""
        path = self.directory / name
        fresh = path.with_name(path.name + ".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)


def _certificate(host: str) -> str:
    return f"{CERTIFICATES}/{host}.pem"


def _given(inventory: Inventory, now: datetime) -> tuple[str, str]:
    """The operator's own certificate with its key, and its authority."""
    cloud = inventory.cloud
    if not (cloud.certificate and cloud.private_key and cloud.authority):
        return "", ""
    urls = [store_url(inventory)] if inventory.playing(Part.PROXY) else []
    urls += [public_url(inventory)] if inventory.playing(Part.CONTROL) else []
    names = {urlsplit(url).hostname or "" for url in urls}
    chain, key = _pem(cloud.certificate), _pem(cloud.private_key)
    authority = certificates_in(_pem(cloud.authority))
    return own_certificate(chain, key, names, now), authority


def _pem(path: Path) -> str:
    """Names of authorities in between are in whatever script."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UnfitCertificate(f"{path} is no PEM file") from None
