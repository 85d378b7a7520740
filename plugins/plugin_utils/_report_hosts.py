# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of the report, from what the tasks of playbooks/audit.yml registered on it. Pure."""

from __future__ import annotations

import itertools
import json
from typing import Any, Callable, Iterable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._levels import CRITICAL, OK, WARNING
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_shape import (
    INFO_KEYS,
    LEVELS,
    find_flaw,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._results import find_drift

UNREACHABLE, FAILED = "unreachable", "failed"

# The states of a host, the worst first: what nobody could look at may be worse than a warning.
STATES = (CRITICAL, UNREACHABLE, FAILED, WARNING, OK)

# So long may a message or a line of drift be, and so many lines of a kind may a host have.
_LINE, _LINES = 4_000, 1_000

_NOTHING = "it was not looked at"


def find_host(name: str, *, looked: Any, asked: Any = None, events: Any = None, persist: Any = None) -> dict[str, Any]:
    """The row of a host: C(name), C(state), C(message), C(warnings), C(info) and C(drift).

    looked: what a task with conntrack_info registered. asked: what one with conntrack_tune in check mode did; nothing
    without a policy. events and persist: what the values have to survive, as for the filter conntrack_drift.
    """
    try:
        return _find_host(name, plain(looked), lambda: _drift(plain(asked), plain(events), plain(persist)))
    except Exception as error:
        # No answer of one host, whatever is in it, costs the report on all the others.
        return unheard(name, FAILED, f"its answer is not what conntrack_info returns: {_words(error)}")


def _find_host(name: str, result: Any, find_drifts: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
    state, message = _judge(result)
    if state not in LEVELS:
        return unheard(name, state, message)
    return {
        "name": str(name),
        "state": state,
        "message": message,
        "warnings": _lines(result.get("warnings") or ()),
        "info": {key: result.get(key) for key in INFO_KEYS},
        "drift": find_drifts(),
    }


def unheard(name: str, state: str, message: str) -> dict[str, Any]:
    """The row of a host of which nothing but this is known."""
    return {"name": str(name), "state": state, "message": message, "warnings": [], "info": None, "drift": None}


def _lines(texts: Iterable[Any]) -> list[str]:
    return [str(text)[:_LINE] for text in itertools.islice(texts, _LINES)]


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LINE]


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
    return result["verdict"]["level"], ""


def _message(result: Mapping[str, Any]) -> str:
    return " ".join(str(result.get("msg", "")).split())[:_LINE] or "no reason was given"


def _drift(asked: Any, events: Any, persist: Any) -> dict[str, Any] | None:
    """Where the host is not as its policy wants it. C(error): why that is not known."""
    if not isinstance(asked, Mapping) or not asked or asked.get("skipped"):
        return None
    if asked.get("unreachable") or asked.get("failed"):
        return {"differences": [], "error": _message(asked)}
    try:
        found = find_drift(asked, events, persist)
    except Exception as error:
        return {"differences": [], "error": f"its answer cannot be compared with the policy: {_words(error)}"}
    return {"differences": _lines(found), "error": ""}


# ---------------------------------------------------------------------------------------------- what is in a row


def survives(info: Mapping[str, Any], event: str) -> bool | None:
    """Whether the values outlive an event; None where nothing is known or there is nothing to lose."""
    prediction = info["survives"].get(event) if info["max"] is not None else None
    return None if prediction is None else bool(prediction["ok"])


def findings(row: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """What the verdict found, the worst first."""
    found = row["info"]["verdict"]["findings"] if row["info"] else []
    return sorted(found, key=lambda item: LEVELS.index(item["level"]))


def reasons(row: Mapping[str, Any]) -> list[str]:
    """The sentences of the verdict, the worst first."""
    return [item["reason"] for item in findings(row)]


def rules(row: Mapping[str, Any]) -> list[str]:
    """The names of the rules that found something, the worst first."""
    return [item["rule"] for item in findings(row)]
