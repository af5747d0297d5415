"""The object store's command line: ``objectstore``."""

from __future__ import annotations

from objectstore.cli.lazy_group import LazyGroup

COMMANDS = {
    "serve": "objectstore.cli.serve:serve",
    "cluster": "objectstore.cli.cluster:cluster",
    "device": "objectstore.cli.device:device",
    "quickstart": "objectstore.cli.quickstart:main",
    "replicate": "objectstore.cli.replicate:replicate",
    "settings": "objectstore.cli.samples:settings",
    "daemon": "objectstore.cli.daemon:daemon",
    "dispersion": "objectstore.cli.dispersion:dispersion",
    "drain": "objectstore.cli.drain:drain",
    "drive-audit": "objectstore.cli.drive_audit:drive_audit",
    "info": "objectstore.cli.info:info",
    "nodes": "objectstore.cli.nodes:nodes",
    "recon": "objectstore.cli.recon:recon",
    "undelete": "objectstore.cli.undelete:undelete",
    "verify": "objectstore.cli.verify:verify",
}


main = LazyGroup(
    COMMANDS,
    name="main",
    help="Ringstack's object store: serve it, look into it, look after it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
