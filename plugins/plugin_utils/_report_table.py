# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of an audit on the terminal: the worst first, never wider than a terminal of 100 columns."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.plugin_utils._columns import align, cut, width_of
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import UNKNOWN
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
# So wide may a name be; the beginning is what tells hosts apart. The second is for sizes that need the room.
_NAME, _SHORT_NAME = 24, 14
# No figure of a real host is wider.
_CELL = 16
# So many columns are for the reasons.
_WHY = 30
_SHORT = {"reboot": "reboot", "late_load": "late load", "firewall_restart": "firewall"}


def report_table(report: Mapping[str, Any], rows: int) -> list[str]:
    """A head, at most so many hosts, and a line of totals."""
    shown = report["hosts"][:rows]
    cells = [_HEAD, *(_row(row) for row in shown)]
    if not report["totals"]["policies"]:
        cells = _without(cells, "drift")
    lines = [cut(line, WIDTH) for line in _fit(cells)]
    return [*lines, *_rest(len(report["hosts"]) - len(shown)), _totals(report["totals"])]


def _fit(cells: Sequence[Sequence[str]]) -> list[str]:
    """The lines with room for the reasons, for which shorter names are enough, or else the memory is left out."""
    for names, table in ((_NAME, cells), (_SHORT_NAME, cells), (_SHORT_NAME, _without(cells, "memory"))):
        lines = align([(cut(each[0], names), *(cut(cell, _CELL) for cell in each[1:-1])) for each in table])
        if width_of(lines[0]) <= WIDTH - _WHY:
            break
    return [(line + each[-1]).rstrip() for line, each in zip(lines, table)]


def _without(cells: Sequence[Sequence[str]], name: str) -> list[tuple[str, ...]]:
    column = cells[0].index(name)
    return [(*each[:column], *each[column + 1 :]) for each in cells]


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    info = row["info"]
    name, why = clean(row["name"]), clean(row["message"])
    if not info:
        return (name, row["state"], "-", "-", "-", "-", "-", why)
    sizes = percent_text(info["usage_percent"]), number_text(info["max"]), size_text(info["memory"]["full_bytes"])
    why = ", ".join(clean(rule) for rule in rules(row)) or "; ".join(clean(each) for each in reasons(row))
    return (name, row["state"], *sizes, _lasts(info), _drift(row), why)


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
    return UNKNOWN if found["error"] else str(len(found["differences"]))


def _rest(count: int) -> list[str]:
    return [f"... and {count:,} more, none of them worse: see index.html"] if count > 0 else []


def _totals(totals: Mapping[str, Any]) -> str:
    states = ", ".join(f"{totals['states'][state]:,} {state}" for state in STATES if totals["states"][state])
    return f"{totals['hosts']:,} hosts: {states or 'none'}"
