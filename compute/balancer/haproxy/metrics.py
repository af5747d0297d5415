"""What a listener of the protocol PROMETHEUS answers: a Lua program for haproxy.

It writes what the process counts under the names that Octavia's exporter gives them, so
that dashboards made for that one show ours.  Pure text: the agent puts it into a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compute.balancer.haproxy.frontends import METRICS

GAUGE, COUNTER = "gauge", "counter"

# Name -> haproxy's word, kind, help; haproxy counts times in milliseconds, and those
# whose name says seconds are divided.
PROCESS = (
    ("loadbalancer_uptime_seconds", "Uptime_sec", GAUGE, "Seconds since it began."),
    ("loadbalancer_max_connections", "Maxconn", GAUGE, "Connections at once, at most."),
    ("loadbalancer_current_connections", "CurrConns", GAUGE, "Connections now."),
    ("loadbalancer_connections_total", "CumConns", COUNTER, "Connections so far."),
    ("loadbalancer_requests_total", "CumReq", COUNTER, "Requests so far."),
    ("loadbalancer_current_ssl_connections", "CurrSslConns", GAUGE, "TLS now."),
    ("loadbalancer_ssl_connections_total", "CumSslConns", COUNTER, "TLS so far."),
    ("loadbalancer_current_connection_rate", "ConnRate", GAUGE, "New in a second."),
    ("loadbalancer_max_connection_rate", "MaxConnRate", GAUGE, "Most in a second."),
    ("loadbalancer_current_session_rate", "SessRate", GAUGE, "New in a second."),
    ("loadbalancer_max_session_rate", "MaxSessRate", GAUGE, "Most in a second."),
    ("loadbalancer_idle_time_percent", "Idle_pct", GAUGE, "How idle it is."),
    ("loadbalancer_bytes_out_total", "TotalBytesOut", COUNTER, "Bytes sent."),
    ("loadbalancer_listeners", "Listeners", GAUGE, "Ports that it serves."),
)
_TRAFFIC = (
    ("current_sessions", "scur", GAUGE, "Sessions now."),
    ("max_sessions", "smax", GAUGE, "Most sessions at once."),
    ("limit_sessions", "slim", GAUGE, "Sessions at once, at most."),
    ("sessions_total", "stot", COUNTER, "Sessions so far."),
    ("max_session_rate", "rate_max", GAUGE, "Most new sessions in a second."),
    ("bytes_in_total", "bin", COUNTER, "Bytes received."),
    ("bytes_out_total", "bout", COUNTER, "Bytes sent."),
    ("responses_denied_total", "dresp", COUNTER, "Responses that were denied."),
    ("failed_header_rewriting_total", "wrew", COUNTER, "Headers not rewritten."),
)
LISTENER = (
    *_TRAFFIC,
    ("connections_total", "conn_tot", COUNTER, "Connections so far."),
    ("connections_rate_max", "conn_rate_max", GAUGE, "Most connections in a second."),
    ("requests_denied_total", "dreq", COUNTER, "Requests that were denied."),
    ("request_errors_total", "ereq", COUNTER, "Requests that were none."),
    ("denied_connections_total", "dcon", COUNTER, "Connections that were denied."),
    ("denied_sessions_total", "dses", COUNTER, "Sessions that were denied."),
    ("http_requests_total", "req_tot", COUNTER, "Requests so far."),
    ("http_requests_rate_max", "req_rate_max", GAUGE, "Most requests in a second."),
    ("intercepted_requests_total", "intercepted", COUNTER, "Answered by itself."),
)
_SERVING = (
    *_TRAFFIC,
    ("current_queue", "qcur", GAUGE, "Requests that wait."),
    ("max_queue", "qmax", GAUGE, "Most requests that waited."),
    ("last_session_seconds", "lastsess", GAUGE, "Seconds since the last session."),
    ("connection_attempts_total", "connect", COUNTER, "Connections that were tried."),
    ("connection_reuses_total", "reuse", COUNTER, "Connections that were used again."),
    ("connection_errors_total", "econ", COUNTER, "Connections that failed."),
    ("response_errors_total", "eresp", COUNTER, "Responses that were none."),
    ("retry_warnings_total", "wretr", COUNTER, "Connections tried once more."),
    ("redispatch_warnings_total", "wredis", COUNTER, "Requests sent elsewhere."),
    ("queue_time_average_seconds", "qtime", GAUGE, "Waiting, of the last 1024."),
    ("connect_time_average_seconds", "ctime", GAUGE, "Connecting, the last 1024."),
    ("response_time_average_seconds", "rtime", GAUGE, "Answering, the last 1024."),
    ("total_time_average_seconds", "ttime", GAUGE, "Everything, the last 1024."),
    ("max_queue_time_seconds", "qtime_max", GAUGE, "The longest wait."),
    ("max_connect_time_seconds", "ctime_max", GAUGE, "The longest connecting."),
    ("max_response_time_seconds", "rtime_max", GAUGE, "The longest answering."),
    ("max_total_time_seconds", "ttime_max", GAUGE, "The longest of all."),
    ("client_aborts_total", "cli_abrt", COUNTER, "Ended by the client."),
    ("loadbalanced_total", "lbtot", COUNTER, "How often it was chosen."),
    ("check_up_down_total", "chkdown", COUNTER, "How often it went down."),
    ("check_last_change_seconds", "lastchg", GAUGE, "Seconds since it changed."),
    ("downtime_seconds_total", "downtime", COUNTER, "Seconds that it was down."),
)
POOL = (
    *_SERVING,
    ("requests_denied_total", "dreq", COUNTER, "Requests that were denied."),
    ("member_aborts_total", "srv_abrt", COUNTER, "Ended by the member."),
    ("active_members", "act", GAUGE, "Members that serve."),
    ("backup_members", "bck", GAUGE, "Members in reserve that serve."),
    ("http_requests_total", "req_tot", COUNTER, "Requests so far."),
)
MEMBER = (
    *_SERVING,
    ("server_aborts_total", "srv_abrt", COUNTER, "Ended by the member."),
    ("check_failures_total", "chkfail", COUNTER, "Probes that failed."),
    ("weight", "weight", GAUGE, "Its weight."),
    ("idle_connections_current", "srv_icur", GAUGE, "Idle connections to it."),
)
MILLISECONDS = ("_time_average_seconds", "_time_seconds")

_PROGRAM = """\
local lines
local function tell(name, kind, help)
  lines[#lines + 1] = "# HELP octavia_" .. name .. " " .. help
  lines[#lines + 1] = "# TYPE octavia_" .. name .. " " .. kind
end
local function value(name, labels, number)
  lines[#lines + 1] = "octavia_" .. name .. labels .. " " .. tostring(number)
end
local function all(prefix, metrics, found)
  for _, metric in ipairs(metrics) do
    local is_told = false
    for _, one in ipairs(found) do
      local number = tonumber(one.stats[metric[2]])
      if number ~= nil and number >= 0 then
        if not is_told then
          tell(prefix .. metric[1], metric[3], metric[4])
          is_told = true
        end
        value(prefix .. metric[1], one.labels, number / metric[5])
      end
    end
  end
end
local function codes(prefix, found)
  tell(prefix .. "http_responses_total", "counter", "Responses so far, by their code.")
  for _, one in ipairs(found) do
    for _, code in ipairs({"1xx", "2xx", "3xx", "4xx", "5xx", "other"}) do
      local number = tonumber(one.stats["hrsp_" .. code])
      if number ~= nil then
        local labels = string.sub(one.labels, 1, -2) .. ',code="' .. code .. '"}'
        value(prefix .. "http_responses_total", labels, number)
      end
    end
  end
end
local function statuses(prefix, found, help, words)
  tell(prefix .. "status", "gauge", help)
  for _, one in ipairs(found) do
    local word = string.match(tostring(one.stats["status"]), "^[^ ]+")
    value(prefix .. "status", one.labels, words[word] or 0)
  end
end
local process = {%(process)s}
local listener = {%(listener)s}
local pool = {%(pool)s}
local member = {%(member)s}
core.register_service("%(service)s", "http", function(applet)
  lines = {}
  local listeners, pools, members = {}, {}, {}
  for name, proxy in pairs(core.proxies) do
    local kind = proxy:get_cap()
    if kind == "frontend" then
      local labels = '{listener="' .. name .. '"}'
      listeners[#listeners + 1] = {labels = labels, stats = proxy:get_stats()}
    elseif kind == "backend" and string.find(name, ":", 1, true) then
      local labels = '{pool="' .. name .. '"}'
      pools[#pools + 1] = {labels = labels, stats = proxy:get_stats()}
      for id, server in pairs(proxy.servers) do
        labels = '{pool="' .. name .. '",member="' .. id .. '"}'
        members[#members + 1] = {labels = labels, stats = server:get_stats()}
      end
    end
  end
  all("", process, {{labels = "", stats = core.get_info()}})
  all("listener_", listener, listeners)
  all("pool_", pool, pools)
  all("member_", member, members)
  codes("listener_", listeners)
  codes("pool_", pools)
  codes("member_", members)
  statuses("listener_", listeners, "0=OFFLINE, 1=ONLINE, 2=DEGRADED.",
    {OPEN = 1, FULL = 2})
  statuses("pool_", pools, "0=OFFLINE, 1=ONLINE.", {UP = 1})
  statuses("member_", members, "0=ERROR, 1=ONLINE, 2=OFFLINE, 3=DRAIN.",
    {UP = 1, no = 1, MAINT = 2, DRAIN = 3, NOLB = 3})
  local text = table.concat(lines, "\\n") .. "\\n"
  applet:set_status(200)
  applet:add_header("content-type", "text/plain; version=0.0.4")
  applet:add_header("content-length", string.len(text))
  applet:start_response()
  applet:send(text)
end)
"""


def metrics_program() -> str:
    """The whole of it."""
    return _PROGRAM % {
        "service": METRICS,
        "process": _table(PROCESS),
        "listener": _table(LISTENER),
        "pool": _table(POOL),
        "member": _table(MEMBER),
    }


def _table(metrics: Iterable[tuple[str, str, str, str]]) -> str:
    return "\n".join(_rows(metrics))


def _rows(metrics: Iterable[tuple[str, str, str, str]]) -> Iterator[str]:
    for name, word, kind, text in metrics:
        parts = 1000 if name.endswith(MILLISECONDS) else 1
        yield f'{{"{name}", "{word}", "{kind}", "{text}", {parts}}},'
