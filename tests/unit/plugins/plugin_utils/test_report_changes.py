# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed since the previous report: of one host, of the fleet, and what is no previous report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import build_report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import Previous, parse_previous
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_view import view_row
from ansible_collections.stateward.conntrack.tests.support.fleet import FAILED, LAST_WEEK, UNREACHABLE, WRITTEN, look
from jsonschema import Draft202012Validator

SCHEMA = json.loads((Path(_report.__file__).parents[2] / "docs" / "report.schema.json").read_text())


def report_of(*rows: dict[str, Any], before: tuple[dict[str, Any], ...] | None = None, **more: Any) -> dict[str, Any]:
    previous = None if before is None else Previous(LAST_WEEK, {row["name"]: row for row in before})
    return build_report(rows, written=WRITTEN, previous=previous, **more)


def row(name: str = "a", looked: Any = None) -> dict[str, Any]:
    return find_host(name, looked=look() if looked is None else looked)


def test_changes_of_a_host() -> None:
    before = row(looked=look(use=10, rules=("reboot",), drop=5, early_drop=90))
    after = row(looked=look(use=95, size=524288, rules=("usage",), drop=12, early_drop=3))
    found = report_of(after, before=(before,))["hosts"][0]["changes"]
    assert found["state"] == {"before": "warning", "after": "critical"}
    assert found["max"] == {"before": 262144, "after": 524288}
    # early_drop went down: it was started anew, and counts from 0.
    assert found["losses"] == {"drop": 7, "early_drop": 3}
    assert (found["appeared"], found["resolved"], found["new"]) == (["usage"], ["reboot"], False)


def test_a_packet_that_is_counted_twice_is_said_once() -> None:
    before = row(looked=look(drop=5, insert_failed=5, chaintoolong=1, early_drop=9))
    after = row(looked=look(drop=9, insert_failed=12, chaintoolong=4, early_drop=99))
    found = view_row(report_of(after, before=(before,))["hosts"][0])
    assert (found["change"], found["moved"]) == ({"text": "+7 insert_failed", "kind": "bad"}, "losing")
    assert found["keys"]["change"] == 8


def test_an_old_entry_that_made_room_is_no_lost_connection() -> None:
    found = view_row(report_of(row(looked=look(early_drop=99)), before=(row(),))["hosts"][0])
    assert (found["change"], found["moved"]) == ({"text": "+99 early_drop", "kind": "plain"}, "")


@pytest.mark.parametrize(
    ("before", "after", "move", "words"),
    [
        (look(rules=("reboot",)), look(rules=("reboot", "conflicts")), "appeared", "new reason: conflicts"),
        (look(rules=("reboot", "conflicts")), look(rules=("reboot",)), "resolved", "solved: conflicts"),
        (look(rules=("reboot",)), look(rules=("conflicts",)), "appeared resolved", "new reason: conflicts"),
        (look(), look(rules=("reboot",)), "worse", "was ok"),
        (FAILED, UNREACHABLE, "otherwise", "was failed"),
        (UNREACHABLE, FAILED, "otherwise", "was unreachable"),
        (UNREACHABLE, look(), "back", "was unreachable"),
    ],
)
def test_moves(before: Any, after: Any, move: str, words: str) -> None:
    found = view_row(report_of(row(looked=after), before=(row(looked=before),))["hosts"][0])
    assert (found["moved"], found["change"]["text"]) == (move, words)


@pytest.mark.parametrize(
    ("before", "after", "move", "words"),
    [
        (0, 2, "drifted", "drift was 0"),
        (2, 3, "drifted", "drift was 2"),
        (3, 2, "settled", "drift was 3"),
        (0, "unknown", "unchecked", "drift was 0"),
        ("unknown", 0, "settled", "drift was unknown"),
        ("unknown", 1, "drifted", "drift was unknown"),
        (None, 1, "drifted", "drift was without policy"),
        (None, 0, "", "drift was without policy"),
        (1, None, "", "drift was 1"),
        (2, 2, "", ""),
    ],
)
def test_moves_of_drift(before: Any, after: Any, move: str, words: str) -> None:
    rows = [{**row(), "drift": drift_of(size)} for size in (before, after)]
    report = report_of(rows[1], before=(rows[0],))
    Draft202012Validator(SCHEMA).validate(report)
    found = view_row(report["hosts"][0])
    assert (found["moved"], found["change"]["text"]) == (move, words)


def drift_of(size: Any) -> dict[str, Any] | None:
    if size is None:
        return None
    return {"differences": [], "error": "why"} if size == "unknown" else {"differences": ["x"] * size, "error": ""}


def test_nothing_changed() -> None:
    found = report_of(row(), before=(row(),))
    assert found["hosts"][0]["changes"] == {"new": False, "losses": {}, "appeared": [], "resolved": []}
    assert not any(found["changes"][kind] for kind in found["changes"] if kind != "since")


def test_changes_of_the_fleet() -> None:
    worse, silent, back = look(rules=("reboot",)), UNREACHABLE, look()
    before = (row("worse"), row("silent"), row("back", FAILED), row("gone"), row("left"), row("better", worse))
    after = (row("worse", worse), row("silent", silent), row("back", back), row("new"), row("better"))
    found = report_of(*after, before=before, inventory=("left", "worse"))["changes"]
    for kind in ("worse", "silent", "back", "gone", "new", "better"):
        assert found[kind] == [kind]
    assert (found["left_out"], found["since"]) == (["left"], "2026-11-16T06:00:00Z")


def test_without_a_previous_report() -> None:
    found = report_of(row())
    assert (found["changes"], found["hosts"][0]["changes"]) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema_version": 2, "hosts": []}',
        '{"schema_version": 1, "hosts": {}}',
        '{"schema_version": 1, "hosts": []}',
    ],
)
def test_what_is_no_previous_report(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_previous(text)
