"""A network card more, or less.  The API has made or bound the port already."""

from __future__ import annotations

from typing import Any

from compute.agent.guest_spec import nic_spec
from compute.agent.guests import GuestMissing
from compute.agent.host import Work
from compute.agent.sagas.parts import wait_for_ports
from compute.core.jobs.saga import Saga, Step
from compute.instance.client import interfaces, release_port


def _port_id(work: Work) -> str:
    return str(work.arguments["port_id"])


def _vif(work: Work) -> Any:
    wanted = _port_id(work)
    return next((vif for vif in work.server.vifs if vif["port_id"] == wanted), None)


def _plug(work: Work) -> None:
    work.set_vifs(interfaces(work.neighbours.network, work.server))
    vif = _vif(work)
    if vif is not None:
        work.kit.hypervisor.attach_nic(work.uuid, nic_spec(vif))


def _unplug(work: Work) -> None:
    vif = _vif(work)
    mac = str(vif["mac"]) if vif is not None else str(work.arguments.get("mac", ""))
    if not mac:
        return
    try:
        work.kit.hypervisor.detach_nic(work.uuid, mac)
    except GuestMissing:
        return  # a guest that is not here has no card


def _release(work: Work) -> None:
    vif = _vif(work)
    if vif is None:
        return
    release_port(work.neighbours.network, _port_id(work), ours=bool(vif["ours"]))
    work.set_vifs(
        [dict(each) for each in work.server.vifs if each["port_id"] != vif["port_id"]]
    )


ATTACH_INTERFACE: Saga[Work] = Saga(
    "attach_interface",
    (
        Step("begin", lambda work: None, undo=_release),
        Step("wires", wait_for_ports),
        Step("plug", _plug, undo=_unplug),
    ),
)
DETACH_INTERFACE: Saga[Work] = Saga(
    "detach_interface",
    (Step("unplug", _unplug), Step("port", _release)),
    cancellable=False,
)
