# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of the report, from what the tasks of playbooks/audit.yml registered on it. Pure."""

from __future__ import annotations

import json
from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._levels import CRITICAL, OK, WARNING
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_shape import INFO_SHAPE, find_flaw
from ansible_collections.stateward.conntrack.plugins.plugin_utils._results import find_drift
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS

UNREACHABLE, FAILED = "unreachable", "failed"

# The states of a host, the worst first: what nobody could look at may be worse than a warning.
STATES = (CRITICAL, UNREACHABLE, FAILED, WARNING, OK)
# Those in which the host itself was heard.
LEVELS = (CRITICAL, WARNING, OK)

# What of conntrack_info's result is kept: not what Ansible adds to every result.
INFO_KEYS = (*INFO_SHAPE, "flows")

_NOTHING = "it was not looked at"


def find_host(name: str, *, looked: Any, asked: Any = None, events: Any = None, persist: Any = None) -> dict[str, Any]:
    """The row of a host: C(name), C(state), C(message), C(warnings), C(info) and C(drift).

    looked: what a task with conntrack_info registered. asked: what one with conntrack_tune in check mode did; nothing
    without a policy. events and persist: what the values have to survive, as for the filter conntrack_drift.
    """
    result = plain(looked)
    state, message = _judge(result)
    heard = state in LEVELS
    return {
        "name": str(name),
        "state": state,
        "message": message,
        "warnings": [str(each) for each in result.get("warnings") or ()] if heard else [],
        "info": {key: result.get(key) for key in INFO_KEYS} if heard else None,
        "drift": _drift(plain(asked), plain(events), plain(persist)) if heard else None,
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: whatever Ansible wrapped it in is gone."""
    return json.loads(json.dumps(value, default=str), parse_constant=lambda _name: None)


def _judge(result: Any) -> tuple[str, str]:
    if not isinstance(result, Mapping) or not result or result.get("skipped"):
        return FAILED, _NOTHING
    for state in (UNREACHABLE, FAILED):
        if result.get(state):
            return state, _message(result)
    flaw = find_flaw(result)
    if flaw:
        return FAILED, f"its answer is not what conntrack_info returns ({flaw})"
    level = str(result["verdict"]["level"])
    return (level, "") if level in LEVELS else (FAILED, "its answer has an unknown verdict")


def _message(result: Mapping[str, Any]) -> str:
    return " ".join(str(result.get("msg", "")).split()) or "no reason was given"


def _drift(asked: Any, events: Any, persist: Any) -> dict[str, Any] | None:
    """Where the host is not as its policy wants it. C(error): why that is not known."""
    if not isinstance(asked, Mapping) or not asked or asked.get("skipped"):
        return None
    if asked.get("unreachable") or asked.get("failed"):
        return {"differences": [], "error": _message(asked)}
    wanted = tuple(EVENTS) if events is None else events
    try:
        return {"differences": find_drift(asked, wanted, ("all",) if persist is None else persist), "error": ""}
    except (ValueError, KeyError, TypeError) as error:
        return {"differences": [], "error": f"its answer cannot be compared with the policy: {error}"}
