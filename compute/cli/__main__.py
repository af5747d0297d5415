"""``python -m compute.cli``."""

from compute.cli import main

main(prog_name="compute")
