# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup conntrack_policy, beyond what the tests of the roles show: names that mean nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.lookup import conntrack_policy
from ansible_collections.stateward.conntrack.plugins.lookup.conntrack_policy import (
    PLAYBOOK_VARIABLES,
    ROLE_PREFIX,
    ROLE_VARIABLES,
    misspelled,
    policy_options,
)

PLAYBOOKS = Path(conntrack_policy.__file__).parents[2] / "playbooks"
# What follows a dot is a plugin's name.
VARIABLE = re.compile(r"(?<![.\w])conntrack_(\w+)")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("conntrack_maxx", "conntrack_max"),
        ("conntrack_hash_size", "conntrack_hashsize"),
        ("conntrack_timeout", "conntrack_timeouts"),
        ("conntrack_memory", "conntrack_memory_limit"),
        ("conntrack_serials", "conntrack_serial"),
        ("harden_persistance", "harden_persistence"),
        ("harden_persist", "harden_persistence"),
        ("harden_run_time", "harden_runtime"),
        ("harden_states", "harden_state"),
    ],
)
def test_a_misspelled_name_is_told(name: str, meant: str) -> None:
    (sentence,) = misspelled([name])
    assert name in sentence
    assert f"is {meant} meant" in sentence


@pytest.mark.parametrize(
    "names",
    [
        ("conntrack_max", "conntrack_report_dir", "conntrack_role", "conntrack_info", "conntrack_count", "ct_max"),
        ("harden_state", "harden_runtime", "harden_persistence", "harden_result"),
        ("harden_ssh", "harden_max", "harden_kernel", "harden_status", "harden_", "hardened_state", "__harden_start"),
    ],
)
def test_other_names_are_nobodys_business(names: tuple[str, ...]) -> None:
    assert list(misspelled(names)) == []


def test_every_variable_of_the_role_is_known() -> None:
    defaults = (PLAYBOOKS.parent / "roles/harden/defaults/main.yml").read_text(encoding="utf-8")
    assert re.findall(rf"^{ROLE_PREFIX}(\w+):", defaults, re.MULTILINE) == list(ROLE_VARIABLES)


def test_every_variable_of_the_playbooks_is_known() -> None:
    used = {name for path in PLAYBOOKS.glob("*.yml") for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    facts = {name for name in used if name.startswith("fleet_")}
    assert used - facts <= {*PLAYBOOK_VARIABLES, *policy_options()}
