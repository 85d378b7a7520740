# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that say what of a host is to be changed mean the same to harden and to verify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.tests.support.fleet_plays import OK, play_fleet

LOST = {"survives": {"reboot": {**OK, "ok": False, "reasons": ["gone"]}, "late_load": OK, "firewall_restart": OK}}
# Null is as good as not set, also for what has a list of choices or a type.
NULLS = dict.fromkeys(("conntrack_persist", "conntrack_profile", "conntrack_transport", "conntrack_connections"))
PLAYBOOKS = ("harden", "verify")

# Variables, and what of it is asked for: the running kernel, the ways of persisting.
WANTED: tuple[tuple[dict[str, Any], tuple[bool, list[str]]], ...] = (
    ({}, (True, ["all"])),
    (NULLS, (True, ["all"])),
    ({"conntrack_persist": ["sysctl"]}, (True, ["sysctl"])),
    ({"conntrack_persist": "{{ ways }}", "ways": ["sysctl"]}, (True, ["sysctl"])),
    ({"conntrack_persist": []}, (True, [])),
    ({"harden_persistence": False, "conntrack_persist": None}, (True, [])),
    ({"harden_persistence": "no", "harden_runtime": "yes"}, (True, [])),
    ({"harden_runtime": False, "conntrack_persist": None}, (False, ["all"])),
)


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_role_is_asked_for_what_is_wanted(tmp_path: Path, name: str) -> None:
    hosts = {f"host{number}": variables for number, (variables, _wanted) in enumerate(WANTED)}
    done = play_fleet(tmp_path, name, hosts, "--extra-vars", '{"conntrack_serial": "100%"}')
    assert done.status == 0, done.text
    asked = {call["host"]: call for call in done.asked if "persist" in call}
    found = [(str(asked[host]["runtime"]) == "True", asked[host]["persist"]) for host in hosts]
    assert found == [wanted for _variables, wanted in WANTED]


def test_what_is_lost_by_a_reboot_is_drift_only_where_something_is_persisted(tmp_path: Path) -> None:
    hosts = {f"host{number}": {**variables, "tuned": LOST} for number, (variables, _wanted) in enumerate(WANTED)}
    done = play_fleet(tmp_path, "verify", hosts)
    failed = {host for host in hosts if f"fatal: [{host}]" in done.text}
    assert failed == {f"host{number}" for number, (_variables, (_runtime, ways)) in enumerate(WANTED) if ways}
    assert "must be a list of names" not in done.text
