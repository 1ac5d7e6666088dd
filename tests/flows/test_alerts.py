"""Does an alarm reach a real Prefect server, and does an automation act on it?"""

import os
import time
from pathlib import Path

import pytest

from flows.prefect_setup import prepare_prefect

AUTOMATION = Path(__file__).parents[2] / "docs/examples/alert-automation.yaml"
ALARM = {
    "kind": "alarm",
    "model": "gpt",
    "revision": "step-9",
    "series": "gpt",
    "step": 9,
    "rule": "not_finite",
    "severity": "serious",
    "text": "3 NaN",
    "row": {"n_values": 3},
}


@pytest.fixture
def _own_prefect(tmp_path, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.setenv("PREFECT_SERVER_UI_ENABLED", "false")
    prepare_prefect(tmp_path)


@pytest.mark.usefixtures("_own_prefect")
def test_an_automation_is_triggered_by_an_alarm():
    import httpx
    import yaml

    from flows.alerts import event_sender

    with event_sender() as send:
        api = os.environ["PREFECT_API_URL"]
        (automation,) = yaml.safe_load(AUTOMATION.read_text())["automations"]
        made = httpx.post(f"{api}/automations/", json=automation, timeout=60)
        assert made.status_code == 201, made.text
        send(ALARM)
        wanted = {"weightlake.alarm.not_finite", "prefect.automation.triggered"}
        events, until = {}, time.monotonic() + 60
        while not wanted <= events.keys() and time.monotonic() < until:
            time.sleep(0.3)
            asked = {"filter": {"event": {"name": sorted(wanted)}}}
            answer = httpx.post(f"{api}/events/filter", json=asked, timeout=60)
            events = {each["event"]: each for each in answer.json()["events"]}
    os.environ.pop("PREFECT_API_URL")
    assert wanted <= events.keys()
    alarm = events["weightlake.alarm.not_finite"]
    assert alarm["payload"]["row"] == {"n_values": 3}
    assert alarm["resource"]["prefect.resource.name"] == "gpt@step-9"
