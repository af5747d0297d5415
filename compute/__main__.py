"""``python -m compute``: the whole cloud, the command ``ringstack``."""

from compute.cli import ringstack

ringstack(prog_name="ringstack")
