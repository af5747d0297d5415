"""Realms: clusters that let their containers be synchronised with each other.

``container-sync-realms.conf``, the same on all servers of all clusters of a realm::

    [DEFAULT]
    [main]                       # the realm's name
    key = long random text
    key2 =                       # accepted too, while keys are being changed
    cluster_east = http://east.example.com:8080/v1/
    cluster_west = https://west.example.com/v1/

A container says where it goes (``X-Container-Sync-To:
//realm/cluster/account/container``) and with which key of its owner's
(``X-Container-Sync-Key``, the same at both ends).  Every request of a synchronisation
carries ``X-Container-Sync-Auth: realm nonce signature``, the HMAC-SHA1, under the
realm's key, of method, path, timestamp, nonce and the owner's key, a line each.
"""

from __future__ import annotations

import configparser
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel.errors import Rejected
from objectstore.kernel.settings import BadSettings, Mistake, read_file

FILE_NAME = "container-sync-realms.conf"
AUTH_HEADER = "X-Container-Sync-Auth"
_CLUSTER = "cluster_"


@dataclass(frozen=True, slots=True)
class Realm:
    """A realm: its keys and its clusters."""

    name: str
    keys: tuple[str, ...]  # the first signs, all are accepted
    clusters: Mapping[str, str]  # name in capitals to URL


@dataclass(frozen=True, slots=True)
class Target:
    """Where a container's objects go."""

    realm: Realm
    cluster: str
    account: str
    container: str

    @property
    def url(self) -> str:
        """The endpoint of its cluster, such as ``http://host:port/v1/``."""
        return self.realm.clusters[self.cluster]


Realms = Mapping[str, Realm]
"""Realms by name in capitals."""


def read_realms(path: Path) -> Realms:
    """The file's realms; none where there is no file.  Raises ``BadSettings``."""
    if not path.exists():
        return {}
    realms = {}
    for name, values in read_file(path).items():
        if name == configparser.DEFAULTSECT:
            continue
        keys = tuple(values[key] for key in ("key", "key2") if values.get(key))
        clusters = {
            option[len(_CLUSTER) :].upper(): url
            for option, url in values.items()
            if option.startswith(_CLUSTER)
        }
        if not keys:
            raise BadSettings([Mistake(str(path), name, "key", "must be set")])
        realms[name.upper()] = Realm(name, keys, clusters)
    return realms


def parse_target(realms: Realms, text: str) -> Target:
    """What ``X-Container-Sync-To`` names.  Rejected 400."""
    parts = text.strip().split("/")
    if not text.startswith("//") or len(parts) != 6 or not all(parts[2:]):
        raise Rejected(
            400,
            "Invalid X-Container-Sync-To format; must be //realm/cluster/account/"
            "container",
        )
    realm = realms.get(parts[2].upper())
    if realm is None:
        raise Rejected(400, f"No realm key for {parts[2]!r}")
    if parts[3].upper() not in realm.clusters:
        raise Rejected(400, f"No endpoint for {parts[2]!r} {parts[3]!r}")
    return Target(realm, parts[3].upper(), parts[4], parts[5])


def signature(
    realm_key: str, method: str, path: str, timestamp: str, nonce: str, user_key: str
) -> str:
    """The signature of one request; ``path`` is URL-quoted."""
    text = "\n".join((method, path, timestamp, nonce, user_key))
    return hmac.new(realm_key.encode(), text.encode(), hashlib.sha1).hexdigest()
