"""What views decide, and that whatever they show is escaped."""

from __future__ import annotations

import shlex
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from compute.dashboard.frame.fields import (
    BadForm,
    Field,
    Form,
    Group,
    Option,
    Values,
    confirmation,
)
from compute.dashboard.frame.menu import menu_of
from compute.dashboard.frame.panels import (
    Drop,
    Frame,
    Picture,
    Terminal,
    Tile,
    Tiles,
)
from compute.dashboard.frame.render import Renderer
from compute.dashboard.frame.routes import Router
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.statics import Statics
from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Bar,
    Bars,
    Block,
    Choose,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Said,
    Search,
    Step,
    Steps,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import at
from compute.dashboard.pages.account.client_files import clouds_yaml, openrc
from compute.dashboard.pages.networks.security_groups import ports_of
from compute.dashboard.pages.networks.topology import STANDING_MAX, topology
from compute.dashboard.pages.objects.objects import disposition_of
from compute.dashboard.pages.servers.order import order_of
from compute.dashboard.pages.servers.states import actions_of
from compute.dashboard.pages.stacks.launch import field_of
from compute.dashboard.room import all_routes
from compute.dashboard.rooms import path_of
from objectstore.kernel.errors import Rejected

EVIL = "'\"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\U0001f600&amp;"
SESSION = Session(
    "token", "csrf", 9e9, "id", EVIL, "d", EVIL, "p", EVIL, EVIL, EVIL,
    roles=frozenset({"admin"}), services=frozenset({"compute", "network"}),
)  # fmt: skip


def everything(text: str) -> Page:
    """A page with all that there is, under one name."""
    action = Action(text, "/x", text, values={"a": text})
    asked = Action(text, "/x", text)
    cells = [
        Text(text), Text(text, "mono", text), Text(text, "copy"), Link(text, at(text)),
        Badge(text, "good"), When(text), Many([Text(text)]), Many([], text),
    ]  # fmt: skip
    fields = [
        Field("a", text, kind, [text], [Option(text, text, text)], help=text,
              placeholder=text, error=text)
        for kind in ("text", "password", "select", "checkbox", "checks", "textarea",
                     "secret", "date", "file", "upload", "hidden")
    ]  # fmt: skip
    form = Form(
        text, [*fields, Group(text, fields, True)], text, at(text), problem=text
    )
    return Page(
        text,
        "servers",
        [
            Table("t", [text] * 8, [Row(cells, [action, asked, asked], True)],
                  Empty(text), text, [asked], True, at(text), text),
            Table("u", [], [], Empty(text, action), problem=text),
            Table("v", [text], [Row([Link(text, at(text))], choice=text)], Empty(text),
                  search=Search(at(text), "a", text, text, {"b": text}),
                  choose=Choose(text, at(text))),
            Tiles("g", [Tile(text, text, at(text), [Badge(text, "bad")], "key")], text),
            Drop("d", at(text), text, text),
            Picture("i", at(text), text, text),
            Facts("f", [(text, cell) for cell in cells], text),
            Bars("b", [Bar(text, 1, 2, text)], text),
            Block("k", text, text, text, True, text),
            Said(text, "bad", action),
            Frame(text, text),
            Steps("s", [Step(text, text, asked, True)], text),
            Terminal("r", text, text),
            form,
        ],
        [action],
        [asked],
        [Badge(text, "busy")],
        [Link(text, at(text))],
        text,
    )  # fmt: skip


class Seen(HTMLParser):
    """Tags and attributes as a browser makes them out."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))


def drawn(template: str, page: Page, session: Any) -> str:
    statics = Statics()
    return Renderer(statics.path).draw(
        template, page=page, base="/dashboard", session=session,
        menu=menu_of(SESSION), here="/dashboard/x?" + EVIL, notice=[EVIL, "good"],
        problems=[EVIL], now=1.0,
    )  # fmt: skip


@pytest.mark.parametrize("template", ["page.html", "outside.html"])
def test_nothing_that_is_shown_becomes_markup(template: str) -> None:
    plain, evil = Seen(), Seen()
    plain.feed(drawn(template, everything("n" * len(EVIL)), SESSION))
    evil.feed(drawn(template, everything(EVIL), SESSION))
    assert [tag for tag, _ in plain.tags] == [tag for tag, _ in evil.tags]
    for (_, before), (tag, after) in zip(plain.tags, evil.tags, strict=True):
        assert set(before) == set(after), tag
        assert not any(name.startswith("on") or name == "style" for name in after)
    assert sum(tag == "script" for tag, _ in evil.tags) == 1


def test_addresses_are_quoted() -> None:
    assert at("objects", "c", "a/b c?#", name="x&y=z") == (
        "/objects/c/a%2Fb%20c%3F%23?name=x%26y%3Dz"
    )


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_addresses_lead_nowhere_above(name: str) -> None:
    with pytest.raises(Rejected):
        path_of(("servers", name))
    assert path_of(("servers", "...")) == "/servers/..."


def test_a_list_is_not_taken_for_one_thing() -> None:
    with pytest.raises(Rejected):
        Router(all_routes()).find("GET", "servers/detail")
    assert Router(all_routes()).find("GET", "objects/c/detail")


def test_every_route_is_there_once_and_every_menu_entry_has_one() -> None:
    router = Router(all_routes())
    assert len(router.routes) > 100
    services = frozenset(
        [
            "compute",
            "image",
            "network",
            "volumev3",
            "object-store",
            "load-balancer",
            "orchestration",
            "alarming",
        ]
    )
    full = Session("t", "c", 9e9, *[""] * 4, roles=frozenset({"admin"}),
                   services=services)  # fmt: skip
    entries = [each for group in menu_of(full) for each in group.entries]
    assert len(entries) == 24
    for entry in entries:
        route, _ = router.find("GET", entry.path)
        assert route.load is not None
    member = Session("t", "c", 9e9, *[""] * 4, services=frozenset({"compute"}))
    keys = {each.key for group in menu_of(member) for each in group.entries}
    assert keys == {"overview", "servers", "keys", "server-groups"}


def values_of(lists: dict[str, list[str]] | None = None, **texts: str) -> Values:
    return Values(Submitted(), texts, lists or {})


def test_orders_of_servers() -> None:
    plain = order_of(values_of(name="a", flavor="f", image="i", count="2"))["server"]
    assert plain["imageRef"] == "i" and plain["networks"] == "auto"
    assert plain["min_count"] == plain["max_count"] == 2
    lists = {"networks": ["n"], "groups": ["g"]}
    texts = {"new_volume": "5", "user_data": "#!", "metadata": "a=b", "key": "k"}
    texts |= {"tags": "x, y", "server_group": "s", "different_host": "1, 2"}
    body = order_of(values_of(lists, name="a", flavor="f", image="i", **texts))
    full = body["server"]
    assert body["os:scheduler_hints"] == {"group": "s", "different_host": ["1", "2"]}
    assert full["tags"] == ["x", "y"]
    assert full["networks"] == [{"uuid": "n"}] and full["user_data"] == "IyE="
    assert full["block_device_mapping_v2"][0]["volume_size"] == 5
    assert full["security_groups"] == [{"name": "g"}] and full["key_name"] == "k"
    assert full["metadata"] == {"a": "b"} and "imageRef" not in full
    for wrong in ({}, {"image": "i", "volume": "v"}):
        with pytest.raises(BadForm):
            order_of(values_of(name="a", flavor="f", **wrong))
    with pytest.raises(BadForm):
        order_of(values_of(name="a", flavor="f", image="i", user_data="x" * 50_000))


@pytest.mark.parametrize(
    ("status", "first"),
    [("ACTIVE", "Stop"), ("SHUTOFF", "Start"), ("VERIFY_RESIZE", "Confirm the resize"),
     ("PAUSED", "Hard reboot"), ("BUILD", "Rename\u2026")],
)  # fmt: skip
def test_actions_fit_the_state(status: str, first: str) -> None:
    found = actions_of({"id": "i", "name": EVIL, "status": status})
    assert found[0].label == first and found[-1].label == "Delete"


def test_no_action_while_another_is_under_way() -> None:
    task = {"OS-EXT-STS:task_state": "powering-off"}
    found = actions_of({"id": "i", "name": "n", "status": "ACTIVE", **task})
    assert [each.label for each in found] == ["Rename\u2026", "Lock", "Delete"]


def test_a_question_is_asked_once() -> None:
    form = confirmation("Stop it? What runs in it ends.", "/")
    page = Page(form.title, "", [form], lead=form.lead)
    shown = drawn("page.html", page, SESSION)
    assert shown.count("What runs in it ends.") == 1
    assert "cannot be taken back" not in shown


def test_questions_of_templates() -> None:
    assert field_of("a", {"Type": "String"}).is_required
    secret = field_of("a", {"Type": "String", "NoEcho": "true", "Default": "x"})
    assert secret.kind == "password" and not secret.is_required
    choice = field_of("a", {"Type": "Number", "AllowedValues": [1, 2], "Default": 2})
    assert choice.kind == "select" and choice.value == "2"
    assert field_of("a", {"Type": "Json"}).kind == "textarea"


@given(some.text(max_size=40).filter(lambda text: "\x00" not in text))
def test_names_of_downloads(name: str) -> None:
    found = disposition_of(name)
    assert found.startswith('attachment; filename="')
    assert found.isascii() and "\r" not in found and "\n" not in found
    assert found.count('"') == 2


@given(some.text(some.characters(exclude_categories=("Cs", "Cc")), max_size=30))
def test_files_for_clients_hold_any_name(name: str) -> None:
    session = Session("t", "c", 0.0, "u", name, "d", name, "p", "x", "y", "R",
                      identity_url="http://c/identity")  # fmt: skip
    auth = yaml.safe_load(clouds_yaml(session))["clouds"]["ringstack"]["auth"]
    assert auth["username"] == name and auth["auth_url"] == "http://c/identity/v3"
    lines = [line for line in openrc(session).splitlines() if "OS_USERNAME=" in line]
    assert shlex.split(lines[0])[1] == f"OS_USERNAME={name}"


def test_ports_of_rules() -> None:
    def rule(protocol: str | None, least: int | None, most: int | None) -> str:
        return ports_of(
            {"protocol": protocol, "port_range_min": least, "port_range_max": most}
        )

    assert rule(None, None, None) == "any" and rule("tcp", 80, 80) == "80"
    assert rule("tcp", 1, 9) == "1 to 9" and rule("icmp", 8, 0) == "type 8, code 0"


def test_the_picture_stays_within_its_frame() -> None:
    networks = [
        {"id": f"n{at_}", "name": EVIL, "router:external": at_ == 0, "subnets": ["s"]}
        for at_ in range(3)
    ]
    subnets = [{"network_id": "n1", "cidr": "10.0.0.0/8"}]
    routers = [{"id": "r", "name": "r", "external_gateway_info": {"network_id": "n0"}}]
    servers = [{"id": f"s{at_}", "name": EVIL} for at_ in range(80)]
    ports = [{"device_id": each["id"], "network_id": "n1"} for each in servers]
    ports.append({"device_id": "r", "network_id": "n2"})
    ports.append({"device_id": "gone", "network_id": "n9"})
    picture = topology(networks, subnets, routers, ports, servers)
    assert picture.left_out == 0
    assert [each.label for each in picture.boxes].count("and 69 more") == 1
    for box in picture.boxes:
        assert box.x >= 0 and box.x + box.width <= picture.width
        assert box.y >= 0 and box.y + box.height <= picture.height
    assert len(picture.wires) == STANDING_MAX + 2
