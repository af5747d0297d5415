"""The cloud's command line: ``compute`` and ``ringstack``."""

from __future__ import annotations

from objectstore.cli.lazy_group import LazyCommand, LazyGroup

COMPUTE_COMMANDS = {
    "alarming": LazyCommand(
        "compute.cli.secret_keys:alarming", "The alarm service's own keys."
    ),
    "database": LazyCommand(
        "compute.cli.database:database", "The control plane's database."
    ),
    "deleted-projects": LazyCommand(
        "compute.cli.deleted_projects:deleted_projects",
        "List or remove what deleted projects left.",
    ),
    "doctor": LazyCommand(
        "compute.cli.doctor:doctor", "Look for what nobody owns any more."
    ),
    "identity": LazyCommand(
        "compute.cli.identity:identity", "The identity service's keys."
    ),
    "key-manager": LazyCommand(
        "compute.cli.secret_keys:key_manager", "The key manager's own keys."
    ),
    "orchestration": LazyCommand(
        "compute.cli.secret_keys:orchestration", "The orchestration service's own keys."
    ),
    "settings": LazyCommand(
        "compute.cli.samples:settings", "Sample settings, and a check of yours."
    ),
}

RINGSTACK_COMMANDS = {
    "deploy": LazyCommand(
        "compute.cli.deploy:deploy", "Deploy the cloud on a list of machines."
    ),
    "quickstart": LazyCommand(
        "compute.cli.quickstart:main",
        "Start a cloud on loopback and boot a server in it.",
    ),
    "serve": LazyCommand(
        "compute.cli.serve:serve",
        "Serve what SETTINGS_FILE says until SIGTERM or Ctrl-C.",
    ),
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
