"""Acts upon libvirt's domains: plain functions for native threads.

Each takes the connection first, may be repeated, and knows nothing of greenlets.
A domain without our metadata is somebody else's: it is not seen and not touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import libvirt

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.domain_xml import METADATA_NAMESPACE
from compute.agent.drivers.libvirt.states import guest_state
from compute.agent.guests import ACTIVE_STATES, GuestMissing, GuestState
from objectstore.kernel.errors import Unavailable

# On a busy machine a process takes a while to die; libvirt gives up too early.
DESTROY_TRIES = 5
DESTROY_PAUSE_SECONDS = 1.0
# A libvirtd that was killed while a guest started ends that guest when it is back,
# some moments after it answers again: until then the guest only seems to be there.
SETTLE_TRIES = 100
SETTLE_PAUSE_SECONDS = 0.1
UNDEFINE_FLAGS = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


def find(connection: Connection, uuid: str) -> Domain | None:
    """The domain, if there is one of ours."""
    try:
        domain = connection.lookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise
    return domain if is_ours(domain) else None


def require(connection: Connection, uuid: str) -> Domain:
    """The domain; ``GuestMissing`` when there is none."""
    domain = find(connection, uuid)
    if domain is None:
        raise GuestMissing(uuid)
    return domain


def is_ours(domain: Domain) -> bool:
    """Whether the agent defined it."""
    kind = libvirt.VIR_DOMAIN_METADATA_ELEMENT
    try:
        domain.metadata(kind, METADATA_NAMESPACE)
    except libvirt.libvirtError as error:
        code = error.get_error_code()
        if code in (libvirt.VIR_ERR_NO_DOMAIN_METADATA, libvirt.VIR_ERR_NO_DOMAIN):
            return False
        raise
    return True


def state_of(domain: Domain) -> GuestState:
    """What it does now."""
    try:
        state, reason = domain.state()
        saved = _has_saved_memory(domain)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return GuestState.ABSENT
        raise
    return guest_state(state, reason, has_saved_memory=saved)


def _has_saved_memory(domain: Domain) -> bool:
    try:
        return bool(domain.hasManagedSaveImage())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return False  # containers cannot
        raise


def read_state(connection: Connection, uuid: str) -> GuestState:
    """One guest's state."""
    domain = find(connection, uuid)
    return GuestState.ABSENT if domain is None else state_of(domain)


def read_states(connection: Connection) -> dict[str, GuestState]:
    """All guests' states; a guest that goes away meanwhile is left out."""
    states: dict[str, GuestState] = {}
    for domain in connection.listAllDomains():
        if is_ours(domain):
            state = state_of(domain)
            if state is not GuestState.ABSENT:
                states[domain.UUIDString()] = state
    return states


def bring_up(connection: Connection, uuid: str, definition: str) -> None:
    """Running: as it is, from pause, from saved memory, or booted as defined here."""
    domain = find(connection, uuid)
    if domain is not None:
        _wait_until_settled(domain)
    state = GuestState.ABSENT if domain is None else state_of(domain)
    if state is GuestState.PAUSED and domain is not None:
        domain.resume()
    elif state is GuestState.SUSPENDED and domain is not None:
        domain.create()
    elif state is not GuestState.RUNNING:
        _define(connection, domain, definition).create()


def boot(connection: Connection, uuid: str, definition: str) -> None:
    """Newly booted as defined here, from whatever state."""
    domain = find(connection, uuid)
    if domain is not None:
        end(connection, uuid)
        drop_memory(connection, uuid)
    _define(connection, domain, definition).create()


def _define(connection: Connection, before: Domain | None, definition: str) -> Domain:
    """Define it anew.  What other firmware kept is nothing for this one: signed
    firmware would check nothing with variables that have no keys.  Nor is a TPM's state
    for one without a TPM, and it would be left behind for ever."""
    if before is not None:
        old = kept_definition_of(before)
        flags = drops(old, ElementTree.fromstring(definition))
        if flags:
            _unless_inactive(before.undefineFlags, flags)
    return connection.defineXML(definition)


def drops(old: Element, new: Element) -> int:
    """With what flags the old definition must be forgotten before the new one comes; 0:
    that need not be.  Pure."""
    firmware = _firmware(old) != _firmware(new)
    tpm = old.find("./devices/tpm") is not None and new.find("./devices/tpm") is None
    if not firmware and not tpm:
        return 0
    keep_variables = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
    drop_tpm, keep_tpm = (
        libvirt.VIR_DOMAIN_UNDEFINE_TPM,
        libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM,
    )
    flags: int = UNDEFINE_FLAGS
    if not firmware:
        flags = flags & ~libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | keep_variables
    flags |= drop_tpm if tpm else keep_tpm
    return flags


def _firmware(definition: Element) -> tuple[str | None, ...]:
    """Whose variables these are."""
    system, kind = definition.find("./os"), definition.find("./os/type")
    secure = definition.find("./os/firmware/feature[@name='secure-boot']")
    if system is None or kind is None or system.get("firmware") is None:
        return ()
    said = "no" if secure is None else secure.get("enabled")
    return kind.get("arch"), said


def _wait_until_settled(domain: Domain) -> None:
    """Its start has come to an end, good or bad; ``Unavailable`` when it does not."""
    starting = [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP]
    for _ in range(SETTLE_TRIES):
        if list(domain.state()) != starting:
            return
        time.sleep(SETTLE_PAUSE_SECONDS)
    raise Unavailable("the guest neither starts nor ends")


def press_power_button(connection: Connection, uuid: str) -> None:
    """Ask the guest to shut down."""
    domain = find(connection, uuid)
    if domain is not None and domain.isActive():
        _unless_inactive(
            domain.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN
        )


def end(connection: Connection, uuid: str) -> None:
    """Pull the plug."""
    domain = find(connection, uuid)
    for attempt in range(1, DESTROY_TRIES + 1):
        if domain is None or not domain.isActive():
            return
        try:
            _unless_inactive(domain.destroy)
        except libvirt.libvirtError:
            if attempt == DESTROY_TRIES:
                raise
            time.sleep(DESTROY_PAUSE_SECONDS)


def drop_memory(connection: Connection, uuid: str) -> None:
    """Forget the saved memory of a suspended guest."""
    domain = find(connection, uuid)
    if domain is not None and _has_saved_memory(domain):
        domain.managedSaveRemove()


def forget(connection: Connection, uuid: str, flags: int = UNDEFINE_FLAGS) -> None:
    """End it and undefine it."""
    end(connection, uuid)
    domain = find(connection, uuid)
    if domain is not None:
        _unless_inactive(domain.undefineFlags, flags)


def definition_of(domain: Domain) -> Element:
    """Its XML as it is now (the running one's, when it runs)."""
    return ElementTree.fromstring(domain.XMLDesc())


def kept_definition_of(domain: Domain) -> Element:
    """Its XML on disk, which outlives its process."""
    return ElementTree.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def is_active(connection: Connection, uuid: str) -> bool:
    """Whether it runs or is paused."""
    return read_state(connection, uuid) in ACTIVE_STATES


def _unless_inactive(act: Callable[..., object], *arguments: object) -> None:
    """Call it; that the domain has ended meanwhile is what was wanted."""
    try:
        act(*arguments)
    except libvirt.libvirtError as error:
        code = error.get_error_code()
        if code not in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN):
            raise


def console_log_path(connection: Connection, uuid: str) -> str:
    """Where its serial console is logged; "" when nowhere."""
    log = definition_of(require(connection, uuid)).find("./devices/serial/log")
    return "" if log is None else log.get("file", "")


def is_stalled(domain: Domain) -> bool:
    """Whether it waits because its disk's storage failed."""
    state, reason = domain.state()
    return bool(
        state == libvirt.VIR_DOMAIN_PAUSED
        and reason == libvirt.VIR_DOMAIN_PAUSED_IOERROR
    )


def stalled(connection: Connection) -> list[str]:
    """The guests whose disks' storage failed."""
    return [
        domain.UUIDString()
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED)
        if is_ours(domain) and is_stalled(domain)
    ]


def resume_stalled(connection: Connection, uuid: str) -> None:
    """Let it go on, if that is why it waits."""
    domain = find(connection, uuid)
    if domain is not None and is_stalled(domain):
        domain.resume()
