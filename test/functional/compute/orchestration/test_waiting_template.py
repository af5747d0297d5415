"""A stack that waits for signals, which need no token."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import show

TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  timeout: {type: number, default: 120}
resources:
  handle: {type: OS::Heat::WaitConditionHandle}
  wait:
    type: OS::Heat::WaitCondition
    properties:
      handle: {get_resource: handle}
      timeout: {get_param: timeout}
      count: 2
outputs:
  command: {value: {get_attr: [handle, curl_cli]}}
  data: {value: {get_attr: [wait, data]}}
"""


def _begin(cloud: RunningCloud, directory: Path, name: str, *more: str) -> str:
    """Begin the stack; the command that signals."""
    path = directory / "wait.yaml"
    path.write_text(TEMPLATE)
    cloud.openstack("stack", "create", "-t", str(path), *more, name)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = cloud.run_openstack(
            "stack", "output", "show", name, "command", "-f", "json", expected=None
        )
        if "curl" in found.text:
            return str(json.loads(found.text)["output_value"])
        time.sleep(0.5)
    raise AssertionError("the handle is not there")


def _signal(command: str, **signal: Any) -> str:
    whole = f"{command} -s --data-binary '{json.dumps(signal)}'"
    ended = subprocess.run(
        ["sh", "-c", whole], capture_output=True, text=True, check=True, timeout=30
    )
    return ended.stdout


def _wait(cloud: RunningCloud, name: str, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (stack := show(cloud, name))["stack_status"].endswith("IN_PROGRESS"):
        assert time.monotonic() < deadline, stack
        time.sleep(0.5)
    assert stack["stack_status"] == status, stack["stack_status_reason"]
    return stack


def test_signals_complete_it(cloud: RunningCloud, tmp_path: Path) -> None:
    command = _begin(cloud, tmp_path, "waits")
    both = [
        threading.Thread(target=_signal, args=(command,), kwargs=given)
        for given in ({"id": "a", "data": "first"}, {"id": "b", "status": "SUCCESS"})
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    stack = _wait(cloud, "waits", "CREATE_COMPLETE")
    outputs = {each["output_key"]: each["output_value"] for each in stack["outputs"]}
    assert json.loads(outputs["data"]) == {"a": "first", "b": None}
    cloud.openstack("stack", "delete", "--yes", "--wait", "waits")


def test_a_failure_fails_it(cloud: RunningCloud, tmp_path: Path) -> None:
    command = _begin(cloud, tmp_path, "hears")
    assert "400" in _signal(command, status="MAYBE").splitlines()[0]
    _signal(command, status="FAILURE", reason="no disk")
    stack = _wait(cloud, "hears", "CREATE_FAILED")
    assert "no disk" in stack["stack_status_reason"]
    cloud.openstack("stack", "delete", "--yes", "--wait", "hears")


def test_nobody_signals(cloud: RunningCloud, tmp_path: Path) -> None:
    _begin(cloud, tmp_path, "alone", "--parameter", "timeout=2")
    stack = _wait(cloud, "alone", "CREATE_FAILED")
    assert "0 of 2 received" in stack["stack_status_reason"]
    cloud.openstack("stack", "delete", "--yes", "--wait", "alone")
