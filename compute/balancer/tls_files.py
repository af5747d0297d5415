"""Which files haproxy needs of certificates, and out of which secrets.  Pure.

A name says of what the file is and in which revision it was written, so a renewed
secret is another configuration.  What is in the files is asked for when a process
begins, and is nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compute.balancer.model import Tree, living

SUFFIX = ".pem"


@dataclass(frozen=True, slots=True)
class TlsFile:
    """``attribute``: of the API, that holds the reference."""

    name: str
    attribute: str
    reference: str


def tls_files(part_id: str, tls: Mapping[str, Any]) -> list[TlsFile]:
    """Of one listener or pool."""
    return list(_files(part_id, tls))


def _files(part_id: str, tls: Mapping[str, Any]) -> Iterator[TlsFile]:
    revision = tls.get("revision", 0)
    for attribute, word in (
        ("default_tls_container_ref", "own"),
        ("sni_container_refs", "sni"),
        ("tls_container_ref", "own"),
        ("client_ca_tls_container_ref", "ca"),
        ("ca_tls_container_ref", "ca"),
        ("client_crl_container_ref", "crl"),
        ("crl_container_ref", "crl"),
    ):
        value = tls.get(attribute) or []
        references = [value] if isinstance(value, str) else value
        for number, reference in enumerate(references):
            name = f"{part_id}-{revision}-{word}{number}{SUFFIX}"
            yield TlsFile(name, attribute, reference)


def tree_files(tree: Tree) -> list[TlsFile]:
    """All that the tree's configuration names."""
    tree = living(tree)
    led_to = tree.pools_led_to()
    found = []
    for listener in tree.listeners:
        if listener.admin_up and listener.tls:
            found += tls_files(listener.id, listener.tls)
    for pool in tree.pools:
        if pool.tls and pool.tls_enabled and pool.id in led_to:
            found += tls_files(pool.id, pool.tls)
    return found
