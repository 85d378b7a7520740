# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host answers and whatever the previous report holds: there is a report, and it is what its schema says."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import build_report, to_csv, to_json
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import parse_previous
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_html import to_html
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_table import report_table
from ansible_collections.stateward.conntrack.tests.support.fleet import FLOWS, WRITTEN, look
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

SCHEMA = Draft202012Validator(
    json.loads((Path(_report.__file__).parents[2] / "docs" / "report.schema.json").read_text())
)

NUMBERS = st.integers(-3, 3) | st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**400]) | st.floats()
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from(["fatal", "ok", "failed"]) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)


def full() -> dict[str, Any]:
    """An answer with something in each of its parts."""
    return {**look(rules=("usage", "reboot", "conflicts")), "flows": copy.deepcopy(FLOWS)}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in places(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], item: Any) -> Any:
    """The value with something else at this place."""
    if not path:
        return item
    changed = copy.deepcopy(value)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = item
    return changed


def write(looked: Any, previous: str | None = None, **more: Any) -> dict[str, Any]:
    """Everything that is written of a fleet in which one host gives this answer; the other must always be there."""
    rows = [find_host("strange", looked=looked, **more), find_host("well", looked=look())]
    report = build_report(rows, written=WRITTEN, previous=previous and parse_previous(previous))
    for text in (to_csv(report), to_html(report), *report_table(report, 50)):
        text.encode("utf-8")
    SCHEMA.validate(json.loads(to_json(report)))
    assert {row["name"] for row in report["hosts"]} == {"strange", "well"}
    return report


def strange(report: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in report["hosts"] if row["name"] == "strange")
    return found


@given(st.sampled_from(places(full())), JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_in_an_answer(path: tuple[Any, ...], item: Any) -> None:
    write(put(full(), path, item))


@given(JSON, JSON, JSON)
@settings(max_examples=60, deadline=None)
def test_any_json_beside_an_answer(asked: Any, events: Any, persist: Any) -> None:
    write({**full(), "warnings": asked}, asked=asked, events=events, persist=persist)


@given(st.data(), JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_in_the_previous_report(data: st.DataObject, item: Any) -> None:
    previous = json.loads(to_json(write(full(), asked={"failed": True, "msg": "too large"})))
    path = data.draw(st.sampled_from(places(previous)))
    text = json.dumps(put(previous, path, item))
    try:
        parse_previous(text)
    except ValueError:
        return
    write(full(), text)


def nested(depth: int) -> Any:
    value: Any = []
    for _turn in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("path", "item"),
    [
        (("verdict", "findings", 0, "level"), "fatal"),
        (("usage_percent",), 10**400),
        (("load_factor",), 10**400),
        (("memory", "full_percent"), -1),
        (("host", "memory_bytes"), 10**400),
        (("counters", "drop"), -1),
        (("host", "kernel"), "x" * 20_000),
        (("host", "other"), "x" * 1_000_001),
        (("host", "other"), nested(100)),
        (("host", "other"), nested(100_000)),
        (("max",), 10**5000),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else type(value).__name__,
)
def test_an_answer_that_no_host_gives_is_a_failed_host(path: tuple[Any, ...], item: Any) -> None:
    looked = full()
    place = looked
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = item
    row = strange(write(looked))
    assert (row["state"], row["info"]) == ("failed", None)
    assert "not what conntrack_info returns" in row["message"]
    assert len(row["message"]) < 5_000


def test_a_row_that_cannot_be_shown_is_a_failed_host() -> None:
    row = find_host("strange", looked=full())
    row["info"]["memory"] = None
    found = build_report([row, find_host("well", looked=look())], written=WRITTEN)["hosts"]
    assert [(each["name"], each["state"]) for each in found] == [("strange", "failed"), ("well", "ok")]
    assert "cannot be shown" in found[0]["message"]


def test_lines_of_an_answer_are_bounded() -> None:
    row = find_host(
        "a", looked={**look(), "warnings": ["x" * 10_000] * 2_000}, asked={"failed": True, "msg": "x" * 9999}
    )
    assert (len(row["warnings"]), len(row["warnings"][0]), len(row["drift"]["error"])) == (1000, 4000, 4000)


@pytest.mark.parametrize(
    "row",
    [
        {"name": "strange", "state": "failed", "info": "text"},
        {"name": "strange", "state": "ok", "info": {"max": 1}},
        {"name": "strange", "state": "ok", "info": None},
        {"name": ["strange"], "state": "ok", "info": look()},
        {"name": "strange", "state": "ok", "info": look(), "drift": "text"},
        [],
    ],
)
def test_a_bad_row_of_the_previous_report_is_left_out_alone(row: Any) -> None:
    previous = json.loads(to_json(write(full())))
    previous["hosts"][0] = row
    assert set(parse_previous(json.dumps(previous)).hosts) == {"well"}
    assert strange(write(full(), json.dumps(previous)))["changes"] == {"new": True}


def test_a_previous_report_of_another_version_is_compared_with() -> None:
    previous = json.loads(to_json(write(full())))
    for row in previous["hosts"]:
        del row["info"]["survives"], row["info"]["memory"], row["info"]["host"], row["drift"]
    assert len(parse_previous(json.dumps(previous)).hosts) == 2


def test_a_previous_report_that_is_nested_too_deep() -> None:
    with pytest.raises(ValueError, match="deep"):
        parse_previous("[" * 200_000)
