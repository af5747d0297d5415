"""openstacksdk's orchestration proxy, and signals by whoever has a signed URL."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from openstack import exceptions

from test.functional.compute.house import RunningCloud

TEMPLATE = {
    "heat_template_version": "2018-08-31",
    "parameters": {"length": {"type": "number", "default": 9}},
    "resources": {
        "word": {
            "type": "OS::Heat::RandomString",
            "properties": {"length": {"get_param": "length"}},
        },
        "handle": {"type": "OS::Heat::WaitConditionHandle"},
        "wait": {
            "type": "OS::Heat::WaitCondition",
            "properties": {"handle": {"get_resource": "handle"}, "timeout": 120},
        },
    },
    "outputs": {
        "word": {"value": {"get_attr": ["word", "value"]}},
        "curl": {"value": {"get_attr": ["handle", "curl_cli"]}},
    },
}


def test_a_stack_waits_for_a_guest_that_has_no_token(cloud: RunningCloud) -> None:
    heat = cloud.sdk().orchestration
    assert heat.validate_template(TEMPLATE)["Parameters"]["length"]["Type"] == "Number"
    made = heat.create_stack(name="waits", template=TEMPLATE)
    resources = {}
    for _ in range(100):
        resources = {each.name: each for each in heat.resources(made)}
        if "wait" in resources:
            break
    found = heat.find_stack("waits")
    assert found is not None and found.id == made.id

    # The guest is told a URL; here it is what the handle's command line has.
    curl = next(
        each["output_value"]
        for each in heat.get_stack(made).outputs
        if each["output_key"] == "curl"
    )
    url = next(word.strip("'\"") for word in curl.split() if "signature=" in word)
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}"
    body = {"status": "SUCCESS", "data": "done"}
    wrong = path[:-4] + "0000"
    assert cloud.http("POST", wrong, body).status == 403
    assert cloud.http("POST", parts.path, body).status == 403
    assert cloud.http("POST", path, body).status == 200

    done = heat.wait_for_status(made, "CREATE_COMPLETE", ["CREATE_FAILED"], 1, 60)
    outputs = {each["output_key"]: each["output_value"] for each in done.outputs}
    assert len(outputs["word"]) == 9
    assert set(heat.get_stack_template(made).resources) == set(TEMPLATE["resources"])
    assert [each.name for each in heat.stacks()] == ["waits"]
    events = list(heat.stack_events(made))
    assert any(each.resource_name == "wait" for each in events)
    heat.delete_stack(made)
    heat.wait_for_delete(made, 1, 60)
    with pytest.raises(exceptions.NotFoundException):
        heat.get_stack("waits")


def test_software_configs_and_deployments(cloud: RunningCloud) -> None:
    heat = cloud.sdk().orchestration
    config = heat.create_software_config(
        name="c", group="script", config="#!/bin/sh\ntrue", inputs=[{"name": "a"}]
    )
    assert heat.get_software_config(config).config == "#!/bin/sh\ntrue"
    deployment = heat.create_software_deployment(
        server_id="some-server",
        config_id=config.id,
        action="CREATE",
        status="IN_PROGRESS",
        input_values={"a": 5},
    )
    changed = heat.update_software_deployment(deployment, status="COMPLETE")
    assert changed.status == "COMPLETE"
    assert [each.id for each in heat.software_deployments()] == [deployment.id]
    heat.delete_software_deployment(deployment)
    heat.delete_software_config(config)
    assert list(heat.software_configs()) == []
