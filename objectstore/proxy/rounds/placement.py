"""From a name to the nodes that hold it, per ring.

``Placement`` turns names into 16-byte keys, keys into partitions, and
partitions into ``Group``s of nodes.  Groups are remembered: a request costs
one hash and one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, Protocol, TypeVar

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.known_facts import Located
from objectstore.policy.erasure import fragment_space
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.stand_ins import FORMER_RINGS_MAX, stand_ins
from objectstore.wire.nodes import AccountNode, ContainerNode, ObjectNode
from ring.device import Device
from ring.hashing import hash_path
from ring.ring import Ring

N = TypeVar("N")

# A group costs some 500 bytes; beyond this many they are made anew each time.
GROUPS_MAX = 1 << 16


class Directory(Protocol):
    """Who answers for a device of the ring."""

    def object(self, device: Device, policy: int) -> ObjectNode:
        """The device's objects of one storage policy."""

    def container(self, device: Device) -> ContainerNode:
        """The device's containers."""

    def account(self, device: Device) -> AccountNode:
        """The device's accounts."""

    def is_near(self, device: Device) -> bool:
        """Whether a call to it stays within this process: such are read first."""

    def owner(self, device: Device) -> Hashable:
        """Which process, or machine, answers for it, as far as is known here."""


class _Groups(Generic[N]):
    """The groups of one ring."""

    def __init__(
        self,
        ring: Ring,
        node: Callable[[Device], N],
        directory: Directory,
        former: tuple[Ring, ...] = (),
    ) -> None:
        """``former``: the rings before this one, newest first."""
        self._ring = ring
        self._former = former
        self._make_node = node
        # One node for each device: whoever remembers something of a node
        # (its queue of rows, its slowness) remembers it of the device.
        self._nodes: dict[int, N] = {}
        self._directory = directory
        self._shift = 32 - ring.part_power
        self._groups: dict[int, Group[N]] = {}

    def followed_by(self, ring: Ring) -> _Groups[N]:
        """The groups of the ring that takes this one's place.  The same ring gets new
        nodes: its devices may be had in another way now."""
        former = self._former
        if ring is not self._ring:
            former = (self._ring, *former)[:FORMER_RINGS_MAX]
        if ring.part_power != self._ring.part_power:
            former = ()
        return _Groups(ring, self._make_node, self._directory, former)

    def alike(self, make_node: Callable[[Device], N]) -> _Groups[N]:
        """Groups of the same devices, with other nodes."""
        return _Groups(self._ring, make_node, self._directory, self._former)

    def of(self, key: bytes) -> Group[N]:
        """The group that holds the key."""
        partition = int.from_bytes(key[:4], "big") >> self._shift
        group = self._groups.get(partition)
        if group is None:
            group = self._make(partition)
            if len(self._groups) < GROUPS_MAX:
                self._groups[partition] = group
        return group

    def _node(self, device: Device) -> N:
        node = self._nodes.get(device.id)
        if node is None:
            node = self._nodes[device.id] = self._make_node(device)
        return node

    def located(self, key: bytes, policy: int) -> Located:
        """The devices themselves."""
        partition = int.from_bytes(key[:4], "big") >> self._shift
        devices = self._ring.primaries(partition)
        return Located(
            tuple((each.ip, each.port, each.device) for each in devices),
            partition,
            policy,
        )

    def _make(self, partition: int) -> Group[N]:
        devices = self._ring.primaries(partition)
        return Group(
            map(self._node, devices),
            map(self._directory.is_near, devices),
            lambda: map(self._node, stand_ins(self._ring, self._former, partition)),
            [device.id for device in devices],
            map(self._directory.owner, devices),
        )


class Placement:
    """Names to keys and groups, by the cluster's rings.

    ``object_rings`` maps a policy's index to its ring.  Prefix and suffix are
    the cluster's secrets that names are hashed with.
    """

    def __init__(
        self,
        object_rings: Mapping[int, Ring],
        container_ring: Ring,
        account_ring: Ring,
        directory: Directory,
        *,
        hash_prefix: bytes = b"",
        hash_suffix: bytes = b"",
    ) -> None:
        self._prefix = hash_prefix
        self._suffix = hash_suffix
        self._objects = {
            policy: _Groups(ring, _object_nodes(directory, policy), directory)
            for policy, ring in object_rings.items()
        }
        # Of erasure-coded policies, made at the first use.
        self._fragments: dict[int, _Groups[ObjectNode]] = {}
        self._directory = directory
        self._containers = _Groups(container_ring, directory.container, directory)
        self._accounts = _Groups(account_ring, directory.account, directory)

    def follow(
        self, object_rings: Mapping[int, Ring], container_ring: Ring, account_ring: Ring
    ) -> None:
        """Use these rings from the next request on."""
        self._objects = {
            policy: self._objects[policy].followed_by(ring)
            for policy, ring in object_rings.items()
        }
        self._fragments = {
            policy: groups.followed_by(object_rings[policy])
            for policy, groups in self._fragments.items()
        }
        self._containers = self._containers.followed_by(container_ring)
        self._accounts = self._accounts.followed_by(account_ring)

    def account(self, account: str) -> tuple[bytes, Group[AccountNode]]:
        """Key and nodes of an account."""
        key = hash_path(account, prefix=self._prefix, suffix=self._suffix)
        return key, self._accounts.of(key)

    def container(
        self, account: str, container: str
    ) -> tuple[bytes, Group[ContainerNode]]:
        """Key and nodes of a container."""
        key = hash_path(account, container, prefix=self._prefix, suffix=self._suffix)
        return key, self._containers.of(key)

    def object(
        self, account: str, container: str, name: str, policy: int
    ) -> tuple[bytes, Group[ObjectNode]]:
        """Key and nodes of an object of a policy; ``Unavailable`` without a ring."""
        key = hash_path(
            account, container, name, prefix=self._prefix, suffix=self._suffix
        )
        groups = self._objects.get(policy)
        if groups is None:
            raise Unavailable(f"no ring for storage policy {policy}")
        return key, groups.of(key)

    def fragments(self, key: bytes, policy: int) -> Group[ObjectNode]:
        """The nodes of an object's fragments, by index: the same devices."""
        groups = self._fragments.get(policy)
        if groups is None:
            make = _object_nodes(self._directory, fragment_space(policy))
            groups = self._fragments[policy] = self._objects[policy].alike(make)
        return groups.of(key)

    def locate(
        self, account: str, container: str = "", name: str = "", policy: int = 0
    ) -> Located:
        """Which devices keep it; ``Unavailable`` without a ring."""
        if not container:
            return self._accounts.located(self.account(account)[0], 0)
        if not name:
            key, _ = self.container(account, container)
            return self._containers.located(key, policy)
        key, _ = self.object(account, container, name, policy)
        return self._objects[policy].located(key, policy)


def _object_nodes(directory: Directory, policy: int) -> Callable[[Device], ObjectNode]:
    return lambda device: directory.object(device, policy)
