"""Rooms that are loaded by the role that they play."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from compute.app.rooms import ROOMS, SETTINGS
from compute.settings import ROOM_ROLES

# What a process of one room does without.
WITHOUT = ("compute.dashboard.room", "compute.orchestration.room", "jinja2")


def test_every_role_has_a_room_and_settings() -> None:
    roles = {role.value for role in ROOM_ROLES}
    assert roles == set(ROOMS)
    assert roles <= set(SETTINGS)


@pytest.mark.parametrize("package", sorted(ROOMS.values()))
def test_every_room_can_be_built(package: str) -> None:
    assert callable(import_module(f"compute.{package}.room").build_room)


def test_a_process_loads_no_room_before_it_plays_it() -> None:
    ask = f"import sys, compute.app.cloud; print(set({WITHOUT}) & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
