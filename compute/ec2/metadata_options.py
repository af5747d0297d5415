"""``MetadataOptions`` of an instance: what its guest may read of itself, and how.

The server keeps them as metadata, which its metadata service heeds
(``core.guest_metadata``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.guest_metadata import (
    DISABLED,
    ENABLED,
    ENDPOINT,
    HOPS,
    HOPS_MAX,
    REQUIRED,
    TAGS,
    TOKENS,
    options_of,
)
from compute.ec2.frame.errors import invalid, unsupported
from compute.ec2.frame.parameters import Parameters

# The keys of a server's metadata, by the parameters that say them, and their values.
_KEYS = {
    "HttpTokens": (TOKENS, ("optional", REQUIRED)),
    "HttpEndpoint": (ENDPOINT, (ENABLED, DISABLED)),
    "InstanceMetadataTags": (TAGS, (DISABLED, ENABLED)),
}
_HOP_LIMIT = "HttpPutResponseHopLimit"
# The service has an address of the link by IPv6, whatever is wished.
_IPV6 = "HttpProtocolIpv6"
PARAMETERS = (*_KEYS, _HOP_LIMIT, _IPV6)


def asked_options(given: Parameters) -> dict[str, str]:
    """What a server is to keep of a request's options.  ``Ec2Error``."""
    found = {}
    for name, (key, values) in _KEYS.items():
        if value := given.text(name):
            if value not in values:
                raise invalid(name, value, f"It is {' or '.join(values)}.")
            found[key] = value
    hops = given.integer(_HOP_LIMIT)
    if hops is not None:
        if not 1 <= hops <= HOPS_MAX:
            raise invalid(_HOP_LIMIT, hops, f"It is from 1 to {HOPS_MAX}.")
        found[HOPS] = str(hops)
    if given.text(_IPV6) not in ("", DISABLED):
        raise unsupported(_IPV6, f"It can be {DISABLED}.")
    return found


def needs_token(kept: Mapping[str, str]) -> bool:
    """Whether a guest with these is answered only with a token."""
    return options_of(kept).needs_token


def shown_options(kept: Mapping[str, str]) -> dict[str, Any]:
    """Those of a server's metadata, as documents have them."""
    options = options_of(kept)
    return {
        "httpTokens": REQUIRED if options.needs_token else "optional",
        "httpPutResponseHopLimit": options.hops,
        "httpEndpoint": ENABLED if options.is_open else DISABLED,
        "httpProtocolIpv6": DISABLED,
        "instanceMetadataTags": ENABLED if options.shows_tags else DISABLED,
    }
