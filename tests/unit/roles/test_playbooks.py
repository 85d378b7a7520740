# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks and roles as Ansible reads them. Nothing here touches a host or needs root."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.tests.support.playbooks import ROOT, run_playbook

FLEET = ROOT / "inventories/fleet/hosts.yml"
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
# Of harden.yml: the clean sheet, the batches, the report.
PLAYS = 3
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())

HERE = {"ansible_python_interpreter": sys.executable}


def play(tmp_path: Path, **keys: object) -> str:
    path = tmp_path / "play.yml"
    path.write_text(
        json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": HERE, **keys}])
    )
    return str(path)


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_playbooks_are_found_by_name(tmp_path: Path, name: str) -> None:
    done = run_playbook(tmp_path, "--inventory", str(FLEET), "--syntax-check", f"stateward.conntrack.{name}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("role", ROLES)
def test_roles_are_found_by_name(tmp_path: Path, role: str) -> None:
    playbook = play(tmp_path, roles=[f"stateward.conntrack.{role}"])
    done = run_playbook(tmp_path, "--inventory", "localhost,", "--syntax-check", playbook)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("tag", ["persistence", "runtime"])
def test_either_tag_leaves_the_whole_procedure(tmp_path: Path, tag: str) -> None:
    listing = [
        run_playbook(tmp_path, "--inventory", str(FLEET), "--list-tasks", *tags, "stateward.conntrack.harden").stdout
        for tags in ((), ("--tags", tag))
    ]
    assert listing[0].count("TAGS:") == listing[1].count("TAGS:") > 10


def test_other_tags_leave_nothing(tmp_path: Path) -> None:
    arguments = ("--inventory", str(FLEET), "--list-tasks", "--tags", "web", "stateward.conntrack.harden")
    # The check of a role's arguments changes nothing, and Ansible tags it always; so are the two words on the tags.
    assert run_playbook(tmp_path, *arguments).stdout.count("TAGS:") == PLAYS + 3


def test_limit_reaches_every_play(tmp_path: Path) -> None:
    arguments = ("--inventory", str(FLEET), "--list-hosts", "--limit", "dns", "stateward.conntrack.harden")
    hosts = [line for line in run_playbook(tmp_path, *arguments).stdout.splitlines() if "hosts (" in line]
    assert [line.strip() for line in hosts] == ["hosts (3):"] * PLAYS


@pytest.mark.parametrize("role", ["harden", "sysctl", "modprobe"])
def test_module_defaults_reach_the_roles(tmp_path: Path, role: str) -> None:
    """A value that the module refuses before it looks at the host shows that it came through."""
    defaults = {"group/stateward.conntrack.conntrack": {"headroom": 12345}}
    playbook = play(tmp_path, module_defaults=defaults, roles=[f"stateward.conntrack.{role}"])
    done = run_playbook(tmp_path, "--inventory", "localhost,", "--check", playbook)
    assert "12345" in done.stdout
    assert done.returncode == 2


@pytest.mark.parametrize("role", ["preload", "iptables_unload"])
def test_module_defaults_about_sizes_do_not_disturb_the_other_roles(tmp_path: Path, role: str) -> None:
    defaults = {"group/stateward.conntrack.conntrack": {"connections": 100000, "connection_rate": 5}}
    playbook = play(tmp_path, module_defaults=defaults, roles=[f"stateward.conntrack.{role}"])
    done = run_playbook(tmp_path, "--inventory", "localhost,", "--check", playbook)
    assert "connection_rate was given" not in done.stdout


def test_the_policy_beats_module_defaults(tmp_path: Path) -> None:
    defaults = {"group/stateward.conntrack.conntrack": {"headroom": 12345}}
    playbook = play(tmp_path, module_defaults=defaults, roles=["stateward.conntrack.harden"])
    arguments = ("--inventory", "localhost,", "--check", "--extra-vars", "conntrack_headroom=54321", playbook)
    assert "54321" in run_playbook(tmp_path, *arguments).stdout


def test_the_policy_may_be_a_template(tmp_path: Path) -> None:
    variables = json.dumps({"conntrack_headroom": "{{ factor * 2 }}", "factor": 12345})
    playbook = play(tmp_path, roles=["stateward.conntrack.harden"])
    done = run_playbook(tmp_path, "--inventory", "localhost,", "--check", "--extra-vars", variables, playbook)
    assert "24690" in done.stdout


def test_the_specification_refuses_an_unknown_profile(tmp_path: Path) -> None:
    playbook = play(tmp_path, roles=["stateward.conntrack.preload"])
    arguments = ("--inventory", "localhost,", "--check", "--extra-vars", "conntrack_profile=mainframe", playbook)
    done = run_playbook(tmp_path, *arguments)
    assert done.returncode == 2
    assert "mainframe" in done.stdout
