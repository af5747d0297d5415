"""Who answers for a device of the ring: this process, a sibling, or another machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from objectstore.kernel.client import Address, Client, ClientPool
from objectstore.kernel.http.identity_file import CallerIdentity
from objectstore.wire.nodes import AccountNode, ContainerNode, ObjectNode
from objectstore.wire.peer import Peer
from objectstore.wire.remote_account import RemoteAccountNode
from objectstore.wire.remote_container import RemoteContainerNode
from objectstore.wire.remote_object import RemoteObjectNode
from ring.device import Device

N = TypeVar("N")


@dataclass(slots=True)
class NodeTable:
    """Nodes by what the node servers' URLs name: device, and policy for objects."""

    objects: dict[tuple[int, str], ObjectNode] = field(default_factory=dict)
    containers: dict[str, ContainerNode] = field(default_factory=dict)
    accounts: dict[str, AccountNode] = field(default_factory=dict)

    def add(self, other: NodeTable) -> None:
        """Take over all of another table."""
        self.objects.update(other.objects)
        self.containers.update(other.containers)
        self.accounts.update(other.accounts)

    def remove(self, other: NodeTable) -> None:
        """Drop what another table names."""
        for place in list(other.objects):
            self.objects.pop(place, None)
        for name in list(other.containers):
            self.containers.pop(name, None)
        for name in list(other.accounts):
            self.accounts.pop(name, None)


def node_client(
    pool: ClientPool, address: Address, identity: CallerIdentity | None
) -> Client:
    """Calls to the servers there.  Sockets of this machine are private anyway."""
    if identity is None or isinstance(address, Path):
        return pool.client(address)
    return pool.client(address, tls_host=address[0], context=identity.context)


class Peers:
    """One ``Peer`` for each address that this process talks to: over TLS, where there
    is an ``identity`` to show."""

    def __init__(
        self,
        pool: ClientPool,
        secret: str,
        response_seconds: float,
        identity: CallerIdentity | None = None,
    ) -> None:
        self._pool = pool
        self._identity = identity
        self._secret = secret
        self._response_seconds = response_seconds
        self._peers: dict[Address, Peer] = {}

    def at(self, address: Address) -> Peer:
        """The peer at an address, made at first use."""
        peer = self._peers.get(address)
        if peer is None:
            client = node_client(self._pool, address, self._identity)
            peer = self._peers[address] = Peer(
                client, self._secret, response_seconds=self._response_seconds
            )
        return peer


class NodeDirectory:
    """Implements ``proxy.rounds.placement.Directory``.

    ``local`` are the nodes of this process' own devices, ``siblings`` the
    addresses of the workers that own this machine's other devices, ``own`` the
    (ip, port) pairs under which the rings know this machine's node server.
    """

    def __init__(
        self,
        local: NodeTable,
        siblings: Mapping[str, Address],
        own: frozenset[tuple[str, int]],
        peers: Peers,
    ) -> None:
        self._local = local
        self._siblings = siblings
        self._own = own
        self._peers = peers
        self._remote_objects: dict[tuple[Address, int, str], RemoteObjectNode] = {}

    def object(self, device: Device, policy: int) -> ObjectNode:
        """The device's objects of one policy."""
        if self.is_here(device):
            node = self._local.objects.get((policy, device.device))
            if node is not None:
                return node
        # One remote node for each device: it gathers marks to send in batches.
        address = self._address(device)
        known = self._remote_objects.get((address, policy, device.device))
        if known is None:
            known = RemoteObjectNode(self._peers.at(address), policy, device.device)
            self._remote_objects[address, policy, device.device] = known
        return known

    def container(self, device: Device) -> ContainerNode:
        """The device's containers."""
        if self.is_here(device):
            node = self._local.containers.get(device.device)
            if node is not None:
                return node
        return RemoteContainerNode(self._peers.at(self._address(device)), device.device)

    def account(self, device: Device) -> AccountNode:
        """The device's accounts."""
        if self.is_here(device):
            node = self._local.accounts.get(device.device)
            if node is not None:
                return node
        return RemoteAccountNode(self._peers.at(self._address(device)), device.device)

    def is_near(self, device: Device) -> bool:
        """Whether a call to it stays within this process."""
        return self.is_here(device) and device.device not in self._siblings

    def owner(self, device: Device) -> Address | None:
        """Where it is answered for; None: in this process."""
        return None if self.is_near(device) else self._address(device)

    def is_here(self, device: Device) -> bool:
        """Whether the device is one of this machine's."""
        return (device.ip, device.port) in self._own

    def _address(self, device: Device) -> Address:
        if self.is_here(device) and device.device in self._siblings:
            return self._siblings[device.device]
        return device.ip, device.port

    def served(self, devices: Mapping[str, Device], policies: list[int]) -> NodeTable:
        """What this machine's node server answers for: own devices by their local
        nodes, siblings' through the sibling.  A device that failed to open has
        none: its callers are told 507 and go elsewhere."""
        table = NodeTable(
            dict(self._local.objects),
            dict(self._local.containers),
            dict(self._local.accounts),
        )
        for name, device in devices.items():
            if name in self._siblings:
                for policy in policies:
                    table.objects[policy, name] = self.object(device, policy)
                table.containers[name] = self.container(device)
                table.accounts[name] = self.account(device)
        return table
