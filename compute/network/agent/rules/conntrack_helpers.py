"""A router's conntrack helpers as text for nft, and which of them the kernel has.

Rules that name a helper which the kernel lacks do not load, none of them: a router is
told only those that it has.
"""

from __future__ import annotations

from collections.abc import Iterable

from compute.network.agent.commands import run
from compute.network.conntrack_names import CONNTRACK_HELPERS
from compute.network.view import ConntrackHelper
from objectstore.kernel.errors import Unavailable


def usable_helpers() -> frozenset[tuple[str, str]]:
    """Those of the kernel, asked one by one.  Blocks; nothing is loaded but modules."""
    return frozenset(pair for pair in sorted(CONNTRACK_HELPERS) if _is_known(*pair))


def _is_known(helper: str, protocol: str) -> bool:
    text = f"table ip ringstack-asks {{\n{_object(helper, protocol)}}}\n"
    try:
        run("nft", "--check", "--file", "-", text=text)
    except Unavailable:  # it has not, or there is no nft to ask by
        return False
    return True


def helper_text(
    helpers: Iterable[ConntrackHelper], usable: frozenset[tuple[str, str]]
) -> str:
    """Objects and a chain for a router's table; "" where there is nothing to help."""
    known = [each for each in helpers if (each.helper, each.protocol) in usable]
    if not known:
        return ""
    pairs = sorted({(each.helper, each.protocol) for each in known})
    objects = "".join(_object(*pair) for pair in pairs)
    rules = "".join(
        f"    {each.protocol} dport {each.port} ct helper set"
        f' "{_name(each.helper, each.protocol)}"\n'
        for each in sorted(known, key=lambda each: (each.protocol, each.port))
    )
    hook = "type filter hook prerouting priority -150; policy accept;"
    return f"{objects}  chain helped {{\n    {hook}\n{rules}  }}\n"


def _object(helper: str, protocol: str) -> str:
    name = _name(helper, protocol)
    return f'  ct helper {name} {{\n    type "{helper}" protocol {protocol}\n  }}\n'


def _name(helper: str, protocol: str) -> str:
    return f"{helper}_{protocol}"
