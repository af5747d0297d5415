"""The cloud's command line: ``compute`` and ``ringstack``."""

from __future__ import annotations

from objectstore.cli.lazy_group import LazyGroup

COMPUTE_COMMANDS = {
    "alarming": "compute.cli.secret_keys:alarming",
    "database": "compute.cli.database:database",
    "deleted-projects": "compute.cli.deleted_projects:deleted_projects",
    "doctor": "compute.cli.doctor:doctor",
    "identity": "compute.cli.identity:identity",
    "key-manager": "compute.cli.secret_keys:key_manager",
    "orchestration": "compute.cli.secret_keys:orchestration",
    "settings": "compute.cli.samples:settings",
}

RINGSTACK_COMMANDS = {
    "deploy": "compute.cli.deploy:deploy",
    "quickstart": "compute.cli.quickstart:main",
    "serve": "compute.cli.serve:serve",
}


HELP = {"help_option_names": ["-h", "--help"]}

main = LazyGroup(
    COMPUTE_COMMANDS,
    name="compute",
    help="Ringstack's control plane: look into it, look after it.",
    context_settings=HELP,
)
ringstack = LazyGroup(
    RINGSTACK_COMMANDS,
    name="ringstack",
    help="The whole cloud: try it, deploy it, serve it in one process.",
    context_settings=HELP,
)
