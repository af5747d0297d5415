"""What a change may concern: the subjects that hosts' views are made of.

A *subject* is a text.  Whoever writes a row that views show names the subjects that it
is of (``concerns`` for records, ``Work.concern`` for the rows of other tables); whoever
makes a view names those that he looked at.
"""

from __future__ import annotations

EVERYTHING = "everything"


def of_host(host: str) -> str:
    """Which ports and routers are on the host, and how they are."""
    return f"host/{host}"


def of_network(network_id: str) -> str:
    """The network, its subnets, and whatever of its ports is known beside them."""
    return f"network/{network_id}"


def names_of(project_id: str) -> str:
    """What a project's floating IPs are called."""
    return f"names/{project_id}"


def rules_of(group_id: str) -> str:
    """What a security group lets pass."""
    return f"rules/{group_id}"


def members_of(group_id: str) -> str:
    """The addresses in a security group, or in an address group."""
    return f"members/{group_id}"


def of_policy(policy_id: str) -> str:
    """A QoS policy's rules."""
    return f"policy/{policy_id}"
