# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What harden, verify and rollback ask of made-up hosts, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.tests.support.fleet_plays import OK, play_fleet

TWO: dict[str, dict[str, Any]] = {"a": {}, "b": {}}
DRIFT = {"survives": {"reboot": {**OK, "ok": False, "reasons": ["gone"]}, "late_load": OK, "firewall_restart": OK}}
# ansible.builtin.reboot refuses to reboot the machine that it runs on: here the mark of an attempt.
REBOOT = "would reboot the control node"
PROOF = "As the policy wants it, after a reboot."


def attempts(text: str) -> int:
    return sum(REBOOT in line for line in text.splitlines() if line.startswith("fatal:"))


# ---------------------------------------------------------------------------------------------- harden

CHANGED = {
    "operations": [{"kind": "value", "status": "done", "before": "1", "after": "2", "reason": "", "name": "max"}]
}
# The counters are those of the machine that the tests run on, whatever it loses meanwhile.
ANYTHING = 10**9


def test_a_batch_is_watched_as_long_as_the_most_patient_host_wants(tmp_path: Path) -> None:
    hosts = {"a": {"conntrack_watch_seconds": 1}, "b": {"conntrack_watch_seconds": "2"}}
    given = {"conntrack_watch_allowed": ANYTHING, "tuned": CHANGED}
    done = play_fleet(tmp_path, "harden", hosts, "--extra-vars", '{"conntrack_serial": "100%"}', **given)
    assert done.status == 0, done.text
    assert "Pausing for 2 seconds" in done.text


def test_what_each_host_may_lose_is_its_own_word(tmp_path: Path) -> None:
    hosts = {"a": {"conntrack_watch_allowed": ANYTHING}, "b": {"conntrack_watch_allowed": "some"}}
    done = play_fleet(tmp_path, "harden", hosts, "--extra-vars", '{"conntrack_serial": "100%"}')
    assert "conntrack_watch_allowed of b must be a whole number" in done.text
    assert (done.status, done.hosts) == (2, [])


@pytest.mark.parametrize("seconds", ["1m", "abc"])
def test_a_watch_of_no_number_is_refused_before_anything(tmp_path: Path, seconds: str) -> None:
    done = play_fleet(tmp_path, "harden", {"a": {}, "b": {"conntrack_watch_seconds": seconds}})
    assert f"conntrack_watch_seconds of b must be a whole number of 0 or more, not '{seconds}'" in done.text
    assert (done.status, done.hosts) == (2, [])


@pytest.mark.parametrize("tag", ["persistence", "runtime"])
def test_to_skip_one_tag_is_refused(tmp_path: Path, tag: str) -> None:
    done = play_fleet(tmp_path, "harden", TWO, "--skip-tags", tag)
    assert (done.status, done.hosts) == (2, []), done.text
    assert "would skip everything" in done.text


@pytest.mark.parametrize(
    ("arguments", "given", "runtime", "persist"),
    [
        ((), {}, True, ["all"]),
        ((), {"harden_runtime": False}, False, ["all"]),
        ((), {"harden_persistence": False, "conntrack_persist": ["sysctl"]}, True, []),
        (("--tags", "persistence"), {"conntrack_persist": ["sysctl"]}, False, ["sysctl"]),
        (("--tags", "runtime"), {}, True, []),
        (("--tags", "runtime"), {"harden_runtime": False}, False, []),
        (("--extra-vars", "harden_runtime=false harden_persistence=false"), {}, False, []),
    ],
)
def test_tags_and_variables_limit_what_is_changed(
    tmp_path: Path, arguments: tuple[str, ...], given: dict[str, Any], runtime: bool, persist: list[str]
) -> None:
    done = play_fleet(tmp_path, "harden", {"a": {}}, *arguments, **given)
    assert done.status == 0, done.text
    assert [(str(call["runtime"]), call["persist"]) for call in done.asked[1:]] == [(str(runtime), persist)]


# ---------------------------------------------------------------------------------------------- rollback


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ((), {}),
        (("--tags", "persistence"), {}),
        (("--skip-tags", "runtime"), {}),
        ((), {"conntrack_profile": "webb", "conntrack_timeouts": "none", "conntrack_persist": "sysctl"}),
        ((), {"harden_state": "there", "harden_runtime": "perhaps"}),
    ],
)
def test_nothing_stops_the_way_back(tmp_path: Path, arguments: tuple[str, ...], given: dict[str, Any]) -> None:
    done = play_fleet(tmp_path, "rollback", {"a": {}}, *arguments, **given, conntrack_force=True, conntrack_max=5)
    assert done.status == 0, done.text
    wanted = {"state": "absent", "persist": ["all"], "force": True, "host": "a", "check": False}
    assert done.asked == [wanted]


# ---------------------------------------------------------------------------------------------- verify


@pytest.mark.parametrize("arguments", [("--tags", "runtime"), ("--skip-tags", "runtime"), ("--tags", "web")])
def test_no_tag_keeps_from_looking(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = play_fleet(tmp_path, "verify", {"a": {"tuned": DRIFT}}, *arguments)
    assert (done.status, done.hosts) == (2, ["a"]), done.text


WOULD_CHANGE = {**DRIFT, "changed": True, "diff": [{"before": "left\n", "after": "right\n"}]}


@pytest.mark.parametrize(
    ("name", "arguments", "changed", "shown"),
    [
        ("verify", (), 0, False),
        ("verify", ("--check",), 0, False),
        # Ansible shows the diff of what has changed only, and counts it.
        ("verify", ("--diff",), 1, True),
        ("harden", ("--check",), 1, False),
        ("harden", ("--check", "--diff"), 1, True),
    ],
)
def test_only_what_changes_counts(
    tmp_path: Path, name: str, arguments: tuple[str, ...], changed: int, shown: bool
) -> None:
    done = play_fleet(tmp_path, name, {"a": {"tuned": WOULD_CHANGE}}, *arguments)
    assert f" changed={changed} " in done.text, done.text
    assert ("\n-left\n+right\n" in done.text) == shown


def test_a_reboot_asked_for_in_the_inventory_goes_host_by_host(tmp_path: Path) -> None:
    done = play_fleet(tmp_path, "verify", TWO, conntrack_reboot=True)
    assert (done.status, attempts(done.text)) == (2, 1), done.text
    assert sorted(done.hosts) == ["a", "b"]


@pytest.mark.parametrize("value", ["maybe", "2"])
def test_a_reboot_that_is_neither_asked_for_nor_not_is_refused_before_anything(tmp_path: Path, value: str) -> None:
    done = play_fleet(tmp_path, "verify", TWO, "--extra-vars", f"conntrack_reboot={value}")
    assert f"conntrack_reboot must be true or false, not '{value}'" in done.text
    assert (done.status, done.hosts) == (2, []), done.text


def test_only_hosts_that_ask_for_it_are_rebooted(tmp_path: Path) -> None:
    done = play_fleet(tmp_path, "verify", {"a": {}, "b": {"conntrack_reboot": True}, "c": {}})
    assert attempts(done.text) == 1
    assert "fatal: [b]: FAILED!" in done.text


def test_drift_of_the_first_host_keeps_nobody_from_the_proof(tmp_path: Path) -> None:
    hosts = {"a": {"tuned": DRIFT}, "b": {}, "box": {"tuned": {"host": {"container": True}}}}
    done = play_fleet(tmp_path, "verify", hosts, "--extra-vars", "conntrack_reboot=true")
    assert "after a reboot: NOT as wanted" in done.text
    assert attempts(done.text) == 1
    assert "fatal: [b]: FAILED!" in done.text


def test_check_mode_proves_nothing_and_says_so(tmp_path: Path) -> None:
    done = play_fleet(tmp_path, "verify", TWO, "--check", conntrack_reboot=True)
    assert done.status == 0, done.text
    assert PROOF not in done.text
    assert "Nothing was proved." in done.text


def test_without_a_word_nothing_is_rebooted(tmp_path: Path) -> None:
    done = play_fleet(tmp_path, "verify", TWO)
    assert (done.status, attempts(done.text)) == (0, 0), done.text
    assert "WARNING" not in done.text
