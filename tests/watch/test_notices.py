"""How does a notice read, for people and for programs?"""

import json
from datetime import UTC, datetime

from pipeline.watch import Notice, as_json, as_line
from pipeline.watch.notices import read_json

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_alarm_names_its_rule_and_a_measurement_its_checkpoint():
    alarm = Notice("alarm", "m", "step-2", "3 NaN", rule="bad", severity="serious")
    assert as_line(alarm) == "serious: m@step-2: bad: 3 NaN"
    assert as_line(Notice("measured", "m", "step-2", "1 kB")) == (
        "measured: m@step-2: 1 kB"
    )


def test_json_holds_the_row_and_no_number_that_json_lacks():
    row = {"x": float("nan"), "y": [1.5, float("inf")], "t": AT, "n": 3}
    notice = Notice("alarm", "m", "r", "…", step=2, rule="bad", row=row, at=AT)
    assert json.loads(as_json(notice)) == {
        "kind": "alarm",
        "model": "m",
        "revision": "r",
        "series": None,
        "step": 2,
        "rule": "bad",
        "severity": None,
        "text": "…",
        "row": {"x": None, "y": [1.5, None], "t": str(AT), "n": 3},
        "at": "2026-01-02T03:04:05+00:00",
    }


def test_what_was_written_is_read_as_it_was():
    alarm = Notice("alarm", "m", "r", "…", step=2, rule="bad", row={"x": 1}, at=AT)
    plain = Notice("measured", "m", "r", "1 kB", series="m", at=AT)
    assert [read_json(as_json(each)) for each in (alarm, plain)] == [alarm, plain]
