"""From a request body to servers: everything looked up and checked before a promise.

The one place that knows how the body of ``POST /servers`` becomes a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.image.client import ImageRecord
from compute.instance.block_devices import IMAGE, BlockDevice
from compute.instance.parts import Parts
from compute.instance.policies import ANY_NETWORK
from compute.instance.records import Flavor, KeyPair, Server, ServerGroup
from compute.instance.scheduling.state import DEFAULT_ZONE
from compute.instance.schemas.servers import plain_address
from compute.instance.schemas.types import is_true
from compute.instance.service.device_order import (
    asked_devices,
    local_image,
    order_of,
    without_image,
)
from compute.instance.service.hostnames import hostname_of
from compute.instance.service.network_choice import choose_networks
from compute.instance.service.new_servers import NewServers
from compute.instance.service.order_checks import (
    check_files,
    check_fit,
    check_metadata,
    checked_user_data,
    image_snapshot,
)
from compute.instance.service.quotas import Quotas
from compute.instance.service.volume_choice import (
    VolumeChoice,
    check_local_sizes,
    facts_of_volume,
    mapping_of_image,
)
from objectstore.kernel.errors import Rejected

Body = Mapping[str, Any]
# Formats that a guest can boot from.
NOT_BOOTABLE = frozenset({"aki", "ari"})
# Of one request: their records, ports and volumes are prepared together.
SERVERS_MAX = 1000


class Ordering:
    """Reads orders for servers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._quotas = quotas
        self._choice = VolumeChoice(parts)

    # ---- the whole order -------------------------------------------------------

    def read(
        self,
        context: RequestContext,
        body: Body,
        hints: Body,
        password: str,
        minor: int,
    ) -> NewServers:
        """What to make, as that version has it.  ``BadRequest`` names what is wrong."""
        least, most = self._counts(body)
        devices, image, facts = self._disks(context, body, most, minor)
        flavor, key, group, limits = self._parts.database.read(
            lambda connection: self._look_up(connection, context, body, hints)
        )
        is_on_volume = any(each.is_root for each in devices)
        check_fit(flavor, facts, has_root=not is_on_volume)
        check_local_sizes(devices, flavor)
        metadata = body.get("metadata", {})
        check_metadata(metadata, limits)
        files = body.get("personality", [])
        check_files(files, limits)
        zone, forced_host = self._where(context, body)
        name = body["name"]
        most_at_once = most if most > 1 else 1
        networks = self._networks(context, body, most_at_once)
        template = Server(
            id="",
            project_id=context.project_id,
            user_id=context.user_id,
            name=name,
            hostname=body.get("hostname") or hostname_of(name),
            created_at=0.0,
            updated_at=0.0,
            reservation_id=self._reservation(),
            flavor={},
            flavor_id="",
            vcpus=0,
            memory_mib=0,
            disk_gib=0,
            description=body.get("description"),
            image_id=image.id if image is not None else "",
            image=image_snapshot(facts),
            block_devices=[each.to_json() for each in devices],
            key_name=key.name if key else "",
            key_type=key.type if key else "ssh",
            key_public=key.public_key if key else "",
            config_drive=is_true(body.get("config_drive") or False),
            user_data=checked_user_data(body.get("user_data") or ""),
            metadata=dict(metadata),
            tags=sorted(set(body.get("tags", ()))),
            personality=list(files),
            networks=networks,
            security_groups=self._security_groups(context, body),
            hints=dict(hints),
            access_ipv4=plain_address(body.get("accessIPv4", "")),
            access_ipv6=plain_address(body.get("accessIPv6", "")),
            disk_config=body.get("OS-DCF:diskConfig", "MANUAL"),
        )
        return NewServers(
            template,
            flavor,
            least,
            most,
            zone=zone,
            forced_host=forced_host,
            group=group,
            same_host=_listed(hints.get("same_host")),
            different_host=_listed(hints.get("different_host")),
            admin_password=password,
        )

    def _counts(self, body: Body) -> tuple[int, int]:
        least = int(body.get("min_count", 1))
        most = int(body.get("max_count", body.get("min_count", 1)))
        if least > most:
            raise BadRequest("min_count must be <= max_count")
        if least > SERVERS_MAX:
            raise BadRequest(f"min_count: at most {SERVERS_MAX} servers in one request")
        most = min(most, SERVERS_MAX)
        if most > 1 and body.get("hostname") and "." in body["hostname"]:
            raise BadRequest("A full host name cannot be given to several servers")
        return least, most

    def _reservation(self) -> str:
        text = self._parts.identifiers.hexadecimal()
        return f"r-{text[:8]}"

    def _disks(
        self, context: RequestContext, body: Body, most: int, minor: int
    ) -> tuple[list[BlockDevice], ImageRecord | None, ImageRecord]:
        """The devices; the image that the server is made from, None when that is a
        volume; and the facts of what it boots from, wherever that lies."""
        asked = asked_devices(body)
        image_id = str(body.get("imageRef") or "") or local_image(asked)
        image = self.bootable(context, image_id) if image_id else None
        new_id = self._parts.identifiers.uuid
        if mapping := mapping_of_image(image):
            order = order_of([*mapping, *without_image(asked)], "", new_id)
        else:
            order = order_of(asked, image.id if image is not None else "", new_id)
        has_image = image is not None
        devices, volume = self._choice.checked(
            context, order.devices, most, has_image=has_image, minor=minor
        )
        root = next((each for each in devices if each.is_root), None)
        if root is not None and root.source == IMAGE:
            return devices, image, self.bootable(context, root.source_id)
        if root is not None and image is None:
            return devices, None, facts_of_volume(volume)
        assert image is not None
        return devices, image, image

    def _look_up(
        self, connection: Connection, context: RequestContext, body: Body, hints: Body
    ) -> tuple[Flavor, KeyPair | None, ServerGroup | None, Mapping[str, int]]:
        flavor = self.flavor(connection, context, str(body["flavorRef"]))
        key = None
        if "key_name" in body:
            name = body["key_name"]
            key = self._stores.keypairs.get(connection, context.user_id, name)
            if key is None:
                raise BadRequest("Invalid key_name provided.")
        group = None
        if hints.get("group"):
            group = self._stores.groups.get(connection, hints["group"])
            if group is None or group.project_id != context.project_id:
                raise BadRequest(f"Instance group {hints['group']} could not be found.")
        limits = self._quotas.of(connection, context.project_id, context.user_id)
        return flavor, key, group, limits

    # ---- parts that rebuild and resize need too --------------------------------

    def flavor(
        self, connection: Connection, context: RequestContext, flavor_id: str
    ) -> Flavor:
        """A flavor that the caller may use.  ``BadRequest``."""
        flavor = self._stores.flavors.get(connection, flavor_id.rpartition("/")[2])
        hidden = flavor is not None and not (
            flavor.is_public
            or context.project_id in flavor.access
            or context.has_role("admin")
        )
        if flavor is None or hidden or flavor.disabled:
            raise BadRequest(f"Flavor {flavor_id} could not be found.")
        return flavor

    def bootable(self, context: RequestContext, image_id: str) -> ImageRecord:
        """An image that the caller may boot.  ``BadRequest``."""
        image_id = image_id.rpartition("/")[2]
        try:
            image = self._parts.images.get(image_id, context.token)
        except Rejected as error:
            if error.status in (403, 404):
                raise BadRequest(f"Can not find requested image {image_id}") from None
            raise
        if not image.is_active:
            raise BadRequest(f"Image {image.id} is not active.")
        if image.disk_format in NOT_BOOTABLE:
            raise BadRequest(f"Image {image.id} is a {image.disk_format}, no disk.")
        return image

    def limits(self, context: RequestContext) -> dict[str, int]:
        """The caller's."""
        return self._parts.database.read(
            lambda connection: self._quotas.of(
                connection, context.project_id, context.user_id
            )
        )

    # ---- where, and on which networks ------------------------------------------

    def _where(self, context: RequestContext, body: Body) -> tuple[str, str]:
        zone = str(body.get("availability_zone", ""))
        zone, _, host = zone.partition(":")
        host = host.partition(":")[0]
        named = body.get("host") or body.get("hypervisor_hostname")
        if host or named:
            self._parts.enforce(context, "os_compute_api:servers:create:forced_host")
        wanted = str(named or host)
        self.check_place(zone, wanted)
        return zone, wanted

    def check_place(self, zone: str, host: str) -> None:
        """``BadRequest`` for a zone or host that is none ("": any)."""
        if not zone and not host:
            return  # most orders: no need to look at every host
        zones, hosts = self._parts.database.read(self._places)
        if zone and zone not in zones:
            raise BadRequest("The requested availability zone is not available")
        if host and host not in hosts:
            raise BadRequest(f"Compute host {host} could not be found.")

    def _places(self, connection: Connection) -> tuple[set[str], set[str]]:
        aggregates = self._stores.aggregates.all(connection)
        zones = {each.metadata.get("availability_zone", "") for each in aggregates}
        hosts = {each.host for each in self._stores.hosts.all(connection)}
        return (zones | {DEFAULT_ZONE}) - {""}, hosts

    def _networks(
        self, context: RequestContext, body: Body, count: int
    ) -> list[Mapping[str, str]]:
        wanted = body.get("networks")
        if wanted == []:
            wanted = None
        if isinstance(wanted, Sequence) and not isinstance(wanted, str):
            wanted = [
                {key: value for key, value in each.items() if value} for each in wanted
            ]
            uuids = [each["port"] for each in wanted if each.get("port")]
            if len(set(uuids)) < len(uuids):
                raise BadRequest("A port is named twice")
        return choose_networks(
            self._parts.network,
            context.project_id,
            wanted,
            count,
            is_any_allowed=self._parts.allows(context, ANY_NETWORK),
        )

    def _security_groups(self, context: RequestContext, body: Body) -> list[str]:
        names = []
        for each in body.get("security_groups", ()):
            name = each.get("name", "")
            try:
                self._parts.network.find_security_group(context.project_id, name)
            except NotFound as error:
                raise BadRequest(error.text) from None
            names.append(name)
        return list(dict.fromkeys(names))


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
