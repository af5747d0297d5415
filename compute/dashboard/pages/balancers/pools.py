"""Pools of load balancers: made, changed, watched over, taken away."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Group, Option, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.balancers import tls
from compute.dashboard.pages.balancers.balancers import ROOM
from compute.dashboard.pages.balancers.launch import METHODS

PROTOCOLS = ("HTTP", "TCP", "HTTPS", "UDP", "PROXY", "PROXYV2")
MONITORS = {
    "HTTP": "a request by HTTP",
    "HTTPS": "a request by HTTPS",
    "TCP": "a connection",
    "TLS-HELLO": "the begin of TLS",
    "PING": "an ICMP echo",
}
# Members that speak UDP are looked at in other ways.
UDP_MONITORS = {
    "UDP-CONNECT": "a datagram that nobody refuses",
    "TCP": "a connection",
    "HTTP": "a request by HTTP",
}
_BY_PATH = frozenset(("HTTP", "HTTPS"))
_SESSIONS = {
    "": "each goes its own way",
    "SOURCE_IP": "by their address",
    "HTTP_COOKIE": "by a cookie of ours",
}
SECONDS_MAX = 3600


def _pool(visit: Visit) -> Any:
    return visit.rooms.get(ROOM, "pools", visit["pool"])["pool"]


def _home(pool: Any) -> str:
    return f"/balancers/{pool['loadbalancers'][0]['id']}"


def new_form(visit: Visit) -> Form:
    """How it hands on."""
    fields: list[Field | Group] = [
        Field("name", "Name"),
        Field(
            "protocol", "Speaks to its members", "select",
            options=[Option(each, each) for each in PROTOCOLS], is_required=True,
        ),
        *_fields("ROUND_ROBIN", ""),
        *tls.pool_group(visit, {}),
    ]  # fmt: skip
    home = f"/balancers/{visit['id']}"
    return Form("Add a pool", fields, "Add", home, "balancers")


def _fields(method: str, session: str) -> list[Field]:
    return [
        Field("method", "Hands on", "select", [method], METHODS, is_required=True),
        Field(
            "session", "Who came before goes to the same member", "select", [session],
            [Option(word, text) for word, text in _SESSIONS.items()],
        ),
    ]  # fmt: skip


def _session(values: Values) -> dict[str, str] | None:
    return {"type": values["session"]} if values["session"] else None


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    pool = {
        "loadbalancer_id": visit["id"],
        "protocol": values["protocol"],
        "lb_algorithm": values["method"],
        "session_persistence": _session(values),
        **values.given(name="name"),
        **tls.pool_order(values),
    }
    visit.rooms.post(ROOM, "pools", body={"pool": pool})
    return Redirect(f"/balancers/{visit['id']}", Notice("The pool is being made."))


def edit_form(visit: Visit) -> Form:
    """The same, as it is."""
    pool = _pool(visit)
    session = (pool.get("session_persistence") or {}).get("type", "")
    fields: list[Field | Group] = [
        Field("name", "Name", values=[pool["name"] or ""]),
        *_fields(pool["lb_algorithm"], session if session in _SESSIONS else ""),
        *tls.pool_group(visit, pool),
    ]
    return Form("Edit the pool", fields, "Save", _home(pool), "balancers")


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {
        "name": values["name"],
        "lb_algorithm": values["method"],
        "session_persistence": _session(values),
        **tls.pool_order(values),
    }
    pool = visit.rooms.put(ROOM, "pools", visit["pool"], body={"pool": change})["pool"]
    return Redirect(_home(pool), Notice("The pool is being changed."))


def monitor_form(visit: Visit) -> Form:
    """How its members are looked at."""
    pool = _pool(visit)
    now: dict[str, Any] = {}
    if pool.get("healthmonitor_id"):
        path = ("healthmonitors", pool["healthmonitor_id"])
        now = visit.rooms.get(ROOM, *path)["healthmonitor"]
    known = UDP_MONITORS if pool["protocol"] == "UDP" else MONITORS
    kinds = [Option(word, text) for word, text in known.items()]
    usual = "HTTP" if pool["protocol"] == "HTTP" else next(iter(kinds)).value
    fields = [
        Field("type", "By", "select", [now.get("type", usual)], kinds,
              is_required=True, help="Only chosen once." if now else ""),
        _seconds("delay", "Every so many seconds", now.get("delay", 5)),
        _seconds("timeout", "An answer must come within", now.get("timeout", 3)),
        Field("retries", "So many times before it counts", "number",
              [str(now.get("max_retries", 2))], is_required=True, least=1, most=10),
        Field("path", "Asks for the path", values=[now.get("url_path") or "/"],
              help="Of HTTP and HTTPS."),
        Field("codes", "Well when it answers",
              values=[now.get("expected_codes") or "200"], help="200, or 200-204."),
    ]  # fmt: skip
    return Form("How members are looked at", fields, "Save", _home(pool), "balancers")


def _seconds(name: str, label: str, value: int) -> Field:
    return Field(
        name, label, "number", [str(value)], is_required=True, least=1, most=SECONDS_MAX
    )


def monitor(visit: Visit, values: Values) -> Redirect:
    """Make it, or change it."""
    delay, timeout = values.number("delay"), values.number("timeout")
    assert delay is not None and timeout is not None
    if timeout > delay:
        raise BadForm({"timeout": "At most as long as from one look to the next."})
    wanted: dict[str, Any] = {
        "delay": delay,
        "timeout": timeout,
        "max_retries": values.number("retries"),
    }
    if values["type"] in _BY_PATH:
        wanted |= {"url_path": values["path"] or "/"}
        wanted |= {"expected_codes": values["codes"] or "200"}
    pool = _pool(visit)
    now = pool.get("healthmonitor_id")
    if now:
        visit.rooms.put(ROOM, "healthmonitors", now, body={"healthmonitor": wanted})
    else:
        wanted |= {"type": values["type"], "pool_id": visit["pool"]}
        visit.rooms.post(ROOM, "healthmonitors", body={"healthmonitor": wanted})
    return Redirect(_home(pool), Notice("Its members are looked at so."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away, with its members."""
    pool = _pool(visit)
    visit.rooms.delete(ROOM, "pools", visit["pool"])
    return Redirect(_home(pool), Notice("The pool is being deleted."))


ROUTES = [
    form("balancers/{id}/pools/new", new_form, make),
    form("balancers/pools/{pool}/edit", edit_form, edit),
    form("balancers/pools/{pool}/monitor", monitor_form, monitor),
    deed("balancers/pools/{pool}/delete", delete, "Delete this pool and its members?"),
]
