"""Which seeds to run: 40; ``--seeds 2000``; ``--seed 17`` for that one alone."""

from __future__ import annotations

import pytest

SEEDS = 40


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=SEEDS, help="how many")
    parser.addoption("--first-seed", type=int, default=0, help="where to begin")
    parser.addoption("--seed", type=int, default=None, help="one seed alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" not in metafunc.fixturenames:
        return
    options = metafunc.config.option
    if options.seed is not None:
        metafunc.parametrize("seed", [options.seed])
    else:
        first = options.first_seed
        metafunc.parametrize("seed", range(first, first + options.seeds))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Whoever asks for seeds gets those alone."""
    asked = ("--seed", "--seeds", "--first-seed")
    if any(each.startswith(asked) for each in config.invocation_params.args):
        items[:] = [item for item in items if _is_seed(item)]


def _is_seed(item: pytest.Item) -> bool:
    return "seed" in getattr(item, "fixturenames", ())
