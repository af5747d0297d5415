"""Encrypted tunnels follow the view, and none is ever made that is not encrypted."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.encryption import (
    INSIDE,
    inside_address,
    unreachable,
)
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.host.tunnel_key import FILE, own_public_key, private_key
from compute.network.agent.host.wireguard import configuration, parse_peers
from compute.network.agent.model import HOST, Desired, Peer, WireGuard
from compute.network.agent.names import tunnel_device, wireguard_device
from compute.network.agent.settings import AgentSettings
from compute.network.view import HostView, Remote
from objectstore.kernel.errors import Rejected
from test.fakes.network_host import MemoryHost
from test.unit.compute.network.agent import views
from test.unit.compute.network.agent.converging import converge

OWN, BETAS, GAMMAS = ("O" * 43 + "=", "B" * 43 + "=", "G" * 43 + "=")
SETTINGS = replace(views.SETTINGS, tunnel_address="192.0.2.1", tunnel_key=OWN)
BETA = Remote("192.0.2.2", ("fa:16:3e:00:01:01",), BETAS)
GAMMA = Remote("192.0.2.3", (), GAMMAS)
TUNNEL, DEVICE = tunnel_device(views.RED.id), wireguard_device(OWN)


def view_with(*remotes: Remote, encrypts: bool = True) -> HostView:
    red = replace(views.RED, segment=4096, remotes=remotes)
    others = [each for each in views.VIEW.networks if each.id != red.id]
    return replace(views.VIEW, networks=(red, *others), encrypts_tunnels=encrypts)


def desired_of(view: HostView, settings: AgentSettings = SETTINGS) -> Desired:
    return desired_state(view, settings, assign_zones(view.networks, {}))


def ends(host: MemoryHost) -> set[str]:
    return {each.address for each in host.namespaces[HOST].links[TUNNEL].forwards}


def test_tunnels_go_through_the_device() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with(BETA, GAMMA)))
    links = host.namespaces[HOST].links
    assert links[TUNNEL].through == DEVICE
    assert links[TUNNEL].local == inside_address(OWN)
    assert links[DEVICE].addresses == {f"{inside_address(OWN)}/{INSIDE.prefixlen}"}
    assert links[DEVICE].mtu == views.RED.mtu + 70
    assert ends(host) == {inside_address(BETAS), inside_address(GAMMAS)}
    peers = {(each.key, each.endpoint) for each in host.wireguards[DEVICE].peers}
    assert peers == {(BETAS, "192.0.2.2:51889"), (GAMMAS, "192.0.2.3:51889")}


def test_a_tunnel_in_the_clear_is_made_anew() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with(BETA, encrypts=False)))
    assert host.namespaces[HOST].links[TUNNEL].local == "192.0.2.1"
    converge(host, desired_of(view_with(BETA)))
    assert host.namespaces[HOST].links[TUNNEL].through == DEVICE
    converge(host, desired_of(view_with(BETA, encrypts=False)))
    assert DEVICE not in host.namespaces[HOST].links and not host.wireguards
    converge(host, desired_of(view_with()))
    assert TUNNEL not in host.namespaces[HOST].links


@pytest.mark.parametrize(
    "silent",
    [
        replace(GAMMA, key=""),
        replace(GAMMA, key=OWN),
        replace(GAMMA, key=GAMMAS + "\n[Peer]"),
        replace(GAMMA, address="192.0.2.3\nAllowedIPs = ::/0"),
    ],
)
def test_nothing_is_sent_to_a_host_without_a_good_key(silent: Remote) -> None:
    host, view = MemoryHost(), view_with(BETA, silent)
    converge(host, desired_of(view))
    assert ends(host) == {inside_address(BETAS)}
    assert {each.key for each in host.wireguards[DEVICE].peers} == {BETAS}
    assert silent.address in unreachable(view, SETTINGS)
    assert not unreachable(view_with(BETA), SETTINGS)


def test_a_host_without_a_key_of_its_own_has_no_tunnels() -> None:
    host, keyless = MemoryHost(), replace(SETTINGS, tunnel_key="")
    converge(host, desired_of(view_with(BETA), keyless))
    assert TUNNEL not in host.namespaces[HOST].links
    assert "no key" in unreachable(view_with(BETA), keyless)
    assert not unreachable(view_with(BETA, encrypts=False), keyless)


def test_another_key_is_another_device() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with(BETA)))
    converge(host, desired_of(view_with(BETA), replace(SETTINGS, tunnel_key=GAMMAS)))
    links = host.namespaces[HOST].links
    assert DEVICE not in links
    assert links[TUNNEL].through == wireguard_device(GAMMAS)


def test_frames_in_the_clear_are_dropped_where_none_may_be() -> None:
    rules = desired_of(view_with(BETA)).rules
    assert 'iifname != "rsw-*" meta nfproto ipv6 udp dport 4789 drop' in rules
    # Not either by the default route, while the device is down.
    assert f'oifname != "lo" oifname != "rsw-*" ip6 daddr {INSIDE} drop' in rules
    assert '    iifname "rsw-*" drop\n    oifname "rsw-*" drop\n' in rules
    assert "rsw-" not in desired_of(view_with(BETA, encrypts=False)).rules


def test_guests_send_no_frames_to_where_tunnels_end() -> None:
    strange = replace(GAMMA, address="192.0.2.3 }; drop")
    rules = desired_of(view_with(BETA, strange, encrypts=False)).rules
    ours = 'iifname "rsbr-*" ip'
    assert f"{ours} saddr != {{ 192.0.2.2 }} udp dport 4789 drop" in rules
    assert 'iifname "rsbr-*" oifname != "rsbr-*" udp dport 4789 drop' in rules
    assert "4789" not in desired_of(view_with(encrypts=False)).rules


def test_the_text_for_wireguard() -> None:
    peer = Peer(BETAS, "192.0.2.2:51889", "fd72::2")
    text = configuration(WireGuard(OWN, 51889, frozenset({peer})), "secret")
    assert text == (
        "[Interface]\nPrivateKey = secret\nListenPort = 51889\n\n"
        f"[Peer]\nPublicKey = {BETAS}\nEndpoint = 192.0.2.2:51889\n"
        "AllowedIPs = fd72::2/128\n"
    )
    seen = parse_peers(f"{BETAS}\tfd72::2/128\n{GAMMAS}\t(none)\n")
    assert seen == {Peer(BETAS, "", "fd72::2"), Peer(GAMMAS, "", "(none)")}


def test_a_hosts_key_stays(tmp_path: Path) -> None:
    state = tmp_path / "state"
    public = own_public_key(state)
    assert own_public_key(state) == public != private_key(state)
    assert stat.S_IMODE((state / FILE).stat().st_mode) == 0o600
    (state / FILE).write_text("garbage\n")
    with pytest.raises(Rejected, match="remove it"):
        own_public_key(state)
    (state / FILE).unlink()
    assert own_public_key(state) != public
