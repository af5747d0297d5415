"""A cluster as an operator's tool sees it: settings, rings, every device's nodes.

Tools have no devices of their own; they reach all of them over the node interface,
with the cluster's secret from its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import orjson

from objectstore.app.directory import NodeDirectory, NodeTable, Peers, node_client
from objectstore.app.internal import InternalStore
from objectstore.app.rings import RingFiles, RingSet
from objectstore.cli.mistakes import CannotSay, MistakenSettings
from objectstore.kernel.client import ClientPool
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.http.identity_file import caller_identity
from objectstore.kernel.settings import BadSettings
from objectstore.kernel.timestamps import HybridClock
from objectstore.proxy.rounds.placement import Placement
from objectstore.settings import StoreSettings, load_settings
from objectstore.wire.serving import SECRET_HEADER
from ring.device import Device
from ring.ring import Ring

DEFAULT_SETTINGS = Path("/etc/ringstack/store.conf")
REPLY_BYTES_MAX = 64 * 1024 * 1024

settings_option = click.option(
    "-s",
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_SETTINGS,
    envvar="RINGSTACK_SETTINGS",
    show_default=True,
    show_envvar=True,
    help="Any server's settings file of the cluster.",
)


def load(settings_file: Path) -> StoreSettings:
    """The settings, or a message for the operator."""
    try:
        return load_settings(settings_file.absolute())
    except BadSettings as error:
        raise MistakenSettings(error) from error


class Outside:
    """See the module."""

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self._pool = ClientPool(settings.client, self.clock)
        cluster = settings.cluster
        self._identity = caller_identity(settings.tls, self.clock.monotonic)
        peers = Peers(
            self._pool,
            cluster.secret,
            settings.client.response_timeout,
            self._identity,
        )
        self.directory = NodeDirectory(NodeTable(), {}, frozenset(), peers)

    @classmethod
    def load(cls, settings_file: Path) -> Outside:
        """What a settings file tells of the store."""
        return cls(load(settings_file))

    @cached_property
    def rings(self) -> RingSet:
        """The rings beside the settings."""
        settings = self.settings
        try:
            files = RingFiles(
                settings.server.rings, settings.policies, self.clock.monotonic
            )
        except BadSettings as error:
            raise CannotSay(str(error)) from error
        return files.current()

    @cached_property
    def placement(self) -> Placement:
        """Finds the nodes of a name, all of them remote."""
        cluster, rings = self.settings.cluster, self.rings
        return Placement(
            rings.objects,
            rings.container,
            rings.account,
            self.directory,
            hash_prefix=cluster.hash_prefix.encode(),
            hash_suffix=cluster.hash_suffix.encode(),
        )

    @cached_property
    def store(self) -> InternalStore:
        """The store through its quorums."""
        return InternalStore(
            lambda: self.placement,
            self.settings.policies,
            self.settings.proxy,
            self.clock,
            HybridClock(self.clock),
        )

    def named_rings(self) -> dict[str, Ring]:
        """Every ring by its file's name."""
        rings = {"account": self.rings.account, "container": self.rings.container}
        for policy in self.settings.policies:
            rings[policy.ring_name] = self.rings.objects[policy.index]
        return rings

    def servers(self) -> list[tuple[str, int]]:
        """The addresses of all node servers in the rings."""
        return sorted(
            {(each.ip, each.port) for ring in self.rings.all() for each in of(ring)}
        )

    def node(self, ring_name: str, device: Device, policy: int = 0) -> Any:
        """A device's node of the kind that a ring is for."""
        if ring_name == "account":
            return self.directory.account(device)
        if ring_name == "container":
            return self.directory.container(device)
        return self.directory.object(device, policy)

    def ask(
        self,
        address: tuple[str, int],
        path: str,
        method: str = "GET",
        seconds: float | None = None,
    ) -> Any:
        """A page of a node server, as JSON.  ``Unavailable`` when it has none."""
        secret = self.settings.cluster.secret.encode()
        headers = [(SECRET_HEADER.encode(), secret)]
        client = node_client(self._pool, address, self._identity)
        with client.request(method, path, headers, timeout=seconds) as response:
            if response.status != 200 or (response.length or 0) > REPLY_BYTES_MAX:
                raise Unavailable(f"{path}: the server answered {response.status}")
            return orjson.loads(response.read())


def of(ring: Ring) -> Iterator[Device]:
    """A ring's devices."""
    return (device for device in ring.devices if device is not None)


def asked(call: Callable[..., Promise[Any]], *arguments: Any) -> tuple[Any, str]:
    """What a node's promise brings: (value, "") or (None, what went wrong)."""
    return answer(lambda: call(*arguments).wait())


def answer(call: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """(value, "") or (None, what went wrong)."""
    try:
        return call(*arguments), ""
    except RingstackError as error:
        return None, str(error)
