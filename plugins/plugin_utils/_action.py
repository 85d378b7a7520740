# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins of the collection share: they choose the transport, and speak sh where Python is missing."""

from __future__ import annotations

import re
from typing import Any, Callable

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.ansible_release import __version__ as core_version
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import AUTO, PYTHON, SHELL
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote
from ansible_collections.stateward.conntrack.plugins.plugin_utils._transport import (
    Decision,
    is_explicit,
    parse_probe,
    probe_command,
    remembered,
    to_remember,
)

FACT = "stateward_conntrack_transport"
# Set on hosts whose ssh server takes short commands only.
SHORT_FACT = "stateward_conntrack_short_commands"

# dropbear ends the connection on a string of more than 9000 bytes (MAX_CMD_LEN of its sysoptions.h). Where less than
# that could not be delivered, no other way will help.
SHORT_COMMAND = 8000

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# What the shell transport does: a host and checked parameters become the keys of a result.
Work = Callable[[ShellHost, "dict[str, Any]"], "dict[str, Any]"]


class TransportAction(ActionBase):
    """An action that runs the module of its own name over Python, or the same workflow here over sh."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = True
    _gave_up = False
    _short_commands: bool | None = None  # not known yet

    def run_transport(self, spec: dict[str, Any], task_vars: dict[str, Any], work: Work) -> dict[str, Any]:
        """Check the options, choose the transport, and give what comes over it."""
        try:
            return self._run_transport(spec, task_vars, work)
        except Exception:
            raise
        except BaseException:  # ansible-core: the `timeout` of the task is over
            self._gave_up = True
            raise

    def cleanup(self, force: bool = False) -> None:
        """Remove the temporary folder on the host; not on one that just did not answer in time.

        That would wait for the host again, this time without a limit.
        """
        if not self._gave_up:
            super().cleanup(force)

    def _run_transport(self, spec: dict[str, Any], task_vars: dict[str, Any], work: Work) -> dict[str, Any]:
        params = self._check_options(spec)
        decision, facts = self._decide(params["transport"], task_vars)
        self._display.vvv(
            f"transport {decision.transport}: {decision.reason}", host=task_vars.get("inventory_hostname")
        )
        run = self._run_python if decision.transport == PYTHON else self._run_shell
        result = run(decision, params, task_vars, work)
        if facts:
            result["ansible_facts"] = {**result.get("ansible_facts", {}), **facts}
        return result

    def _check_options(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The options as the module would get them. Raises AnsibleActionFail."""
        checked = ArgumentSpecValidator(spec).validate(self._task.args)
        if checked.unsupported_parameters:
            names = ", ".join(sorted(checked.unsupported_parameters))
            raise AnsibleActionFail(
                f"Unsupported parameters for ({self._task.action}) module: {names}. "
                f"Supported parameters include: {', '.join(sorted(spec))}."
            )
        if checked.error_messages:
            raise AnsibleActionFail("; ".join(checked.error_messages))
        parameters: dict[str, Any] = checked.validated_parameters
        return parameters

    # ------------------------------------------------------------------------------------------ the decision

    def _decide(self, wanted: str, task_vars: dict[str, Any]) -> tuple[Decision, dict[str, Any]]:
        """The decision, and the facts that remember it for the play."""
        if wanted != AUTO:
            return Decision(wanted, "", f"transport={wanted}"), {}
        variables = self._target_vars(task_vars)
        setting = self._interpreter(variables)
        known = remembered((variables.get("ansible_facts") or {}).get(FACT), str(setting))
        if known:
            return known, {}
        candidates = [setting] if is_explicit(setting) else list(self._fallbacks(variables))
        # As the user of the connection, like the discovery of ansible-core.
        answer = self._low_level_execute_command(probe_command(candidates, core_version), sudoable=False)
        decision = parse_probe(answer["stdout"])
        # The facts of a task are those of its own host, not of the one that it is delegated to.
        facts = {} if self._task.delegate_to else {FACT: to_remember(decision, str(setting))}
        return decision, facts

    def _interpreter(self, variables: dict[str, Any]) -> Any:
        """What the inventory or the configuration names; in an inventory it may be a template."""
        given = variables.get("ansible_python_interpreter")
        if given is not None:
            return self._templar.template(given)
        return C.config.get_config_value("INTERPRETER_PYTHON", variables=variables)

    def _target_vars(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        if self._task.delegate_to:
            delegated = task_vars.get("ansible_delegated_vars") or {}
            return dict(delegated.get(self._task.delegate_to) or {})
        return task_vars

    def _fallbacks(self, variables: dict[str, Any]) -> list[str]:
        found = C.config.get_config_value("INTERPRETER_PYTHON_FALLBACK", variables=variables)
        return [str(name) for name in found]

    # ------------------------------------------------------------------------------------------ over Python

    def _run_python(
        self, decision: Decision, _params: dict[str, Any], task_vars: dict[str, Any], _work: Work
    ) -> dict[str, Any]:
        variables = self._with_interpreter(task_vars, decision.interpreter) if decision.interpreter else task_vars
        result: dict[str, Any] = self._execute_module(task_vars=variables, wrap_async=self._task.async_val)
        return result

    def _with_interpreter(self, task_vars: dict[str, Any], interpreter: str) -> dict[str, Any]:
        """The variables with the interpreter that was found, which spares ansible-core its own search."""
        host = self._task.delegate_to
        if not host:
            return {**task_vars, "ansible_python_interpreter": interpreter}
        delegated = dict(task_vars.get("ansible_delegated_vars") or {})
        delegated[host] = {**(delegated.get(host) or {}), "ansible_python_interpreter": interpreter}
        return {**task_vars, "ansible_delegated_vars": delegated}

    # ------------------------------------------------------------------------------------------ over sh

    def _run_shell(
        self, _decision: Decision, params: dict[str, Any], task_vars: dict[str, Any], work: Work
    ) -> dict[str, Any]:
        known = bool((self._target_vars(task_vars).get("ansible_facts") or {}).get(SHORT_FACT))
        self._short_commands = known or None
        result = self._work_over_shell(params, work)
        if self._short_commands and not known and not self._task.delegate_to:
            result["ansible_facts"] = {SHORT_FACT: True}
        return result

    def _work_over_shell(self, params: dict[str, Any], work: Work) -> dict[str, Any]:
        if self._task.async_val:
            raise AnsibleActionFail("async needs Python on the target: the shell transport runs on the controller")
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        exports = "".join(
            f"export {name}={quote(str(value))}\n" for name, value in environment.items() if _VARIABLE.fullmatch(name)
        )
        host = ShellHost(lambda command, stdin: self._execute(exports, command, stdin), takes_input=self._takes_input())
        try:
            return work(host, {**params, "transport": SHELL})
        except ConntrackError as error:
            return {"failed": True, "msg": str(error)}

    def _takes_input(self) -> bool:
        """Whether a command can be given standard input: what ansible-core asks before it pipelines a module.

        A forced terminal, su, and a few connections rule it out.
        """
        connection = self._connection
        if not getattr(connection, "has_pipelining", False):
            return False
        return not connection.become or bool(getattr(connection.become, "pipelining", True))

    def _execute(self, exports: str, command: str, stdin: str | None) -> tuple[int, str, str]:
        if stdin is not None:
            return self._send(command, exports + stdin)
        if exports:
            command = "{\n" + exports + command + "\n}"
        long = len(command) > SHORT_COMMAND and self._takes_input()
        if not (long and self._short_commands):
            try:
                answer = self._send(command, None)
            except AnsibleConnectionFailure:
                # Only for the first command of a task, which reads: what changes a host is not sent twice.
                if not long or self._short_commands is not None:
                    raise
            else:
                self._short_commands = False if long else self._short_commands
                return answer
        answer = self._send("/bin/sh -s", command + "\n")
        self._short_commands = True
        return answer

    def _send(self, command: str, stdin: str | None) -> tuple[int, str, str]:
        data = None if stdin is None else stdin.encode("utf-8", "surrogateescape")
        # surrogateescape: what is no UTF-8 in a file must come back as the bytes that it was.
        answer = self._low_level_execute_command(command, in_data=data, encoding_errors="surrogateescape")
        return answer["rc"], answer["stdout"], answer["stderr"]
