# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of conntrack_info; the choice of a transport is that of conntrack_tune, and tested there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.stateward.conntrack.plugins.action import conntrack_info
from ansible_collections.stateward.conntrack.plugins.action.conntrack_info import ActionModule
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError

VARIABLES: dict[str, Any] = {"inventory_hostname": "h", "ansible_facts": {}}


class Action(ActionModule):
    """The action without Ansible around it. answer: of the probe. It writes down the modules that it runs."""

    def __init__(self, answer: str = "probed\n", **args: Any) -> None:
        self._task = SimpleNamespace(
            args=args, check_mode=False, async_val=0, delegate_to=None, action="conntrack_info", environment=[]
        )
        self._connection = SimpleNamespace(has_pipelining=True, become=None)
        self._templar = SimpleNamespace(template=lambda text: text)
        self._display = SimpleNamespace(vvv=lambda *_args, **_kwargs: None)
        self.answer = answer
        self.modules: list[dict[str, Any]] = []

    def _low_level_execute_command(self, cmd: str, **_kwargs: Any) -> dict[str, Any]:
        del cmd
        return {"rc": 0, "stdout": self.answer, "stderr": ""}

    def _execute_module(self, **kwargs: Any) -> dict[str, Any]:
        self.modules.append(kwargs)
        return {"changed": False, "transport": "python"}

    def _compute_environment_string(self, raw_environment_out: Any = None) -> str:
        del raw_environment_out
        return ""


@pytest.fixture(autouse=True)
def _plain_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda *_args, **_kwargs: {})


@pytest.mark.parametrize("warnings", [(), ("look",)])
@pytest.mark.parametrize("args", [{}, {"transport": "shell"}])
def test_without_python_the_shell_is_used(
    monkeypatch: pytest.MonkeyPatch, args: dict[str, Any], warnings: tuple[str, ...]
) -> None:
    seen: dict[str, Any] = {}

    def run(_host: Any, params: dict[str, Any], **kwargs: Any) -> Any:
        seen.update(params=params, **kwargs)
        return SimpleNamespace(values={"changed": False, "transport": "shell"}, warnings=warnings)

    monkeypatch.setattr(conntrack_info, "run_info", run)
    action = Action(top=5, **args)
    result = action.run(task_vars=VARIABLES)
    assert (result["transport"], result.get("warnings", [])) == ("shell", list(warnings))
    assert (seen["params"]["top"], seen["transport"], action.modules) == (5, "shell", [])


@pytest.mark.parametrize(("answer", "args"), [("python=/usr/bin/python3\nprobed\n", {}), ("", {"transport": "python"})])
def test_a_usable_python_is_used(answer: str, args: dict[str, Any]) -> None:
    action = Action(answer, **args)
    assert action.run(task_vars=VARIABLES)["transport"] == "python"
    assert len(action.modules) == 1


def test_options_are_checked_first() -> None:
    with pytest.raises(AnsibleActionFail, match=r"Unsupported parameters for \(conntrack_info\) module: flow"):
        Action(flow=True).run(task_vars=VARIABLES)


def test_an_error_of_the_family_fails_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_args: Any, **_kwargs: Any) -> Any:
        raise UnsupportedHostError("No shell.")

    monkeypatch.setattr(conntrack_info, "run_info", run)
    result = Action(transport="shell").run(task_vars=VARIABLES)
    assert (result["failed"], result["msg"]) == (True, "No shell.")
