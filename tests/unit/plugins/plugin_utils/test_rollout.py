# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout from the variables of its hosts: states, health, the decision about the next batch, and the table."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._host_report import Step, report
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import ALREADY
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Operation, Outcome
from ansible_collections.stateward.conntrack.plugins.module_utils._render import render_operation
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _rollout as rollout
from ansible_collections.stateward.conntrack.plugins.plugin_utils._fleet_table import fleet_table
from hypothesis import given, settings
from hypothesis import strategies as st

OK = {"ok": True, "max": 2, "hashsize": 2, "reasons": []}
BROKEN = {"ok": False, "max": 1, "hashsize": 1, "reasons": ["the module is too late"]}
SEEN = {"host": {"container": False}}
HEAD = "entries  clashres found drop early_drop insert_failed chainlength"


def result(status: str = "done", *, kind: str = "value", late_load: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "changed": True,
        "before": {"max": 1, "hashsize": 1},
        "after": {"max": 2, "hashsize": 2},
        "sizing": {"memory_bytes": 3 * 2**20},
        "operations": [{"kind": kind, "status": status}],
        "survives": {"reboot": OK, "late_load": late_load or OK, "firewall_restart": OK},
        "not_applied": [],
    }


def stat(drop: int = 0, early_drop: int = 0, insert_failed: int = 0, chaintoolong: int = 0) -> dict[str, str]:
    row = f"00000005 00000000 00000000 {drop:08x} {early_drop:08x} {insert_failed:08x} {chaintoolong:08x}"
    return {"stdout": f"{HEAD}\r\n{row}\r\n"}


def variables(**found: Any) -> dict[str, Any]:
    names = vars(rollout.NAMES)
    return {names[role]: value for role, value in found.items()}


def member(name: str = "a", **found: Any) -> rollout.Member:
    return rollout.find_member(name, variables(**found))


UNREACHABLE = {"unreachable": True, "msg": "no route\nto host"}
FAILED = {"failed": True, "msg": "too large"}
LATE = {"failed": True, "timedout": {"period": 30}, "msg": "Timed out after 30 second(s)."}
LATE_217 = {
    "failed": True,
    "msg": "The raw action failed to execute in the expected time frame (30) and was terminated",
}
CUT_OFF = {"failed": True, "cut_off": True, "msg": "MODULE FAILURE"}


def after_failure(*operations: dict[str, Any]) -> dict[str, Any]:
    return {
        **result(),
        **FAILED,
        "operations": [{"kind": "value", "target": "t", "before": "1", **item} for item in operations],
    }


STAYS = {"status": "failed", "reason": "it was done and could not be undone: EIO"}
STANDS = {"status": "done", "reason": "size of the table"}
PUT_BACK = {"status": "rolled_back", "reason": "undone, because f failed"}
HARMLESS = (
    PUT_BACK,
    {"status": "failed", "reason": "no space left"},
    {"status": "skipped", "reason": "not tried"},
    {"status": "done", "reason": ALREADY, "kind": "file"},
    {"status": "done", "reason": "", "kind": "module"},
    {"status": "done", "reason": "it came with the module", "before": None},
)
SKIPPED = {"skipped": True, "changed": False}


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        ({}, rollout.WAITING, ""),
        ({"halt": "too many"}, rollout.WAITING, "too many"),
        ({"seen": UNREACHABLE}, rollout.UNREACHABLE, "no route to host"),
        ({"seen": FAILED}, rollout.REFUSED, "too large"),
        ({"seen": {"failed": True}}, rollout.REFUSED, "no reason was given"),
        ({"seen": {"host": {"container": True}}}, rollout.SKIPPED, rollout._CONTAINER),
        ({"seen": SEEN, "result": FAILED}, rollout.REFUSED, "too large"),
        ({"seen": SEEN, "result": UNREACHABLE}, rollout.LOST, "no route to host"),
        ({"seen": SEEN, "result": result(), "start": UNREACHABLE}, rollout.LOST, "no route to host"),
        ({"seen": SEEN, "result": result(), "end": UNREACHABLE}, rollout.LOST, "no route to host"),
        ({"seen": LATE}, rollout.UNREACHABLE, LATE["msg"]),
        ({"seen": SEEN, "result": LATE}, rollout.LOST, LATE["msg"]),
        ({"seen": SEEN, "result": LATE_217}, rollout.LOST, LATE_217["msg"]),
        ({"seen": SEEN, "result": result(), "end": LATE_217}, rollout.LOST, LATE_217["msg"]),
        ({"seen": SEEN, "result": result(), "undone": LATE, "verdict": "sick"}, rollout.STUCK, LATE["msg"]),
        ({"seen": SEEN, "result": CUT_OFF}, rollout.LOST, "MODULE FAILURE"),
        ({"seen": SEEN, "result": after_failure(*HARMLESS)}, rollout.REFUSED, "too large"),
        ({"seen": SEEN, "result": after_failure(*HARMLESS, STAYS)}, rollout.STUCK, "too large"),
        ({"seen": SEEN, "result": after_failure(*HARMLESS, STANDS)}, rollout.STUCK, "too large"),
        ({"seen": SEEN, "result": after_failure(STAYS), "end": UNREACHABLE}, rollout.STUCK, "too large"),
        ({"seen": SEEN, "result": after_failure(STAYS), "undone": result()}, rollout.STUCK, "t: " + STAYS["reason"]),
        (
            {"seen": SEEN, "result": after_failure(STANDS), "undone": result(), "verdict": "sick"},
            rollout.ROLLED_BACK,
            "sick",
        ),
        ({"seen": SEEN, "result": result()}, rollout.CHANGED, ""),
        ({"seen": SEEN, "result": result(), "start": SKIPPED, "end": SKIPPED, "undone": SKIPPED}, rollout.CHANGED, ""),
        ({"seen": SEEN, "result": result("planned")}, rollout.PLANNED, ""),
        ({"seen": SEEN, "result": {**result(), "changed": False, "operations": []}}, rollout.UNCHANGED, ""),
        ({"seen": SEEN, "result": result(), "undone": result(), "verdict": "sick"}, rollout.ROLLED_BACK, "sick"),
        ({"seen": SEEN, "result": result(), "undone": FAILED, "verdict": "sick"}, rollout.STUCK, "too large"),
        (
            {"seen": SEEN, "result": result(), "undone": UNREACHABLE, "verdict": "sick"},
            rollout.STUCK,
            "no route to host",
        ),
        (
            {"seen": SEEN, "result": result(), "undone": {**result(), "not_applied": [{"name": "f", "reason": "r"}]}},
            rollout.STUCK,
            "f: r",
        ),
    ],
)
def test_states(found: dict[str, Any], state: str, reason: str) -> None:
    assert (member(**found).state, member(**found).reason) == (state, reason)


@pytest.mark.parametrize(
    ("status", "kind", "touched"),
    [("done", "value", True), ("done", "module", True), ("done", "file", False), ("planned", "value", False)],
)
def test_only_a_changed_kernel_is_watched(status: str, kind: str, touched: bool) -> None:
    assert member(seen=SEEN, result=result(status, kind=kind)).touched is touched


def test_what_could_not_be_undone_is_watched() -> None:
    assert member(seen=SEEN, result=after_failure(STAYS)).touched
    assert not member(seen=SEEN, result=after_failure(PUT_BACK)).touched


def test_the_words_are_those_of_the_report() -> None:
    """Both sentences about a change that stays, as they come from the host."""
    operation = Operation("value", "/proc/max", "1", "2", "because")
    steps = [Step(operation, Outcome(operation, "done"), [lambda: None], "EIO") for _number in range(2)]
    outcomes = report(steps, (operation, operation), OSError(5, "x")).outcomes
    assert [rollout._stays(render_operation(item.operation, item.status, item.reason)) for item in outcomes] == [
        True
    ] * 2


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        (stat(drop=5), stat(drop=5), {}),
        (stat(drop=5), stat(drop=17), {"drop": 12}),
        (
            stat(),
            stat(early_drop=1, insert_failed=2, chaintoolong=3),
            {"early_drop": 1, "insert_failed": 2, "chaintoolong": 3},
        ),
        (stat(drop=100), stat(drop=4), {"drop": 4}),
        ({"stdout": "cpu=0 drop=1 error=0"}, {"stdout": "cpu=0 drop=3 error=9"}, {"drop": 2}),
        ({"stdout": ""}, stat(drop=4), {}),
        (stat(drop=1), {"stdout": "no such file"}, {}),
    ],
)
def test_growth(before: dict[str, str], after: dict[str, str], grown: dict[str, int]) -> None:
    assert member(seen=SEEN, result=result(), start=before, end=after).losses == grown


def test_a_host_without_counters_is_not_watched() -> None:
    assert not member(seen=SEEN, result=result(), start={"stdout": ""}, end={"stdout": ""}).watched
    assert member(seen=SEEN, result=result(), start=stat(), end=stat()).watched


# ---------------------------------------------------------------------------------------------- decisions

HEALTHY = member("a", seen=SEEN, result=result(), start=stat(), end=stat())
SICK = member("b", seen=SEEN, result=result(), start=stat(), end=stat(drop=3, chaintoolong=1))
PATIENT = member("p", seen=SEEN, result=result(), start=stat(), end=stat(drop=3), allowed="3")
LOST = member("c", seen=SEEN, result=result(), start=UNREACHABLE)
DEAD = member("d", seen=UNREACHABLE)


@pytest.mark.parametrize(
    ("batch", "percent", "sickness"),
    [
        ([], 0, ""),
        ([HEALTHY], 0, ""),
        ([HEALTHY, SICK], 100, "b: drop grew by 3, chaintoolong grew by 1"),
        ([PATIENT, SICK], 100, "b: drop grew by 3, chaintoolong grew by 1"),
        ([SICK, PATIENT], 100, "b: drop grew by 3, chaintoolong grew by 1"),
        ([HEALTHY, PATIENT], 100, ""),
        ([LOST], 30, "c did not answer any more after the change"),
        ([HEALTHY, HEALTHY, LOST], 50, ""),
        ([HEALTHY, LOST], 50, ""),
        ([HEALTHY, LOST], 49, "c did not answer any more after the change"),
        ([DEAD], 0, ""),
        (
            [HEALTHY, member("h", seen=SEEN, result=after_failure(STAYS))],
            100,
            "h: the change failed and could not be undone",
        ),
        ([HEALTHY, member("h", seen=SEEN, result=after_failure(PUT_BACK))], 0, ""),
        ([member("k", seen=SEEN, result=CUT_OFF)], 30, "k did not answer any more after the change"),
    ],
)
def test_sickness(batch: list[rollout.Member], percent: float, sickness: str) -> None:
    assert rollout.find_sickness(batch, percent=percent) == sickness


@pytest.mark.parametrize(
    ("allowed", "words"),
    [(1, "b: drop grew by 3"), ("2", "b: drop grew by 3"), (3, ""), ("", "b: drop grew by 3, chaintoolong grew by 1")],
)
def test_every_host_may_lose_what_its_own_variable_says(allowed: Any, words: str) -> None:
    noisy = member("b", seen=SEEN, result=result(), start=stat(), end=stat(drop=3, chaintoolong=1), allowed=allowed)
    assert rollout.find_sickness([HEALTHY, noisy], percent=0) == words


@pytest.mark.parametrize("role", ["allowed", "seconds"])
@pytest.mark.parametrize("value", ["many", "1m", -1, True, 1.5, [3]])
def test_what_a_host_may_lose_and_how_long_are_whole_numbers(role: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"conntrack_watch_{role} of b must be"):
        member("b", **{role: value})


@pytest.mark.parametrize(
    ("fleet", "percent", "words"),
    [
        ([], 0, ""),
        ([HEALTHY, member("e")], 0, ""),
        ([HEALTHY, DEAD], 50, ""),
        ([HEALTHY, DEAD, LOST], 50, "2 of 3 hosts failed, more than 50 %: d, c"),
        ([DEAD, *[member(str(number)) for number in range(9)]], 10, ""),
        (
            [member(seen=SEEN, result=result(), undone=result(), verdict="bad")],
            100,
            "an earlier batch was not healthy: bad",
        ),
    ],
)
def test_halt(fleet: list[rollout.Member], percent: float, words: str) -> None:
    assert rollout.find_halt(fleet, percent=percent) == words


@given(st.integers(0, 20), st.integers(1, 20), st.floats(0, 100))
@settings(max_examples=60, deadline=None)
def test_more_failures_never_allow_more(failed: int, others: int, percent: float) -> None:
    fleet = [DEAD] * failed + [HEALTHY] * others
    if rollout.find_halt(fleet, percent=percent):
        assert rollout.find_halt([*fleet, DEAD], percent=percent)
        assert rollout.find_halt(fleet, percent=percent / 2)


# ---------------------------------------------------------------------------------------------- the table


def test_the_table() -> None:
    late = member("web01", seen=SEEN, result=result(late_load=BROKEN), start=stat(), end=stat())
    back = {**result(), "after": {"max": 1, "hashsize": 1}}
    undone = member("web02", seen=SEEN, result=result(), undone=back, verdict="web02: drop grew by 3")
    assert fleet_table([late, undone, DEAD, member("e", seen=SEEN, result=result())]) == [
        "host   state        max     hashsize  memory   survives                  note",
        "web01  changed      1 -> 2  1 -> 2    3.0 MiB  reboot, firewall_restart  late_load: the module is too late",
        "web02  rolled back  1       1         3.0 MiB  all                       web02: drop grew by 3",
        "d      unreachable  -       -         -        -                         no route to host",
        "e      changed      1 -> 2  1 -> 2    3.0 MiB  all                       not watched",
    ]


def test_a_long_note_stays_in_its_line() -> None:
    lines = fleet_table([member(seen={"failed": True, "msg": "word " * 100})])
    assert lines[1].endswith("word ...")
    assert len(lines[1]) < 140
