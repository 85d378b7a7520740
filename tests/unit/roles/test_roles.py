# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles: one call each, and specification, defaults, documentation and inventories that say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.stateward.conntrack.plugins.lookup.conntrack_policy import policy_options
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import TUNE_OPTIONS
from ansible_collections.stateward.conntrack.tests.support.playbooks import ROOT

ROLES = ("preload", "modprobe", "sysctl", "iptables_unload", "harden")
MODULE = "stateward.conntrack.conntrack_tune"
# What a role or a playbook decides itself; everything else is policy.
OWN = {"state", "runtime", "persist", "undo"}
POLICY = {f"conntrack_{name}" for name in set(TUNE_OPTIONS) - OWN}
PLAYBOOK = {
    "conntrack_hosts",
    "conntrack_serial",
    "conntrack_max_fail_percentage",
    "conntrack_answer_seconds",
    "conntrack_watch_seconds",
    "conntrack_watch_allowed",
    "conntrack_survive",
    "conntrack_reboot",
    "conntrack_reboot_command",
    "conntrack_reboot_serial",
    "conntrack_reboot_timeout",
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def spec(role: str) -> dict[str, Any]:
    main: dict[str, Any] = load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]
    return main


def tasks(role: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load(ROOT / "roles" / role / "tasks/main.yml")
    return found


def option_of(variable: str) -> dict[str, Any]:
    return TUNE_OPTIONS[variable.replace("conntrack_", "", 1)]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_knows_the_whole_policy(role: str) -> None:
    variables = {name for name in spec(role)["options"] if name.startswith("conntrack_")}
    assert variables == POLICY | ({"conntrack_persist"} if role == "harden" else set())


@pytest.mark.parametrize("role", ROLES)
def test_policy_agrees_with_the_module(role: str) -> None:
    for name, row in spec(role)["options"].items():
        if name.startswith("conntrack_"):
            expected = {key: option_of(name).get(key) for key in ("type", "elements")}
            assert {key: row.get(key) for key in expected} == expected, name
            choices = option_of(name).get("choices")
            assert row.get("choices") == (choices and [*choices, None]), f"{name}: null is as good as not set"
            assert "default" not in row, f"{name}: unset means the module's own default"


@pytest.mark.parametrize("role", ROLES)
def test_policy_is_described_alike(role: str) -> None:
    shared = {name: row for name, row in spec(role)["options"].items() if name in POLICY}
    assert shared == {name: row for name, row in spec("harden")["options"].items() if name in POLICY}


@pytest.mark.parametrize("role", ROLES)
def test_own_variables_have_the_name_of_the_role_and_a_default(role: str) -> None:
    own = {name: row for name, row in spec(role)["options"].items() if name not in POLICY | {"conntrack_persist"}}
    assert all(name.startswith(f"{role}_") for name in own)
    assert {name: row["default"] for name, row in own.items()} == load(ROOT / "roles" / role / "defaults/main.yml")
    assert {key: own[f"{role}_state"][key] for key in ("type", "choices", "default")} == {
        key: TUNE_OPTIONS["state"][key] for key in ("type", "choices", "default")
    }


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_typed_and_described(role: str) -> None:
    for name, row in spec(role)["options"].items():
        assert row["type"], name
        assert row["description"], name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_one_call_and_its_verdict(role: str) -> None:
    called = [next(key for key in task if "." in key) for task in tasks(role)]
    assert called == [MODULE, "ansible.builtin.debug"]
    assert set(tasks(role)[0][MODULE]) <= set(TUNE_OPTIONS)
    assert "when" not in tasks(role)[0]


def looked_up(role: str) -> set[str]:
    """The options that a role takes from the policy."""
    defaults = tasks(role)[0]["module_defaults"]
    match = re.fullmatch(r"\{\{ lookup\('stateward\.conntrack\.conntrack_policy'(.*)\) \}\}", defaults[MODULE])
    assert match, defaults
    return set(re.findall(r"'(\w+)'", match.group(1))) or set(policy_options())


@pytest.mark.parametrize("role", ["modprobe", "sysctl", "harden"])
def test_roles_that_size_take_the_whole_policy(role: str) -> None:
    assert looked_up(role) == set(policy_options())
    assert not looked_up(role) & set(tasks(role)[0][MODULE])


@pytest.mark.parametrize("role", ["preload", "iptables_unload"])
def test_roles_that_do_not_size_take_what_is_about_files(role: str) -> None:
    assert looked_up(role) == {"backup", "transport"}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_knows_a_distribution(role: str) -> None:
    text = (ROOT / "roles" / role / "tasks/main.yml").read_text(encoding="utf-8")
    assert "ansible_distribution" not in text
    assert "ansible_facts" not in text


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_names_what_the_role_reads(role: str) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert f"`{role}_state`" in text
    assert f"`{role}_result`" in text
    assert [name for name in looked_up(role) if f"`conntrack_{name}`" not in text] == []


# ---------------------------------------------------------------------------------------------- inventories, pages


TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "dict": (dict,),
    "raw": (int, str),
}


def group_vars() -> list[Path]:
    return sorted((ROOT / "inventories/fleet/group_vars").glob("*.yml"))


def test_every_group_has_its_policy() -> None:
    groups = load(ROOT / "inventories/fleet/hosts.yml")["all"]["children"]
    assert {path.stem for path in group_vars()} == {"all", *groups}


@pytest.mark.parametrize("path", group_vars(), ids=lambda path: path.stem)
def test_group_vars_are_known_and_of_their_type(path: Path) -> None:
    for name, value in load(path).items():
        assert name in POLICY | PLAYBOOK | {"conntrack_persist"}
        if name in POLICY:
            assert isinstance(value, TYPES[option_of(name)["type"]]), name


def test_the_page_names_every_variable_of_the_playbooks() -> None:
    page = (ROOT / "docs/playbooks.md").read_text(encoding="utf-8")
    plays = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml"))
    assert [name for name in sorted(PLAYBOOK) if name not in plays or f"`{name}`" not in page] == []
