"""Who gets which address: the only code that gives addresses out.

The table's primary key (subnet, address) is the promise: no address has two owners,
whatever runs at the same time.  Free addresses are taken in order, after the highest
in use, so that one that was given back rests as long as there are others: neighbours
still remember its last owner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.concerns import addresses_of_ports
from compute.network.frame.work import Work
from compute.network.links import prefixes
from compute.network.model import NETWORK_OWNER_PREFIX, FixedAddress, Subnet

# As many as one interface can sensibly carry.
FIXED_ADDRESSES_MAX = 64
# Addresses that are read at once while looking for a gap.
CHUNK = 512

Wish = Mapping[str, str]
"""``subnet_id`` and/or ``ip_address``, as in a port's ``fixed_ips``."""


def wanted_addresses(
    work: Work,
    subnets: Sequence[Subnet],
    wishes: Sequence[Wish] | None,
    *,
    network_id: str,
    mac: str,
    owner: str,
    keep: Sequence[FixedAddress] = (),
) -> list[tuple[str, str]]:
    """(subnet, address) for each wish; for None, one of each version of IP and those
    that the guest makes itself, on subnets that are for the port's ``owner``.

    ``keep``: what the port has already.  Raises ``InvalidIpForNetwork``,
    ``IpAddressInUse``, ``IpAddressGenerationFailure``.
    """
    if wishes is None:
        fitting = fitting_subnets(subnets, owner)
        if subnets and not fitting:
            raise conflict(
                "IpAddressGenerationFailureNoMatchingSubnet",
                f"No valid service subnet for the given device owner, network"
                f" {network_id}, service type {owner}.",
            )
        return _automatic(work, fitting, network_id, mac)
    is_guest = not owner.startswith(NETWORK_OWNER_PREFIX)
    if len(wishes) > FIXED_ADDRESSES_MAX:
        raise invalid(f"fixed_ips: more than {FIXED_ADDRESSES_MAX}.")
    had = {(each.subnet_id, each.address) for each in keep}
    understood = [_understand(subnets, wish, network_id) for wish in wishes]
    exact = [(subnet.id, address) for subnet, address in understood if address]
    if len(set(exact)) != len(exact):
        raise invalid("fixed_ips: the same address twice.")
    for pair in exact:
        if pair not in had and is_taken(work, *pair):
            raise conflict(
                "IpAddressInUse",
                f"Unable to complete operation for network {network_id}."
                f" The IP address {pair[1]} is in use.",
            )
    # In the order of the wishes; what is asked for by name is given to no other.
    taken, chosen = list(exact), []
    for subnet, address in understood:
        pair = (subnet.id, address)
        if not address:
            pair = _one_of(work, subnet, mac, had, taken, is_guest)
            taken.append(pair)
        chosen.append(pair)
    return chosen


def fitting_subnets(subnets: Sequence[Subnet], owner: str) -> list[Subnet]:
    """Of each version of IP the subnets for ports of that owner; those for any port
    where there are none."""
    found: list[Subnet] = []
    for version in (4, 6):
        those = [each for each in subnets if each.version == version]
        for_owner = [each for each in those if _is_for(each, owner)]
        found += for_owner or [each for each in those if not each.service_types]
    return found


def _is_for(subnet: Subnet, owner: str) -> bool:
    """``compute:`` stands for all servers, wherever they are."""
    return any(
        kind == owner or (kind.endswith(":") and owner.startswith(kind))
        for kind in subnet.service_types
    )


def _understand(
    subnets: Sequence[Subnet], wish: Wish, network_id: str
) -> tuple[Subnet, str]:
    subnet_id, text = wish.get("subnet_id"), wish.get("ip_address")
    if not subnet_id and not text:
        raise invalid("fixed_ips: an item needs a subnet_id or an ip_address.")
    candidates = [each for each in subnets if not subnet_id or each.id == subnet_id]
    if not candidates:
        raise invalid(
            f"Failed to create port on network {network_id}, because fixed_ips"
            f" included invalid subnet {subnet_id}.",
        )
    if not text:
        return candidates[0], ""
    address = prefixes.parse_address(text)
    for subnet in candidates:
        prefix = prefixes.parse_prefix(subnet.cidr)
        if address.version == prefix.version and address in prefix:
            if not prefixes.usable(prefix).holds(int(address)):
                break
            return subnet, str(address)
    raise invalid(
        f"IP address {address} is not a valid IP for any of the subnets on the"
        " specified network.",
        "InvalidIpForNetwork",
    )


def _one_of(
    work: Work,
    subnet: Subnet,
    mac: str,
    had: set[tuple[str, str]],
    chosen: Sequence[tuple[str, str]],
    is_guest: bool,
) -> tuple[str, str]:
    if is_guest and subnet.address_mode in prefixes.AUTOMATIC_MODES:
        return subnet.id, prefixes.eui64_address(subnet.cidr, mac)
    for pair in sorted(had):
        if pair[0] == subnet.id and pair not in chosen:
            return pair
    avoid = [address for owner, address in chosen if owner == subnet.id]
    address = free_address(work, subnet, avoid)
    if not address:
        raise _exhausted(subnet.network_id)
    return subnet.id, address


def _automatic(
    work: Work, subnets: Sequence[Subnet], network_id: str, mac: str
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for version in (4, 6):
        plain = [
            each
            for each in subnets
            if each.version == version
            and each.address_mode not in prefixes.AUTOMATIC_MODES
        ]
        for subnet in plain:
            address = free_address(work, subnet)
            if address:
                found.append((subnet.id, address))
                break
        else:
            if plain:
                raise _exhausted(network_id)
    for subnet in subnets:
        if subnet.address_mode in prefixes.AUTOMATIC_MODES:
            pair = (subnet.id, prefixes.eui64_address(subnet.cidr, mac))
            if is_taken(work, *pair):
                raise _exhausted(network_id)
            found.append(pair)
    return found


def _exhausted(network_id: str) -> Exception:
    return conflict(
        "IpAddressGenerationFailure",
        f"No more IP addresses available on network {network_id}.",
    )


def free_address(work: Work, subnet: Subnet, avoid: Sequence[str] = ()) -> str:
    """A free address of the subnet's pools, "" when there is none."""
    shunned = {int(prefixes.number_text(each), 16) for each in avoid}
    ranges = prefixes.ranges_of(subnet.pools)
    for within in ranges:
        busy = [number for number in shunned if within.holds(number)]
        highest = max([_highest(work, subnet, within), *busy])
        if highest < within.last:
            return prefixes.address_text(highest + 1, subnet.version)
    for within in ranges:
        number = _gap(work, subnet, within, shunned)
        if number is not None:
            return prefixes.address_text(number, subnet.version)
    return ""


def _numbers(subnet: Subnet, within: prefixes.Range) -> list[sa.ColumnElement[bool]]:
    number = tables.addresses.c.number
    return [
        tables.addresses.c.subnet_id == subnet.id,
        number >= f"{within.first:032x}",
        number <= f"{within.last:032x}",
    ]


def _highest(work: Work, subnet: Subnet, within: prefixes.Range) -> int:
    found = work.connection.execute(
        sa.select(sa.func.max(tables.addresses.c.number)).where(
            *_numbers(subnet, within)
        )
    ).scalar()
    return int(found, 16) if found else within.first - 1


def _gap(
    work: Work, subnet: Subnet, within: prefixes.Range, shunned: set[int]
) -> int | None:
    start = within.first
    while start <= within.last:
        rest = prefixes.Range(start, within.last)
        taken = [
            int(text, 16)
            for text in work.connection.execute(
                sa.select(tables.addresses.c.number)
                .where(*_numbers(subnet, rest))
                .order_by(tables.addresses.c.number)
                .limit(CHUNK)
            ).scalars()
        ]
        # Beyond the last one read, there may be more that we have not seen.
        end = taken[-1] if len(taken) == CHUNK else within.last
        known = prefixes.Range(start, end)
        busy = sorted({*taken, *(number for number in shunned if known.holds(number))})
        free = prefixes.first_free(known, busy)
        if free is not None:
            return free
        start = end + 1
    return None


def is_taken(work: Work, subnet_id: str, address: str) -> bool:
    """Whether a port has that address."""
    table = tables.addresses
    its = (table.c.subnet_id == subnet_id, table.c.address == address)
    return bool(work.rows(table.select().where(*its)))


def addresses_of(work: Work, port_ids: Sequence[str]) -> dict[str, list[FixedAddress]]:
    """The addresses of each of these ports, in their order."""
    table = tables.addresses
    found: dict[str, list[FixedAddress]] = {}
    for row in work.rows(
        table.select()
        .where(table.c.port_id.in_(port_ids))
        .order_by(table.c.position, table.c.number)
    ):
        found.setdefault(row["port_id"], []).append(FixedAddress(**row))
    return found


def assign(work: Work, port_id: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Make these the addresses of the port."""
    table = tables.addresses
    work.concern(addresses_of_ports(work.connection, tables.ports.c.id == port_id))
    had = {
        (each.subnet_id, each.address)
        for each in addresses_of(work, [port_id]).get(port_id, [])
    }
    for subnet_id, address in had - set(pairs):
        work.connection.execute(
            table.delete().where(
                table.c.subnet_id == subnet_id, table.c.address == address
            )
        )
    for position, (subnet_id, address) in enumerate(pairs):
        if (subnet_id, address) in had:
            continue
        values: dict[str, Any] = {
            "subnet_id": subnet_id,
            "address": address,
            "number": prefixes.number_text(address),
            "port_id": port_id,
            "position": position,
        }
        work.connection.execute(table.insert().values(**values))


def release(work: Work, port_id: str) -> None:
    """Give all addresses of the port back."""
    table = tables.addresses
    work.concern(addresses_of_ports(work.connection, tables.ports.c.id == port_id))
    work.connection.execute(table.delete().where(table.c.port_id == port_id))
