# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks on hosts that are made up: conntrack_tune answers from the inventory, and writes down what it is asked.

The variables of such a host are `tuned`, which is laid over a good result, or `tuned_only`, which replaces it; `seen`
is for a look that precedes them. They touch no host. No root is needed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.stateward.conntrack.tests.support.playbooks import ROOT, run_playbook

# The one file of the collection that the made-up hosts replace.
REPLACED = ("plugins", "action", "conntrack_tune.py")

OK = {"ok": True, "max": 2, "hashsize": 2, "reasons": []}
SIZES = {"max": 2, "hashsize": 2, "timeouts": {}, "settings": {}}
GOOD: dict[str, Any] = {
    "changed": False,
    "before": SIZES,
    "after": SIZES,
    "sizing": {"memory_bytes": 1, "reasons": []},
    "operations": [],
    "survives": {"reboot": OK, "late_load": OK, "firewall_restart": OK},
    "not_applied": [],
    "conflicts": [],
    "host": {"container": False, "module": "loaded"},
}

_ACTION = """
import json

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        asked = dict(self._task.args, host=task_vars["inventory_hostname"], check=bool(self._task.check_mode))
        with open(task_vars["tune_log"], "a", encoding="utf-8") as log:
            log.write(json.dumps(asked) + "\\n")
        found = {name: self._templar.template(task_vars.get(name)) for name in ("seen", "tuned", "tuned_only")}
        if asked.get("profile") == "none":
            found = {"tuned": found["seen"], "tuned_only": None}
        if asked.get("undo"):
            found = {"tuned": None, "tuned_only": None}
        return found["tuned_only"] or dict(json.loads(GOOD), **(found["tuned"] or {}))
"""


@dataclass(frozen=True)
class Played:
    """status and text of ansible-playbook. asked: the options of each call, its host, and whether it only checks."""

    status: int
    text: str
    asked: list[dict[str, Any]]

    @property
    def hosts(self) -> list[str]:
        return [str(call["host"]) for call in self.asked]


def collection_path(folder: Path) -> Path:
    """A copy of the collection, of links but for the action of conntrack_tune; returns the path for ansible."""
    place = folder / "ansible_collections/stateward/conntrack"
    _link(ROOT, place, REPLACED)
    place.joinpath(*REPLACED).write_text(_ACTION + f"\n\nGOOD = {json.dumps(GOOD)!r}\n", encoding="utf-8")
    return folder


def _link(source: Path, place: Path, spared: tuple[str, ...]) -> None:
    place.mkdir(parents=True)
    for child in source.iterdir():
        if child.name != spared[0]:
            (place / child.name).symlink_to(child)
    if spared[1:]:
        _link(source / spared[0], place / spared[0], spared[1:])


def play_fleet(
    folder: Path, name: str, hosts: Mapping[str, Mapping[str, Any]], *arguments: str, **given: Any
) -> Played:
    """Run a playbook on hosts with these variables. given: variables of all of them, in the inventory."""
    log, inventory = folder / "asked", folder / "hosts.json"
    log.touch()
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "tune_log": str(log)}
    inventory.write_text(json.dumps({"all": {"vars": {**common, **given}, "hosts": hosts}}), encoding="utf-8")
    play = ("--inventory", str(inventory), *arguments, f"stateward.conntrack.{name}")
    done = run_playbook(folder, *play, collections=collection_path(folder / "tree"))
    asked = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return Played(done.returncode, done.stdout + done.stderr, asked)
