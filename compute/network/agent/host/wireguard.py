"""Tells WireGuard devices with whom to speak, and asks them.

``wg`` speaks with the kernel's as with a process behind a tun.  Sessions and their
keys, new every two minutes, are WireGuard's own; telling it the same again disturbs
none.
All calls block; callers are on native threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from compute.network.agent.commands import run
from compute.network.agent.host.tunnel_key import private_key
from compute.network.agent.model import Peer, WireGuard
from compute.network.agent.names import WIREGUARD_PREFIX
from objectstore.kernel.errors import Unavailable


class WireGuards:
    """The devices of one agent."""

    def __init__(self, state_directory: Path) -> None:
        self._directory = state_directory
        # WireGuard follows a host that speaks from another address, and rightly so:
        # where it was told to look at first is known only here.
        self._told: dict[str, WireGuard] = {}

    def seen(self, devices: Iterable[str]) -> dict[str, WireGuard]:
        """What those of these devices that are ours know, by their name; a device that
        does not answer knows nothing."""
        found: dict[str, WireGuard] = {}
        for device in devices:
            if device.startswith(WIREGUARD_PREFIX):
                try:
                    found[device] = self._seen(device)
                except Unavailable:
                    found[device] = WireGuard()
        self._told = {key: told for key, told in self._told.items() if key in found}
        return found

    def _seen(self, device: str) -> WireGuard:
        key = run("wg", "show", device, "public-key").strip()
        port = run("wg", "show", device, "listen-port").strip()
        peers = parse_peers(run("wg", "show", device, "allowed-ips"))
        seen = WireGuard(key, int(port), peers)
        told = self._told.get(device)
        return told if told is not None and _without_endpoints(told) == seen else seen

    def tell(self, device: str, wireguard: WireGuard) -> None:
        """Our key, and these peers instead of those there are."""
        secret = private_key(self._directory)
        run(
            "wg",
            "syncconf",
            device,
            "/dev/stdin",
            text=configuration(wireguard, secret),
        )
        self._told[device] = wireguard


def configuration(wireguard: WireGuard, secret: str) -> str:
    """The text that ``wg`` reads."""
    parts = [f"[Interface]\nPrivateKey = {secret}\nListenPort = {wireguard.port}\n"]
    parts += [
        f"[Peer]\nPublicKey = {peer.key}\nEndpoint = {peer.endpoint}\n"
        f"AllowedIPs = {peer.inside}/128\n"
        for peer in sorted(wireguard.peers, key=lambda peer: peer.key)
    ]
    return "\n".join(parts)


def parse_peers(text: str) -> frozenset[Peer]:
    """Of ``wg show DEVICE allowed-ips``: a line for each, the key and its addresses."""
    lines = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    return frozenset(
        Peer(key, "", addresses.removesuffix("/128")) for key, addresses in lines
    )


def _without_endpoints(wireguard: WireGuard) -> WireGuard:
    peers = frozenset(replace(peer, endpoint="") for peer in wireguard.peers)
    return replace(wireguard, peers=peers)
