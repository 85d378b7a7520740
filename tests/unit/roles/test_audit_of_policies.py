# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What audit compares on made-up hosts: what harden would change there, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.stateward.conntrack.tests.support.fleet_plays import OK, Played, play_fleet

LOST = {"survives": {"reboot": {**OK, "ok": False, "reasons": ["gone"]}, "late_load": OK, "firewall_restart": OK}}
NEITHER = {"harden_runtime": False, "harden_persistence": False}

# Variables, what is asked for (the running kernel, the ways of persisting), and whether a later loss is drift.
HOSTS: dict[str, tuple[dict[str, Any], tuple[bool, list[str]] | None, bool | None]] = {
    "whole": ({}, (True, ["all"]), True),
    "nulls": ({"conntrack_persist": None, "conntrack_transport": None, "harden_runtime": None}, (True, ["all"]), True),
    "live": ({"harden_persistence": False, "conntrack_persist": ["sysctl"]}, (True, []), False),
    "files": ({"harden_runtime": False, "conntrack_persist": ["sysctl"]}, (False, ["sysctl"]), True),
    "neither": (NEITHER, None, None),
    "none": ({"harden_runtime": False, "conntrack_persist": []}, None, None),
}


def audit(folder: Path, hosts: dict[str, dict[str, Any]]) -> tuple[Played, dict[str, Any]]:
    """Run it on hosts with a policy whose values are lost by a reboot; the rows of its report, too."""
    with_loss = {name: {"conntrack_max": 2, "tuned": LOST, **variables} for name, variables in hosts.items()}
    done = play_fleet(folder, "audit", with_loss)
    assert done.status == 0, done.text
    report = json.loads((folder / "conntrack-report/report.json").read_text(encoding="utf-8"))
    return done, {row["name"]: row for row in report["hosts"]}


def test_what_harden_would_not_change_is_no_drift(tmp_path: Path) -> None:
    done, rows = audit(tmp_path, {name: row[0] for name, row in HOSTS.items()})
    assert {row["state"] for row in rows.values()} <= {"ok", "warning", "critical"}, rows
    asked = {call["host"]: (str(call["runtime"]) == "True", call["persist"]) for call in done.asked}
    assert asked == {name: wanted for name, (_variables, wanted, _lost) in HOSTS.items() if wanted}
    drift = {
        name: row["drift"] and any("NOT as wanted" in line for line in row["drift"]["differences"])
        for name, row in rows.items()
    }
    assert drift == {name: lost for name, (_variables, _wanted, lost) in HOSTS.items()}
    assert [row["drift"]["error"] for row in rows.values() if row["drift"]] == [""] * len(asked)


def test_a_switch_that_is_neither_makes_the_drift_unknown(tmp_path: Path) -> None:
    done, rows = audit(tmp_path, {"odd": {"harden_persistence": "perhaps"}, "fine": {}})
    assert done.hosts == ["fine"]
    assert "harden_persistence must be true or false" in rows["odd"]["drift"]["error"]
    assert rows["fine"]["drift"]["error"] == ""
