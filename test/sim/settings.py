"""The settings of a simulated machine: a file like any other's."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from objectstore.settings import StoreSettings, load_settings

SECRET = "the secret of the simulation"

_CLUSTER = f"[cluster]\nsecret = {SECRET}\nhash_suffix = simulated\n"
# Of a policy that keeps fragments; the simulated rings have three replicas.
CODED = """
[storage-policy:0]
name = coded
default = yes
type = erasure
data = 2
parity = 1
segment = 64 KiB
"""
# The disk in memory has room without end; nobody needs a reserve.  Rounds over the
# partitions follow each other quickly, so that they meet every fault.
_SERVER = "[server]\nreserve = 0\nbody_reserve = 0\n[replication]\ninterval = 5\n"


@lru_cache(maxsize=2)
def _loaded(policies: str) -> StoreSettings:
    with TemporaryDirectory() as directory:
        source = Path(directory) / "server.conf"
        source.write_text(_SERVER)
        (source.parent / "cluster.conf").write_text(_CLUSTER + policies)
        return load_settings(source)


def settings_for(directory: Path, policies: str) -> StoreSettings:
    """For a machine whose devices are in that directory."""
    settings = _loaded(policies)
    return replace(settings, server=replace(settings.server, devices=directory))
