"""Replay seeds: ``python -m test.sim --seed 17 --trace``."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from test.sim.run import run_seed


def main() -> int:
    """Run one seed in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--trace", action="store_true", help="print all that happened")
    parser.add_argument("--log", action="store_true", help="print the store's own log")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO if options.log else logging.CRITICAL, stream=sys.stdout
    )
    began = time.monotonic()
    outcome = run_seed(options.seed)
    if options.trace:
        print("\n".join(outcome.trace))
    print("\n".join(outcome.wrong))
    print(
        f"seed {outcome.seed}: {outcome.ops} requests, {outcome.acknowledged} writes "
        f"acknowledged, {outcome.faults} faults, {outcome.steps} steps, "
        f"{time.monotonic() - began:.2f} s, digest {outcome.digest()[:16]}: "
        f"{len(outcome.wrong)} violations"
    )
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
