# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an audit as data: rows, totals, changes, and JSON under its schema."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, Ranking
from ansible_collections.stateward.conntrack.plugins.module_utils._info import Flows, run_info
from ansible_collections.stateward.conntrack.plugins.module_utils._info_render import render_flows
from ansible_collections.stateward.conntrack.plugins.module_utils._verdict import RULES
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import (
    build_report,
    find_problems,
    to_csv,
    to_json,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import parse_previous
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host, rules
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_html import to_html
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_shape import find_flaw
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_table import report_table
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_view import view_row
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.fleet import (
    FAILED,
    FLOWS,
    UNREACHABLE,
    WRITTEN,
    look,
    make_report,
)
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from jsonschema import Draft202012Validator

DOCS = Path(_report.__file__).parents[2] / "docs"
UNKNOWN = {"differences": [], "error": "headroom: too large"}
DRIFT = {"differences": ["max is 1, not 2"], "error": ""}
NO_DRIFT: dict[str, Any] = {"differences": [], "error": ""}
SCHEMA = json.loads((DOCS / "report.schema.json").read_text())


def report_of(*rows: dict[str, Any]) -> dict[str, Any]:
    return build_report(rows, written=WRITTEN)


def row(name: str = "a", looked: Any = None, **more: Any) -> dict[str, Any]:
    return find_host(name, looked=look() if looked is None else looked, **more)


# ---------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize("name", ["debian12", "el5", "el6", "minimal"])
def test_what_conntrack_info_returns_has_the_shape(name: str) -> None:
    assert find_flaw(run_info(FakeHost(load_host(name)), {}).values) == ""


def test_flows_have_the_shape() -> None:
    ranking = Ranking((("tcp/443", 3),))
    counts = FlowCounts(entries=3, l3={"ipv4": 3}, sources=ranking, destinations=ranking, ports=ranking)
    flows = render_flows(Flows(counts, "conntrack -L", ""))
    assert find_flaw({**look(), "flows": flows}) == ""


@pytest.mark.parametrize(
    ("looked", "state", "message"),
    [
        (look(), "ok", ""),
        (look(rules=("usage",)), "critical", ""),
        (UNREACHABLE, "unreachable", "Failed to connect to the host via ssh"),
        (FAILED, "failed", "must not be above critical"),
        (None, "failed", "not looked at"),
        ({"skipped": True}, "failed", "not looked at"),
        ("text", "failed", "not looked at"),
        ({"failed": True}, "failed", "no reason was given"),
        ({**look(), "verdict": {"level": "fine", "findings": []}}, "failed", "(verdict.level)"),
        ({**look(), "counters": {"drop": "12"}}, "failed", "(counters.drop)"),
        ({**look(), "usage_percent": "12"}, "failed", "(usage_percent)"),
        ({**look(), "max": True}, "failed", "(max)"),
        ({**look(), "conflicts": {}}, "failed", "(conflicts)"),
        ({**look(), "flows": {**FLOWS, "l4": []}}, "failed", "(flows.l4)"),
    ],
)
def test_states(looked: Any, state: str, message: str) -> None:
    found = find_host("a", looked=looked)
    assert (found["state"], message in found["message"]) == (state, True)
    assert (found["info"] is None) == (state in ("unreachable", "failed"))


def test_drift_is_that_of_the_filter() -> None:
    asked = run(FakeHost(load_host("debian12")), {"max": 300000, "persist": ["all"]}, check_mode=True).values
    found = row(asked=asked)["drift"]
    assert any("300000" in line for line in found["differences"])
    assert found["error"] == ""


@pytest.mark.parametrize(
    ("asked", "events", "error"),
    [
        ({"failed": True, "msg": "headroom: too large"}, None, "headroom: too large"),
        ({"operations": []}, None, "not what conntrack_tune returns"),
    ],
)
def test_a_policy_that_cannot_be_compared_with(asked: Any, events: Any, error: str) -> None:
    found = row(asked=asked, events=events)["drift"]
    assert found["differences"] == []
    assert error in found["error"]


@pytest.mark.parametrize("asked", [None, {}, {"skipped": True}])
def test_no_policy_no_drift(asked: Any) -> None:
    assert row(asked=asked)["drift"] is None


def test_numbers_that_json_does_not_have_are_nothing() -> None:
    assert row(looked={**look(), "load_factor": float("nan")})["info"]["load_factor"] is None


# ---------------------------------------------------------------------------------------------- the fleet


def test_the_worst_comes_first() -> None:
    rows = [
        row("e"),
        row("d", look(use=60)),
        row("c", look(rules=("reboot",))),
        row("b", FAILED),
        row("a2", look(use=91, rules=("usage",))),
        row("a1", look(use=99, rules=("usage",))),
        row("b0", UNREACHABLE),
    ]
    assert [each["name"] for each in report_of(*rows)["hosts"]] == ["a1", "a2", "b0", "b", "c", "d", "e"]


def test_totals() -> None:
    drift = {"differences": ["max is 1, not 2"], "error": ""}
    rows = [row("a", look(use=50, size=65536)), {**row("b", look(rules=("reboot", "conflicts"))), "drift": drift}]
    totals = report_of(*rows, row("c", UNREACHABLE))["totals"]
    assert totals["states"] == {"critical": 0, "unreachable": 1, "failed": 0, "warning": 1, "ok": 1}
    assert (totals["entries"], totals["max"]) == (32768 + 32768, 65536 + 262144)
    assert totals["not_surviving"] == {"reboot": 1, "late_load": 0, "firewall_restart": 0}
    assert (totals["conflicts"], totals["policies"], totals["drifted"], totals["unchecked"]) == (1, 1, 1, 0)
    assert [(item["rule"], item["hosts"]) for item in totals["findings"]] == [("conflicts", 1), ("reboot", 1)]


def test_drift_that_is_unknown_is_neither_drift_nor_none() -> None:
    rows = [{**row(name), "drift": drift} for name, drift in (("a", UNKNOWN), ("b", DRIFT), ("c", NO_DRIFT))]
    found = report_of(*rows)
    totals = found["totals"]
    assert (totals["policies"], totals["drifted"], totals["unchecked"]) == (3, 1, 1)
    assert [each["drift"] for each in csv.DictReader(io.StringIO(to_csv(found)))] == ["unknown", "1", "0"]
    assert "1 drifted, 1 unknown, of 3" in to_html(found)
    assert find_problems(found, ["drift"])["a"].endswith("unknown, headroom: too large")
    assert [line.split()[-1] for line in report_table(found, 9)[1:4]] == ["unknown", "1", "0"]


def test_the_worst_reason_comes_first() -> None:
    looked = look(rules=("reboot", "hash_small", "drops", "usage"))
    found = report_of(row(looked=looked))
    assert rules(found["hosts"][0]) == ["drops", "usage", "reboot", "hash_small"]
    assert view_row(found["hosts"][0])["summary"].endswith("above the peak.")
    assert found["hosts"][0]["info"]["verdict"] == looked["verdict"]


@pytest.mark.parametrize(
    ("fail_on", "hosts"),
    [
        ((), []),
        (("critical",), ["crit"]),
        (("warning",), ["crit", "warn"]),
        (("unreachable",), ["gone"]),
        (("drift",), ["drifted", "refused"]),
        (("drift", "unreachable"), ["drifted", "gone", "refused"]),
    ],
)
def test_problems(fail_on: tuple[str, ...], hosts: list[str]) -> None:
    drifted = {**row("drifted"), "drift": {"differences": ["max is 1, not 2"], "error": ""}}
    refused = {**row("refused"), "drift": {"differences": [], "error": "headroom: too large"}}
    known = [row("crit", look(rules=("usage",))), row("warn", look(rules=("reboot",))), row("gone", UNREACHABLE)]
    problems = find_problems(report_of(*known, drifted, refused, row("ok")), fail_on)
    assert sorted(problems) == hosts
    assert all(len(text) > 15 for text in problems.values())


# ---------------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize("count", [0, 3, 120])
def test_json_is_what_the_schema_says(count: int) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    text = to_json(make_report(count))
    Draft202012Validator(SCHEMA).validate(json.loads(text))
    assert text.isascii()
    assert len(parse_previous(text).hosts) == count


@pytest.mark.parametrize("path", [("hosts", 0, "state"), ("totals",), ("hosts", 0, "info", "verdict", "level")])
def test_the_schema_refuses_something(path: tuple[Any, ...]) -> None:
    found = report_of(row())
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "nonsense"
    assert not Draft202012Validator(SCHEMA).is_valid(found)


def test_json_of_a_real_host_is_what_the_schema_says() -> None:
    looked = run_info(FakeHost(load_host("debian12")), {}).values
    Draft202012Validator(SCHEMA).validate(json.loads(to_json(report_of(row(looked=looked)))))


def test_every_rule_of_the_verdict_has_its_line_in_the_documentation() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (DOCS / "audit.md").read_text(), re.MULTILINE)
    assert [name for name in documented if name in dict(RULES)] == [name for name, _check in RULES]
