"""SIGHUP: the settings are read again, unless they hold mistakes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER, User

NEWCOMER = User("new", "comer", "secret", ".admin")


def test_reload(tmp_path: Path) -> None:
    store = Store.alone(tmp_path)
    plan = store.plans[0]
    settings = store.place.settings_file(plan.name)
    log = store.place.log(plan.name)
    store.start()
    try:
        client = Client(store.endpoint(), TESTER)
        client.ok("PUT", "box")

        (before,) = store.workers()
        text = settings.read_text("utf-8")
        text = text.replace(TESTER.line, f"{TESTER.line}\n{NEWCOMER.line}")
        wrong = f"{text}\n[app:proxy-server]\nfacts_second = 1\n"
        settings.write_text(wrong, "utf-8")
        os.kill(store.pid(), signal.SIGHUP)
        wait_for(lambda: "the workers stay as they are" in log.read_text(), "a word")
        assert "facts_second: no such option; did you mean" in log.read_text()
        assert store.workers() == [before]
        client.ok("GET", "box")

        good = f"{text}\n[app:proxy-server]\nallow_account_management = false\n"
        settings.write_text(good, "utf-8")
        os.kill(store.pid(), signal.SIGHUP)
        wait_for(lambda: before not in store.workers(), "the old worker to end")
        wait_for(store.answers, "its answer")
        newcomer = Client(store.endpoint(), NEWCOMER)
        newcomer.ok("PUT", "box")
        # The server's own sections are read again too, not only the filters'.
        assert newcomer.call("DELETE").status == 405
        newcomer.close()
        client.close()
    finally:
        store.stop()
    assert "Traceback" not in log.read_text()
