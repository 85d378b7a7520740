# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of a host leave to be changed, as the lookup tells it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.stateward.conntrack.plugins.lookup.conntrack_policy import LookupModule


def look_up(terms: list[str], variables: dict[str, Any]) -> dict[str, Any]:
    templar = Templar(loader=DataLoader(), variables=variables)
    (found,) = LookupModule(loader=None, templar=templar).run(terms, variables)
    return found


@pytest.mark.parametrize(
    ("variables", "runtime", "persist"),
    [
        ({}, True, ["all"]),
        ({"harden_runtime": None, "harden_persistence": None, "conntrack_persist": None}, True, ["all"]),
        ({"harden_runtime": False, "conntrack_persist": ["sysctl"]}, False, ["sysctl"]),
        ({"harden_persistence": "no", "conntrack_persist": ["sysctl"]}, True, []),
        ({"conntrack_persist": []}, True, []),
    ],
)
def test_what_is_left_to_be_changed(variables: dict[str, Any], runtime: bool, persist: list[str]) -> None:
    assert look_up(["runtime", "persist"], variables) == {"runtime": runtime, "persist": persist}
    assert look_up(["persist", "max"], {**variables, "conntrack_max": 5}) == {"persist": persist, "max": 5}
    assert look_up([], variables) == {}


@pytest.mark.parametrize(
    ("value", "reboot"), [(None, False), (False, False), ("no", False), (True, True), ("yes", True)]
)
def test_who_is_to_be_rebooted(value: Any, reboot: bool) -> None:
    assert look_up(["reboot"], {"conntrack_reboot": value}) == {"reboot": reboot}
    assert look_up(["reboot"], {"harden_runtime": "perhaps"}) == {"reboot": False}


@pytest.mark.parametrize("name", ["harden_runtime", "harden_persistence", "conntrack_reboot"])
@pytest.mark.parametrize("value", ["perhaps", 2, []])
def test_what_is_neither_true_nor_false_is_named(name: str, value: Any) -> None:
    with pytest.raises(AnsibleLookupError, match=f"{name} must be true or false"):
        look_up(["runtime", "persist", "reboot"], {name: value})
