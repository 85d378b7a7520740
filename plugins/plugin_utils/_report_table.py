# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of an audit on the terminal: the worst first, never wider than a terminal of 100 columns."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.plugin_utils._fleet_table import align
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import STATES, reasons, rules, survives
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_text import (
    clean,
    number_text,
    percent_text,
    size_text,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS

WIDTH = 100
_HEAD = ("host", "state", "use", "max", "memory", "lasts", "drift", "why")
_DRIFT = _HEAD.index("drift")
# So long may a name be; the beginning is what tells hosts apart.
_NAME = 24
_SHORT = {"reboot": "reboot", "late_load": "late load", "firewall_restart": "firewall"}


def report_table(report: Mapping[str, Any], rows: int) -> list[str]:
    """A head, at most so many hosts, and a line of totals."""
    shown = report["hosts"][:rows]
    cells = [_HEAD, *(_row(row) for row in shown)]
    if not report["totals"]["policies"]:
        cells = [(*each[:_DRIFT], *each[_DRIFT + 1 :]) for each in cells]
    taken = max(len(line) for line in align([(*each[:-1], "|") for each in cells]))
    lines = align([(*each[:-1], cut(each[-1], WIDTH - taken)) for each in cells])
    return [*lines, *_rest(len(report["hosts"]) - len(shown)), _totals(report["totals"])]


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    info = row["info"]
    name, why = cut(clean(row["name"]), _NAME), clean(row["message"])
    if not info:
        return (name, row["state"], "-", "-", "-", "-", "-", why)
    sizes = percent_text(info["usage_percent"]), number_text(info["max"]), size_text(info["memory"]["full_bytes"])
    why = ", ".join(clean(rule) for rule in rules(row)) or "; ".join(clean(each) for each in reasons(row))
    return (name, row["state"], *sizes, _lasts(info), _drift(row), why)


def cut(text: str, width: int) -> str:
    """The text with its end cut off where it is too long."""
    return text if len(text) <= width else text[: width - 2] + ".."


def _lasts(info: Mapping[str, Any]) -> str:
    """Whether the values outlive everything, or the first thing that they do not outlive."""
    known = {event: survives(info, event) for event in EVENTS}
    lost = [_SHORT[event] for event, kept in known.items() if kept is False]
    if lost:
        return "no" if len(lost) == len(EVENTS) else f"not {lost[0]}"
    return "-" if None in known.values() else "yes"


def _drift(row: Mapping[str, Any]) -> str:
    found = row["drift"]
    if not found:
        return "-"
    return "unknown" if found["error"] else str(len(found["differences"]))


def _rest(count: int) -> list[str]:
    return [f"... and {count:,} more, none of them worse: see index.html"] if count > 0 else []


def _totals(totals: Mapping[str, Any]) -> str:
    states = ", ".join(f"{totals['states'][state]:,} {state}" for state in STATES if totals["states"][state])
    return f"{totals['hosts']:,} hosts: {states or 'none'}"
