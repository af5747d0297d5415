"""A device's directory goes away under the running store."""

from __future__ import annotations

import shutil
from pathlib import Path

from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER


def test_the_others_carry_on(tmp_path: Path) -> None:
    store = Store.alone(tmp_path)
    store.start()
    log = store.place.log(store.plans[0].name)
    try:
        client = Client(store.endpoint(), TESTER)
        client.ok("PUT", "box")
        names = [f"{number:02}" for number in range(20)]
        for name in names[:10]:
            client.ok("PUT", "box", name, body=name.encode() * 100)
        victim = store.device_directories()[1]
        shutil.rmtree(victim)
        wait_for(lambda: f"{victim}: is gone" in log.read_text(), "a word in the log")
        for name in names[10:]:
            client.ok("PUT", "box", name, body=name.encode() * 100)
        assert client.ok("GET", "box").lines == names
        for name in names:
            assert client.ok("GET", "box", name).body == name.encode() * 100
        client.close()
        assert not victim.exists()
    finally:
        store.stop()
    assert "Traceback" not in log.read_text()
