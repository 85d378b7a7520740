# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of conntrack_info: chooses the transport; over sh, the module's own reading and judging run here."""

from __future__ import annotations

from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import INFO_OPTIONS, SHELL
from ansible_collections.stateward.conntrack.plugins.module_utils._info import run_info
from ansible_collections.stateward.conntrack.plugins.plugin_utils._action import TransportAction
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost


class ActionModule(TransportAction):
    """See the module of the same name for options and return values."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; the keys of the result are those of the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self.run_transport(INFO_OPTIONS, task_vars or {}, self._look))
        return result

    def _look(self, host: ShellHost, params: dict[str, Any]) -> dict[str, Any]:
        info = run_info(host, params, transport=SHELL)
        return {**info.values, "warnings": list(info.warnings)} if info.warnings else info.values
