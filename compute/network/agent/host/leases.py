"""Which of dnsmasq's leases are in the way: pure.

dnsmasq does not give an address to a port while its lease to another port is on
record, though the other is long gone.  ``kept_leases`` is the lease file without the
leases that today's ports contradict.
"""

from __future__ import annotations


def kept_leases(leases: str, hosts: str, hosts_before: str) -> str:
    """The lease file's lines that stay.

    ``hosts`` is the hosts file of today, ``hosts_before`` the one that dnsmasq has
    read ("" when unknown).  IPv6 leases do not tell the MAC address, so there one is
    also dropped when its address has changed hands between the two.
    """
    owners, before = _owners(hosts), _owners(hosts_before)
    kept = []
    for line in leases.splitlines():
        words = line.split()
        if len(words) < 5:  # "duid ..." or nothing
            kept.append(line)
            continue
        token, address = words[1].lower(), words[2]
        owner = owners.get(address)
        changed = address in before and before[address] != owner
        differs = ":" not in address and owner != token
        if owner is not None and not changed and not differs:
            kept.append(line)
    return "".join(f"{line}\n" for line in kept)


def _owners(hosts: str) -> dict[str, str]:
    """Address to MAC address.  A line ends with the address, if the port has one that
    is leased, and else with its name or with the MAC address: neither has dots."""
    found = {}
    for line in hosts.splitlines():
        words = line.split(",")
        if "." in words[-1] or words[-1].startswith("["):
            found[words[-1].strip("[]")] = words[0].lower()
    return found
