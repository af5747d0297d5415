"""Actions on their way: trusts, tries, webhooks and where they may not go."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from compute.alarm.settings import AlarmSettings
from compute.alarm.webhooks import LOOKUPS_MAX, Webhooks, is_ours, url_rules
from compute.core.errors import BadRequest
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from test.unit.compute.alarm.house import OTHER, OWNER, SIGNAL, House

AGREED = {"webhook_networks_allowed": ("127.0.0.0/8",), "webhook_to_ourselves": True}
UNSIGNED = SIGNAL.partition("?")[0]


class Site:
    """A web server; ``answer``: its status; ``got``: path, token, body."""

    def __init__(self) -> None:
        self.answer = 200
        self.got: list[tuple[str, str | None, bytes]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                site.got.append((self.path, self.headers.get("X-Auth-Token"), body))
                self.send_response(site.answer)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, action_tries=2, **AGREED)
    yield found
    found.close()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    yield found
    found.close()


# ---- webhooks ------------------------------------------------------------------------


def test_a_webhook(house: House, site: Site) -> None:
    house.create(alarm_actions=[f"{site.url}/hook?key=1", SIGNAL])
    house.evaluate(99.0)
    assert house.deliver() == 2
    ((path, token, body),) = site.got
    assert (path, token) == ("/hook?key=1", None)
    assert b'"current":"alarm"' in body
    assert len(house.stacks.told) == 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirects_are_not_followed(house: House, site: Site, status: int) -> None:
    site.answer = status
    house.create(alarm_actions=[f"{site.url}/hook"])
    house.evaluate(99.0)
    house.deliver()
    assert [path for path, _, _ in site.got] == ["/hook"]
    assert house.owed() == []


def test_tries_have_an_end_that_is_told(
    house: House, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.answer = 503
    alarm = house.create(alarm_actions=[f"{site.url}/secret?key=secret"])
    house.evaluate(99.0)
    assert house.deliver() == 1
    assert house.deliver() == 0  # not so soon
    house.clock.advance(5.0)
    assert house.deliver() == 1
    assert house.owed() == []
    failure = house.history(alarm)[-1]
    assert failure["type"] == "action failure"
    assert "503" in failure["detail"]
    assert "secret" not in failure["detail"] + caplog.text


def test_what_is_refused_is_not_tried_again(house: House, site: Site) -> None:
    site.answer = 404
    alarm = house.create(alarm_actions=[site.url])
    house.evaluate(99.0)
    house.deliver()
    assert house.owed() == []
    assert "404" in house.history(alarm)[-1]["detail"]


def test_an_action_that_fails_does_not_stop_the_others(
    house: House, site: Site
) -> None:
    house.create(alarm_actions=["http://127.0.0.1:1/", site.url])
    house.evaluate(99.0)
    assert house.deliver() == 2
    assert len(site.got) == 1
    assert house.owed() == ["act"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://10.0.0.1/",
        "http://192.168.0.1/",
        "https://[64:ff9b::7f00:1]/",
        "http://cloud/identity/v3",
        "trust+http://127.0.0.1/",
        "http://\uff43loud/",
        "http://127\u30020\u30020\u30021/",
        f"http://{'a' * 70}.example/",
        "http://a..example/",
    ],
)
def test_where_webhooks_may_not_go(guarded: House, url: str) -> None:
    guarded.create(alarm_actions=[url], status=400)
    assert guarded.identity.trusts == {}


def test_a_name_that_leads_to_us_is_refused_when_it_is_asked(guarded: House) -> None:
    names = {"evil": "127.0.0.1", "cloud": "203.0.113.7", "alias": "203.0.113.7"}

    def resolve(host: str, port: int) -> list[str]:
        return [names[host]]

    places = guarded.parts.places
    rules = url_rules(guarded.settings)
    webhooks = Webhooks(rules, places, seconds=1.0, resolve=resolve)
    with pytest.raises(BadRequest, match="may not go") as refused:
        webhooks.post("http://evil/", {}, b"")
    assert "127" not in str(refused.value)
    wide = AlarmSettings(webhook_networks_allowed=("203.0.113.0/24", "127.0.0.0/8"))
    webhooks = Webhooks(url_rules(wide), places, seconds=1.0, resolve=resolve)
    for url in ("http://alias/", "http://evil/"):
        with pytest.raises(BadRequest, match="own"):
            webhooks.post(url, {}, b"")
    # An address of IPv4 in the clothes of IPv6 is that address.
    for address in ("::ffff:127.0.0.1", "::ffff:203.0.113.7", "64:ff9b::cb00:7107"):
        names["evil"] = address
        with pytest.raises(BadRequest, match="own"):
            webhooks.post("http://evil/", {}, b"")
    assert is_ours("127.0.0.1")
    assert not is_ours("203.0.113.7")


def test_names_that_nobody_answers_for_do_not_take_every_thread(house: House) -> None:
    asked, answer = threading.Semaphore(0), threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        asked.release()
        answer.wait(10)
        return ["127.0.0.1"]

    rules = url_rules(house.settings)
    webhooks = Webhooks(rules, house.parts.places, seconds=10, resolve=resolve)
    tasks = [
        concurrency.spawn(_try_to_post, webhooks, f"http://slow{number}/")
        for number in range(LOOKUPS_MAX)
    ]
    for _ in tasks:
        assert concurrency.offload(asked.acquire, True, 10)
    with pytest.raises(Unavailable, match="too many"):
        webhooks.post("http://one-more/", {}, b"")
    answer.set()
    for task in tasks:
        concurrency.wait_task(task)


def _try_to_post(webhooks: Webhooks, url: str) -> None:
    with contextlib.suppress(BadRequest, Unavailable):
        webhooks.post(url, {}, b"")


def test_what_was_not_thought_of_is_given_up_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def post(*_: Any) -> int:
        raise UnicodeError("nobody has thought of that")

    monkeypatch.setattr(house.parts.webhooks, "post", post)
    alarm = house.create(alarm_actions=["http://127.0.0.1:1/"])
    house.evaluate(99.0)
    for _ in range(2):
        assert house.deliver() == 1
        house.clock.advance(5.0)
    assert house.owed() == []
    assert house.history(alarm)[-1]["type"] == "action failure"


def test_a_server_that_says_nothing_is_left(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        rules = url_rules(house.settings)
        webhooks = Webhooks(rules, house.parts.places, seconds=0.2, to_ourselves=True)
        with pytest.raises(Unavailable, match="time"):
            webhooks.post(f"http://127.0.0.1:{port}/", {}, b"{}")


# ---- trusts --------------------------------------------------------------------------


def test_a_trust_goes_along_and_ends_with_its_action(house: House, site: Site) -> None:
    alarm = house.create(alarm_actions=[f"trust+{site.url}/hook"])
    assert list(house.identity.trusts.values()) == [(OWNER, "u1", ("member", "reader"))]
    house.evaluate(99.0)
    house.deliver()
    assert site.got[0][1] == f"fake:{OWNER}:u1:member,reader"
    path = f"/alarms/{alarm['alarm_id']}"
    kept = {**alarm, "severity": "critical"}
    assert house.call("PUT", path, kept).status == 200
    assert len(house.identity.trusts) == 1
    assert house.call("PUT", path, {**alarm, "alarm_actions": []}).status == 200
    house.deliver()
    assert house.identity.trusts == {}
    house.clock.advance(3600.0)
    house.deliver()
    assert house.owed() == []


def test_a_token_that_is_over_is_asked_for_anew(house: House, site: Site) -> None:
    house.create(alarm_actions=[f"trust+{site.url}/hook"], repeat_actions=True)
    ((trust_id, (project, _, roles)),) = house.identity.trusts.items()
    house.evaluate(99.0)
    assert house.deliver() == 1
    # Seen by its user's name, in the tokens of tests.
    house.identity.trusts[trust_id] = (project, "renamed", roles)
    site.answer = 401
    house.evaluate(99.0)
    assert house.deliver() == 1
    site.answer = 200
    house.clock.advance(5.0)
    assert house.deliver() == 1
    tokens = [token for _, token, _ in site.got]
    assert tokens[0] == tokens[1] != tokens[2]


def test_a_deleted_alarms_trusts_end(house: House, site: Site) -> None:
    alarm = house.create(ok_actions=[f"trust+{site.url}"])
    house.identity.keeps = True
    house.call("DELETE", f"/alarms/{alarm['alarm_id']}")
    house.deliver()
    assert len(house.identity.trusts) == 1
    house.identity.keeps = False
    house.clock.advance(10.0)
    house.deliver()
    assert house.identity.trusts == {}


def test_signed_signals_need_no_trust_others_do(house: House) -> None:
    alarm = house.create(alarm_actions=[f"trust+{SIGNAL}"])
    assert house.identity.trusts == {}
    house.create("unsigned", alarm_actions=[f"trust+{UNSIGNED}"])
    assert len(house.identity.trusts) == 1
    house.identity.refuses = True
    refused = house.create("x", 403, alarm_actions=[f"trust+{UNSIGNED}"])
    assert "with a token by a trust of yours" in refused["error_message"]["faultstring"]
    house.evaluate(99.0)
    assert house.deliver() >= 2
    assert {token for _, token, _ in house.stacks.told} == {
        "",
        f"fake:{OWNER}:u1:member,reader",
    }
    assert house.show(alarm)["state"] == "alarm"


def test_nobody_lends_his_rights_to_anothers_action(house: House, site: Site) -> None:
    alarm = house.create(alarm_actions=[f"trust+{site.url}/a"])
    path = f"/alarms/{alarm['alarm_id']}"
    body = {**alarm, "alarm_actions": [*alarm["alarm_actions"], f"trust+{site.url}/b"]}
    assert house.call("PUT", path, body, user="u2").status == 403
    assert house.call("PUT", path, body, project=OTHER, roles="admin").status == 403
    same = {**alarm, "description": "hello"}
    assert house.call("PUT", path, same, project=OTHER, roles="admin").status == 200
    moved = {**same, "project_id": OTHER}
    assert house.call("PUT", path, moved, project=OTHER, roles="admin").status == 400
    assert {user for _, user, _ in house.identity.trusts.values()} == {"u1"}


def test_no_trust_is_lost(house: House, site: Site) -> None:
    """A process dies after identity has made the trust, or the alarm is refused."""
    house.settings = AlarmSettings(alarms_per_project=0, **AGREED)
    house.parts.settings = house.settings
    house.create(status=403, alarm_actions=[f"trust+{site.url}"])
    assert len(house.identity.trusts) == 1
    house.clock.advance(3600.0)
    house.deliver()
    assert house.identity.trusts == {}
    assert house.owed() == []


def test_the_operators_log_is_the_operators(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house.create(alarm_actions=["log://"], status=403)
    house.create("a\nb", alarm_actions=["log://"], roles="admin")
    house.evaluate(99.0)
    house.deliver()
    assert '"alarm_name":"a\\nb"' in caplog.text


def test_nothing_secret_stays_in_what_is_done(house: House) -> None:
    house.create(alarm_actions=[SIGNAL])
    house.evaluate(99.0)
    house.deliver()

    def read(connection: Any) -> str:
        return str(connection.exec_driver_sql("SELECT * FROM alarm_jobs").all())

    assert "signature" not in house.database.read(read)
