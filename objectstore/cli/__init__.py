"""The object store's command line: ``objectstore``."""

from __future__ import annotations

from objectstore.cli.lazy_group import LazyCommand, LazyGroup

COMMANDS = {
    "serve": LazyCommand(
        "objectstore.cli.serve:serve",
        "Serve what SETTINGS_FILE says until SIGTERM or Ctrl-C.",
    ),
    "cluster": LazyCommand(
        "objectstore.cli.cluster:cluster",
        "Start, stop and look at a three-node cluster on loopback.",
    ),
    "device": LazyCommand(
        "objectstore.cli.device:device",
        "Look after one device directory; no server may have it open.",
    ),
    "quickstart": LazyCommand(
        "objectstore.cli.quickstart:main",
        "Start a store on loopback, with files in it.",
    ),
    "replicate": LazyCommand(
        "objectstore.cli.replicate:replicate",
        "Level this machine's devices with their peers, once.",
    ),
    "settings": LazyCommand(
        "objectstore.cli.samples:settings",
        "Show every setting and its default, or check a file.",
    ),
    "daemon": LazyCommand(
        "objectstore.cli.daemon:daemon", "Run one daemon, for a round or until Ctrl-C."
    ),
    "dispersion": LazyCommand(
        "objectstore.cli.dispersion:dispersion",
        "Check the placement of a sample that covers the ring evenly.",
    ),
    "drain": LazyCommand(
        "objectstore.cli.drain:drain", "Let a device give everything away."
    ),
    "drive-audit": LazyCommand(
        "objectstore.cli.drive_audit:drive_audit",
        "Look for disks with errors; exit code 1 if there is one.",
    ),
    "info": LazyCommand(
        "objectstore.cli.info:info", "Show each replica of a name, differences marked."
    ),
    "nodes": LazyCommand(
        "objectstore.cli.nodes:nodes", "Show where a name belongs, with URLs for curl."
    ),
    "recon": LazyCommand(
        "objectstore.cli.recon:recon", "Show the health of the whole cluster."
    ),
    "undelete": LazyCommand(
        "objectstore.cli.undelete:undelete", "Take the mark of deletion from ACCOUNT."
    ),
    "verify": LazyCommand(
        "objectstore.cli.verify:verify", "Compare every replica of everything."
    ),
}


main = LazyGroup(
    COMMANDS,
    name="main",
    help="Ringstack's object store: serve it, look into it, look after it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
