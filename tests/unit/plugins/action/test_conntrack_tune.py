# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin: which transport it takes, how often it asks, and what it passes on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.stateward.conntrack.plugins.action import conntrack_tune
from ansible_collections.stateward.conntrack.plugins.action.conntrack_tune import ActionModule
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import CutOffError, RefusedError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._action import FACT
from ansible_collections.stateward.conntrack.plugins.plugin_utils._transport import (
    Decision,
    parse_probe,
    probe_command,
    remembered,
    supported_range,
    to_remember,
)
from ansible_collections.stateward.conntrack.tests.support.shells import SHELLS, run_script

PYTHON_ANSWER = "python=/usr/bin/python3.11\nprobed\n"


class Action(ActionModule):
    """The action without Ansible around it: commands and module runs are written down."""

    def __init__(self, answer: str = PYTHON_ANSWER, *, delegate_to: str | None = None, **args: Any) -> None:
        self._task = SimpleNamespace(
            args=args, check_mode=True, async_val=0, delegate_to=delegate_to, action="conntrack_tune", environment=[]
        )
        self._connection = SimpleNamespace(has_pipelining=True, become=None)
        self._templar = SimpleNamespace(template=lambda text: text.replace("{{ here }}", "/opt/here/python3"))
        self._display = SimpleNamespace(vvv=lambda *_args, **_kwargs: None)
        self.answer = answer
        self.commands: list[str] = []
        self.modules: list[dict[str, Any]] = []

    def _low_level_execute_command(self, cmd: str, **_kwargs: Any) -> dict[str, Any]:
        self.commands.append(cmd)
        return {"rc": 0, "stdout": self.answer, "stderr": ""}

    def _execute_module(self, **kwargs: Any) -> dict[str, Any]:
        self.modules.append(kwargs)
        return {"changed": False, "transport": "python"}

    def _compute_environment_string(self, raw_environment_out: Any = None) -> str:
        raw_environment_out.update({"PATH": "/opt/bin", "not a name": "x"})
        return ""


@pytest.fixture(autouse=True)
def _plain_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda *_args, **_kwargs: {})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the workflow was called with."""
    calls: list[dict[str, Any]] = []

    def run(_host: Any, params: dict[str, Any], **kwargs: Any) -> Any:
        calls.append({"params": params, **kwargs})
        return SimpleNamespace(values={"changed": True, "transport": "shell"}, warnings=("look",), error="")

    monkeypatch.setattr(conntrack_tune, "run", run)
    return calls


def variables(**more: Any) -> dict[str, Any]:
    return {"inventory_hostname": "h", "ansible_facts": {}, **more}


# ---------------------------------------------------------------------------------------------- the choice


def test_a_usable_python_is_used_and_remembered() -> None:
    action = Action()
    result = action.run(task_vars=variables())
    assert (len(action.commands), len(action.modules)) == (1, 1)
    assert action.modules[0]["task_vars"]["ansible_python_interpreter"] == "/usr/bin/python3.11"
    fact = result["ansible_facts"][FACT]
    assert fact == to_remember(Decision("python", "/usr/bin/python3.11"), "auto")


def test_without_python_the_shell_is_used(ran: list[dict[str, Any]]) -> None:
    action = Action("probed\n", max="5")
    result = action.run(task_vars=variables())
    assert (result["transport"], result["warnings"], result["changed"]) == ("shell", ["look"], True)
    assert (ran[0]["params"]["max"], ran[0]["check_mode"], ran[0]["transport"]) == ("5", True, "shell")
    assert result["ansible_facts"][FACT]["transport"] == "shell"
    assert action.modules == []


@pytest.mark.parametrize("transport", ["python", "shell"])
def test_the_second_task_does_not_ask(ran: list[dict[str, Any]], transport: str) -> None:
    fact = to_remember(Decision(transport, "/usr/bin/python3" if transport == "python" else ""), "auto")
    action = Action()
    result = action.run(task_vars=variables(ansible_facts={FACT: fact}))
    assert action.commands == []
    assert (len(ran), len(action.modules)) == ((0, 1) if transport == "python" else (1, 0))
    assert "ansible_facts" not in result


def test_another_setting_asks_again() -> None:
    fact = to_remember(Decision("shell"), "auto")
    action = Action()
    action.run(task_vars=variables(ansible_facts={FACT: fact}, ansible_python_interpreter="/opt/python"))
    assert len(action.commands) == 1
    assert "/opt/python" in action.commands[0]
    assert "python3.1" not in action.commands[0]


def test_an_interpreter_may_be_a_template() -> None:
    action = Action()
    action.run(task_vars=variables(ansible_python_interpreter="{{ here }}"))
    assert "/opt/here/python3" in action.commands[0]
    assert "{{" not in action.commands[0]


@pytest.mark.parametrize("transport", ["python", "shell"])
def test_a_forced_transport_asks_nothing(ran: list[dict[str, Any]], transport: str) -> None:
    action = Action(transport=transport)
    action.run(task_vars=variables())
    assert action.commands == []
    assert (len(ran), len(action.modules)) == ((0, 1) if transport == "python" else (1, 0))


def test_a_delegated_task_is_not_remembered() -> None:
    action = Action(delegate_to="other")
    given = variables(ansible_delegated_vars={"other": {"ansible_facts": {}}})
    result = action.run(task_vars=given)
    assert "ansible_facts" not in result
    passed = action.modules[0]["task_vars"]["ansible_delegated_vars"]["other"]
    assert passed["ansible_python_interpreter"] == "/usr/bin/python3.11"


# ---------------------------------------------------------------------------------------------- what goes wrong


def test_options_are_checked_before_anything_is_asked() -> None:
    action = Action(profil="x")
    with pytest.raises(AnsibleActionFail, match=r"Unsupported parameters for \(conntrack_tune\) module: profil\."):
        action.run(task_vars=variables())
    assert action.commands == []


def test_an_error_of_the_family_fails_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_args: Any, **_kwargs: Any) -> Any:
        raise RefusedError("Too dangerous.")

    monkeypatch.setattr(conntrack_tune, "run", run)
    result = Action(transport="shell").run(task_vars=variables())
    assert (result["failed"], result["msg"]) == (True, "Too dangerous.")


def test_the_error_of_a_result_fails_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    done = SimpleNamespace(values={"changed": False}, warnings=(), error="It did not work.")
    monkeypatch.setattr(conntrack_tune, "run", lambda *_args, **_kwargs: done)
    result = Action(transport="shell").run(task_vars=variables())
    assert result == {"changed": False, "failed": True, "msg": "It did not work."}


def test_changes_that_nobody_answered_for_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_args: Any, **_kwargs: Any) -> Any:
        raise CutOffError("It stopped.")

    monkeypatch.setattr(conntrack_tune, "run", run)
    result = Action(transport="shell").run(task_vars=variables())
    assert result == {"failed": True, "msg": "It stopped.", "cut_off": True}


@pytest.mark.parametrize(
    ("answer", "check_mode", "cut_off"),
    [
        ({"failed": True, "msg": "MODULE FAILURE", "rc": 137, "module_stdout": ""}, False, True),
        ({"failed": True, "msg": "MODULE FAILURE", "rc": 137, "module_stdout": ""}, True, False),
        ({"failed": True, "msg": "Too dangerous.", "invocation": {"module_args": {}}}, False, False),
        ({"changed": True}, False, False),
    ],
)
def test_a_module_that_is_killed_says_nothing(answer: dict[str, Any], check_mode: bool, cut_off: bool) -> None:
    action = Action(transport="python")
    action._task.check_mode = check_mode
    action._execute_module = lambda **_kwargs: dict(answer)
    assert action.run(task_vars=variables()).get("cut_off", False) is cut_off


class TimeIsOver(BaseException):
    """As the error of ansible-core for the `timeout` of a task: no Exception, so that nothing swallows it."""


@pytest.mark.parametrize(("error", "cleanups"), [(TimeIsOver, 0), (AnsibleActionFail, 1)])
def test_a_host_that_gave_no_answer_is_not_asked_to_clean_up(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException], cleanups: int
) -> None:
    done: list[bool] = []
    monkeypatch.setattr("ansible.plugins.action.ActionBase.cleanup", lambda _self, force=False: done.append(force))
    action = Action()

    def fail(**_kwargs: Any) -> dict[str, Any]:
        raise error("no answer")

    monkeypatch.setattr(action, "_execute_module", fail)
    with pytest.raises(error):
        action.run(task_vars=variables())
    action.cleanup()
    assert len(done) == cleanups


def test_async_needs_python() -> None:
    action = Action(transport="shell")
    action._task.async_val = 10
    with pytest.raises(AnsibleActionFail, match="async"):
        action.run(task_vars=variables())


# ---------------------------------------------------------------------------------------------- the command


def test_the_environment_of_the_task_is_set() -> None:
    action = Action()
    action._execute("export PATH=/opt/bin\n", "true", None)
    assert action.commands == ["{\nexport PATH=/opt/bin\ntrue\n}"]


@pytest.mark.parametrize(
    ("has_pipelining", "become", "takes"),
    [
        (True, None, True),
        (False, None, False),
        (True, SimpleNamespace(pipelining=True), True),
        (True, SimpleNamespace(pipelining=False), False),
    ],
)
def test_what_takes_input(has_pipelining: bool, become: Any, takes: bool) -> None:
    action = Action()
    action._connection = SimpleNamespace(has_pipelining=has_pipelining, become=become)
    assert action._takes_input() is takes


@pytest.mark.parametrize("shell", SHELLS)
def test_the_probe_finds_the_first_that_will_do(shell: str) -> None:
    candidates = ["/nonexistent/python", "/bin/false", "no-such-python", "/usr/bin/env python3", "/bin/true"]
    _status, output, _said = run_script(shell, probe_command(candidates, "2.19.1"))
    assert parse_probe(output.decode()) == Decision("python", "/usr/bin/env python3", "/usr/bin/env python3 will do")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_probe_runs_nothing_else(shell: str) -> None:
    _status, output, _said = run_script(shell, probe_command(["/bin/false", "'$(echo python=/x)'"], "2.19.1"))
    assert parse_probe(output.decode()).transport == "shell"


@pytest.mark.parametrize(
    ("core", "oldest", "newest"),
    [
        ("2.16.19", (3, 7), (3, 12)),
        ("2.19.14", (3, 8), (3, 13)),
        ("2.21.5rc1", (3, 9), (3, 14)),
        ("2.30.0.dev0", (3, 9), (3, 15)),
        ("2.15.0", (3, 7), (3, 12)),
    ],
)
def test_what_a_core_can_drive(core: str, oldest: tuple[int, int], newest: tuple[int, int]) -> None:
    assert supported_range(core) == (oldest, newest)


def test_what_a_cache_kept_of_another_run_is_no_memory() -> None:
    fact = to_remember(Decision("python", "/usr/bin/python3"), "auto")
    assert remembered(fact, "auto") is not None
    assert remembered({**fact, "run": "another"}, "auto") is None


@pytest.mark.parametrize("fact", [None, "shell", {}, {"setting": "auto", "transport": "smoke"}, {"transport": "shell"}])
def test_what_is_no_memory(fact: Any) -> None:
    assert remembered(fact, "auto") is None
