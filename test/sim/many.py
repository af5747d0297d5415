"""Many seeds, each in a process of its own: what a seed leaves behind (greenlets of
dead processes, a hub of simulated time) ends with it."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict

from test.sim.machine import Plant
from test.sim.run import Outcome, run_seed


def run_apart(
    seed: int, plant: Plant | None = None, *, is_storm: bool | None = None
) -> Outcome:
    """Run one seed in a child; its outcome."""
    return _in_a_child(seed, lambda: run_seed(seed, plant, is_storm=is_storm))


def _in_a_child(seed: int, run: Callable[[], Outcome]) -> Outcome:
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        logging.disable(logging.NOTSET)
        _report(writing, seed, run)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        return Outcome(seed, wrong=["the run ended without a word"])
    return Outcome(**json.loads(text))


def _report(descriptor: int, seed: int, run: Callable[[], Outcome]) -> None:
    """In the child: run, tell, and end without unwinding anything."""
    try:
        outcome = run()
    except BaseException:
        outcome = Outcome(seed, wrong=[traceback.format_exc()])
    try:
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(json.dumps(asdict(outcome)).encode())
    finally:
        os._exit(0)
