"""``python -m objectstore.cli``."""

from objectstore.cli import main

main(prog_name="objectstore")
