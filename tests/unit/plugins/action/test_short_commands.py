# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that take short commands only (dropbear): what is long goes through standard input."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.stateward.conntrack.plugins.action.conntrack_tune import ActionModule
from ansible_collections.stateward.conntrack.plugins.plugin_utils._action import SHORT_FACT

LONG = "true " + "x" * 9000


class Action(ActionModule):
    """The action with a server behind it that drops the connection on an argument above its limit."""

    def __init__(self, *, limit: int = 9000, become: Any = None) -> None:
        self._task = SimpleNamespace(args={}, async_val=0, delegate_to=None, environment=[])
        self._connection = SimpleNamespace(has_pipelining=True, become=become)
        self.limit = limit
        self.sent: list[tuple[int, bytes | None]] = []

    def _compute_environment_string(self, *_args: Any, **_kwargs: Any) -> str:
        return ""

    def _low_level_execute_command(self, cmd: str, in_data: Any = None, **_kwargs: Any) -> dict[str, Any]:
        self.sent.append((len(cmd), in_data))
        if len(cmd) > self.limit:
            raise AnsibleConnectionFailure("gone")
        return {"rc": 0, "stdout": "", "stderr": ""}


def work(*commands: str) -> Any:
    """A workflow that runs these commands one after the other."""

    def run(host: Any, _params: dict[str, Any]) -> dict[str, Any]:
        for command in commands:
            host._execute(command, None)
        return {"changed": False}

    return run


def run(action: Action, facts: dict[str, Any], *commands: str) -> dict[str, Any]:
    return action._run_shell(SimpleNamespace(), {}, {"ansible_facts": facts}, work(*commands))


def test_what_is_long_goes_through_standard_input() -> None:
    action = Action()
    assert run(action, {}, LONG, LONG, "true")["ansible_facts"] == {SHORT_FACT: True}
    data = LONG.encode() + b"\n"
    assert action.sent == [(len(LONG), None), (10, data), (10, data), (4, None)]


def test_it_is_remembered() -> None:
    action = Action()
    assert "ansible_facts" not in run(action, {SHORT_FACT: True}, LONG)
    assert [stdin is None for _length, stdin in action.sent] == [False]


@pytest.mark.parametrize(
    ("limit", "become", "commands"),
    [
        (3, None, ["true"]),  # no server: nothing else is tried
        (9000, SimpleNamespace(pipelining=False), [LONG]),  # su: a terminal is standard input
    ],
)
def test_a_lost_connection_stays_one(limit: int, become: Any, commands: list[str]) -> None:
    action = Action(limit=limit, become=become)
    with pytest.raises(AnsibleConnectionFailure):
        run(action, {}, *commands)
    assert len(action.sent) == 1


def test_nothing_is_sent_twice_once_it_has_worked() -> None:
    action = Action(limit=10000)
    with pytest.raises(AnsibleConnectionFailure):
        run(action, {}, LONG, LONG + "x" * 9000)
    assert [length for length, _stdin in action.sent] == [len(LONG), len(LONG) + 9000]
