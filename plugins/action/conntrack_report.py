# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of conntrack_report: the whole of it, because everything is there on the controller."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterable, Mapping

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import ALL
from ansible_collections.stateward.conntrack.plugins.plugin_utils._policy import WORK_VARIABLES, find_persist
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import (
    FAIL_ON,
    build_report,
    find_problems,
    to_csv,
    to_json,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import Previous, parse_previous
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_files import (
    CSV,
    HTML,
    JSON,
    read_previous,
    write_files,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_html import to_html
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_table import report_table

OPTIONS: dict[str, dict[str, Any]] = {
    "dest": {"type": "path", "required": True},
    "hosts": {"type": "list", "elements": "str"},
    "info": {"type": "str", "default": "conntrack_info"},
    "asked": {"type": "str", "default": "conntrack_asked"},
    "fail_on": {"type": "list", "elements": "str", "choices": list(FAIL_ON), "default": []},
    "show": {"type": "bool", "default": True},
    "rows": {"type": "int", "default": 50},
}


class ActionModule(ActionBase):
    """See the module of the same name for options and return values."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _checked, params = self.validate_argument_spec(argument_spec=OPTIONS)
        directory = Path(os.path.abspath(params["dest"]))
        previous, warnings = _find_previous(directory)
        report = build_report(
            _find_rows(params, variables),
            written=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            previous=previous,
            inventory=variables["groups"]["all"],
        )
        if not self._task.check_mode:
            _write(directory, report)
        table = report_table(report, max(params["rows"], 0))
        if params["show"]:
            self._display.display("\n".join(table))
        result.update(changed=True, dest=str(directory), table=table, totals=report["totals"])
        result["problems"] = find_problems(report, params["fail_on"])
        return {**result, "warnings": warnings} if warnings else result


def _find_rows(params: Mapping[str, Any], variables: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The row of each host. Raises AnsibleActionFail when there are no variables of one of them."""
    hosts = variables["ansible_play_hosts_all"] if params["hosts"] is None else params["hosts"]
    for name in hosts:
        try:
            known = variables["hostvars"][name]
        except KeyError as error:
            raise AnsibleActionFail(f"there is no host {name} in the inventory") from error
        yield find_host(
            name,
            looked=_variable(known, params["info"]),
            asked=_variable(known, params["asked"]),
            events=_variable(known, "conntrack_survive"),
            persist=_persist(known),
        )


def _variable(known: Mapping[str, Any], name: str) -> Any:
    """A variable of a host; what is wrong with it, as text, where its template fails: no row is lost for that."""
    try:
        return known.get(name)
    except AnsibleError as error:
        return f"{name}: {error}"


def _persist(known: Mapping[str, Any]) -> Any:
    """What the host persists; everything where its variables do not say, and where nobody could ask it for that."""
    try:
        return find_persist({name: _variable(known, name) for name in WORK_VARIABLES["persist"]})
    except ValueError:
        return [ALL]


def _find_previous(directory: Path) -> tuple[Previous | None, list[str]]:
    """The previous report, and what to warn about."""
    try:
        text = read_previous(directory)
        return (None if text is None else parse_previous(text)), []
    except (OSError, ValueError) as error:
        return None, [f"{directory / JSON} cannot be compared with, so nothing is said about changes: {error}"]


def _write(directory: Path, report: Mapping[str, Any]) -> None:
    """The data last: who finds a new report.json finds the new page beside it. Raises AnsibleActionFail."""
    try:
        write_files(directory, {HTML: to_html(report), CSV: to_csv(report), JSON: to_json(report)})
    except OSError as error:
        raise AnsibleActionFail(f"the report cannot be written into {directory}: {error}") from error
