"""EC2's API, put together."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from compute.core.rooms.room import Room, RoomParts
from compute.ec2 import actions
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Ec2Api
from compute.ec2.frame.parameters import Parameters
from compute.ec2.frame.signed import Signatures, Signer
from compute.ec2.ids import KnownIds
from compute.ec2.internal import PREFIX, internal_api
from compute.ec2.inventory import Inventory
from compute.ec2.kept_things import KeptThings
from compute.ec2.key_pair_tags import KeyPairTags
from compute.ec2.rooms import Rooms
from compute.ec2.settings import Ec2Settings
from compute.ec2.templates.keeper import Templates
from objectstore.kernel.request import Environ, Request, StartResponse


def all_actions() -> dict[str, Action]:
    """Every action by its name: those of the modules of ``actions``."""
    found: dict[str, Action] = {}
    for module in iter_modules(actions.__path__):
        found |= import_module(f"{actions.__name__}.{module.name}").ACTIONS
    return found


def build_room(parts: RoomParts, settings: Ec2Settings) -> Room:
    """The room, ready to run; it has no loops.  Its tables must be there."""
    known = KnownIds()
    key_pair_tags = KeyPairTags(parts.database)
    kept = KeptThings(parts.database, parts.clock, parts.identifiers)
    templates = Templates(parts.database, parts.clock, parts.identifiers)

    def begin(request: Request, parameters: Parameters, signer: Signer) -> Call:
        rooms = Rooms(parts.callers, signer.token)
        environ = request.environ
        endpoint = environ.get("HTTP_HOST", "") + environ.get("SCRIPT_NAME", "")
        return Call(
            parameters,
            signer,
            Inventory(rooms, known, signer, parts.clock),
            templates,
            key_pair_tags,
            kept,
            settings.region,
            endpoint,
            parts.region,
        )

    signatures = Signatures(parts.callers["identity"], parts.service)
    api = Ec2Api(all_actions(), signatures, begin, parts.identifiers)
    inner = internal_api(
        parts.database, parts.policy_overrides, parts.tokens, parts.identifiers
    )

    def application(environ: Environ, start_response: StartResponse) -> Any:
        is_ours = environ["PATH_INFO"].startswith(PREFIX)
        return (inner if is_ours else api)(environ, start_response)

    return Room("ec2", application)
