# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of conntrack_tune: chooses the transport; over sh, the module's own workflow runs here."""

from __future__ import annotations

from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import SHELL, TUNE_OPTIONS
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import CutOffError
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.plugins.plugin_utils._action import TransportAction, Work
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.plugins.plugin_utils._transport import Decision


class ActionModule(TransportAction):
    """See the module of the same name for options and return values."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; the keys of the result are those of the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self.run_transport(TUNE_OPTIONS, task_vars or {}, self._tune))
        return result

    def _run_python(
        self, decision: Decision, params: dict[str, Any], task_vars: dict[str, Any], work: Work
    ) -> dict[str, Any]:
        result = super()._run_python(decision, params, task_vars, work)
        # A module that ends by itself, well or not, says how it was invoked; one that is killed says nothing.
        if result.get("failed") and "invocation" not in result and not self._task.check_mode:
            result["cut_off"] = True
        return result

    def _tune(self, host: ShellHost, params: dict[str, Any]) -> dict[str, Any]:
        try:
            done = run(host, params, check_mode=bool(self._task.check_mode), transport=SHELL)
        except CutOffError as error:
            return {"failed": True, "msg": str(error), "cut_off": True}
        values = dict(done.values)
        if done.warnings:
            values["warnings"] = list(done.warnings)
        if done.error:
            values.update(failed=True, msg=done.error)
        return values
