"""``objectstore replicate --once`` and ``objectstore device readmit``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from test.functional.harness.devices import opened
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.tools import Ended, run
from test.functional.harness.users import TESTER

NAMES = [f"object {number}" for number in range(120)]
LONG_AGO = 1_000_000_000


def objectstore(*arguments: object, expected: int = 0) -> Ended:
    command = [sys.executable, "-m", "objectstore.cli", *map(str, arguments)]
    return run(command, expected=expected)


def fill(store: Store) -> None:
    client = Client(store.endpoint(), TESTER)
    client.ok("PUT", "box")
    for name in NAMES:
        client.ok("PUT", "box", name, body=name.encode())
    client.close()


def replicate(store: Store, expected: int = 0) -> list[dict[str, Any]]:
    settings = store.place.settings_file(store.plans[0].name)
    ended = objectstore("replicate", "--once", "--json", settings, expected=expected)
    found: list[dict[str, Any]] = json.loads(ended.text)
    return found


def check(store: Store) -> None:
    with opened(store) as devices:
        for name in NAMES:
            replicas = devices.replicas(TESTER.storage_account, "box", name)
            key = devices.key(TESTER.storage_account, "box", name)
            holders = {replica.device for replica in replicas}
            assert holders == devices.primaries("object", key)
            assert {replica.body for replica in replicas} == {name.encode()}
        listings = devices.listings(TESTER.storage_account, "box").values()
        assert list(listings) == [sorted(NAMES)] * 3


def test_one_round_fills_an_empty_device(fresh_store: Store) -> None:
    fill(fresh_store)
    settings = fresh_store.place.settings_file("store")
    refused = objectstore("replicate", "--once", settings, expected=2)
    assert "Is its server running?" in refused.errors
    fresh_store.stop()
    directory = fresh_store.device_directories()[1]
    shutil.rmtree(directory)
    directory.mkdir()
    first = replicate(fresh_store)
    assert sum(each["keys_sent"] + each["keys_received"] for each in first) > 60
    assert all(each["failures"] == 0 for each in first)
    check(fresh_store)
    again = replicate(fresh_store)
    assert sum(each["keys_sent"] + each["keys_received"] for each in again) == 0
    assert "object" in objectstore("replicate", "--once", settings).text


def pretend_absence(directory: Path) -> None:
    """As if the device had last been open in 2001."""
    for mark in directory.glob("alive-*"):
        mark.write_text(f"{LONG_AGO} {LONG_AGO} 0\n")


def test_a_device_that_was_away_too_long_is_not_believed(fresh_store: Store) -> None:
    fill(fresh_store)
    fresh_store.stop()
    directories = fresh_store.device_directories()
    for directory in directories:
        pretend_absence(directory)
    replicate(fresh_store)  # all were away together: nothing was forgotten
    pretend_absence(directories[2])
    settings = fresh_store.place.settings_file("store")
    refused = objectstore("replicate", "--once", settings, expected=2)
    assert "readmit" in refused.errors
    said = objectstore("device", "readmit", "--empty", directories[2])
    assert "moved what it held" in said.text
    replicate(fresh_store)
    check(fresh_store)
    assert list(directories[2].glob("outdated-*/objects/log"))
    pretend_absence(directories[2])
    assert "after" in objectstore("device", "readmit", directories[2]).text
    check(fresh_store)
