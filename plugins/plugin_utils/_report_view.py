# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page of a report shows: every figure as text, in the order of the page. Pure, and without any markup."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._levels import CRITICAL, OK, WARNING
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import UNKNOWN, find_lost, moves
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_details import change_words, describe
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import STATES, reasons, rules, survives
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_text import (
    clean,
    number_text,
    percent_text,
    size_text,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS

# The columns that can be sorted: key, head, and whether the first click puts the highest on top.
COLUMNS = (
    ("name", "Host", False),
    ("state", "Verdict", True),
    ("use", "Use of the table", True),
    ("memory", "Memory at full", True),
    ("load", "Load factor", True),
    ("reboot", "Reboot", True),
    ("late_load", "Late load", True),
    ("firewall_restart", "Firewall", True),
    ("drift", "Drift", True),
    ("change", "Since last time", True),
)

_KEPT: Mapping[Any, str] = {True: "yes", False: "no", None: UNKNOWN}
_LOST: Mapping[Any, int] = {True: 0, False: 1, None: -1}

_CHANGES = (
    ("worse", "with a worse verdict"),
    ("losing", "that dropped packets"),
    ("silent", "without an answer now"),
    ("appeared", "with a new reason"),
    ("drifted", "with more drift"),
    ("unchecked", "whose drift is unknown now"),
    ("otherwise", "silent for another reason"),
    ("better", "with a better verdict"),
    ("back", "with an answer again"),
    ("resolved", "with a reason less"),
    ("settled", "with less drift"),
    ("resized", "of another size"),
    ("new", "new"),
    ("gone", "gone from the inventory"),
    ("left_out", "left out this time"),
)
_NO_ROWS = ("gone", "left_out")
# So many names of hosts are written out.
_NAMED = 2


def view_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the template needs, from the report."""
    totals = report["totals"]
    return {
        "written": report["written"],
        "hosts": number_text(totals["hosts"]),
        "states": list(_states(totals)),
        "figures": list(_figures(totals)),
        "use": _histogram(report["hosts"]),
        "findings": [_finding(item, totals["findings"]) for item in totals["findings"]],
        "changes": _changes(report["changes"]),
        "columns": COLUMNS,
        "rows": [view_row(row) for row in report["hosts"]],
    }


def _states(totals: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    start = 0.0
    for state in STATES:
        count = totals["states"][state]
        width = 100 * count / (totals["hosts"] or 1)
        yield {"name": state, "count": number_text(count), "start": round(start, 3), "width": round(width, 3)}
        start += width


def _figures(totals: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Entries in all tables", f"{number_text(totals['entries'])} of {number_text(totals['max'])}"
    yield "Memory if all were full", size_text(totals["memory_full_bytes"])
    for event, words in EVENTS.items():
        yield f"Lost by {words.replace(' of the module', '')}", _hosts(totals["not_surviving"][event])
    yield "Foreign settings that win", _hosts(totals["conflicts"])
    if totals["policies"]:
        yield "Drift from policy", _drift_total(totals)


def _drift_total(totals: Mapping[str, Any]) -> str:
    if not totals["unchecked"]:
        return f"{number_text(totals['drifted'])} of {_hosts(totals['policies'])}"
    counts = f"{number_text(totals['drifted'])} drifted, {number_text(totals['unchecked'])} {UNKNOWN}"
    return f"{counts}, of {number_text(totals['policies'])}"


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{number_text(count)} hosts"


def _histogram(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many tables are full to 0 - 10 %, 10 - 20 % and so on; heights of 40."""
    levels: list[list[str]] = [[] for _step in range(10)]
    for info in (row["info"] for row in rows):
        if info and info["usage_percent"] is not None:
            levels[min(int(info["usage_percent"] // 10), 9)].append(_use_level(info))
    counts = [len(each) for each in levels]
    most = max(counts) or 1
    words = ", ".join(f"{count} of {10 * step} to {10 * step + 10} %" for step, count in enumerate(counts) if count)
    return {
        "bars": [_bar(step, each, most) for step, each in enumerate(levels)],
        "words": words or "no table is known",
    }


def _bar(step: int, levels: Sequence[str], most: int) -> dict[str, Any]:
    """A bar has the colour of the worst verdict on the use of its tables: who audits sets the limits of those."""
    count = len(levels)
    height = round(max(40 * count / most, 1.5), 2) if count else 0.5
    level = next((each for each in (CRITICAL, WARNING) if each in levels), "plain")
    return {"x": 10 * step, "y": 40 - height, "height": height, "count": count, "level": level}


def _finding(item: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    width = round(100 * item["hosts"] / max(each["hosts"] for each in others), 2)
    return {"rule": clean(item["rule"]), "level": item["level"], "hosts": number_text(item["hosts"]), "width": width}


def _changes(changes: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if changes is None:
        return None
    return {
        "since": clean(changes["since"]).replace("T", " ").replace("Z", " UTC"),
        "lines": [_change(kind, words, changes[kind]) for kind, words in _CHANGES if changes[kind]],
    }


def _change(kind: str, words: str, names: Sequence[str]) -> dict[str, Any]:
    more = len(names) - _NAMED
    return {
        "find": "" if kind in _NO_ROWS else f"change:{kind}",
        "count": number_text(len(names)),
        "words": words,
        "names": [clean(name) for name in names[:_NAMED]],
        "more": number_text(more) if more > 0 else "",
    }


# ---------------------------------------------------------------------------------------------- one host


def view_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One host: the cells of its line, the keys to sort by, and its details."""
    said = [clean(line) for line in reasons(row)] or [clean(row["message"])]
    return {
        "name": clean(row["name"]),
        "state": row["state"],
        "rules": " ".join(clean(rule) for rule in rules(row)),
        "moved": " ".join(moves(row)),
        "summary": said[0],
        "more": len(said) - 1,
        "others": said[1:],
        "drift": _drift(row["drift"]),
        "change": change_words(row["changes"]),
        "details": list(describe(row)),
        **(_cells(row["info"]) if row["info"] else _EMPTY),
        "keys": _keys(row),
    }


def _cells(info: Mapping[str, Any]) -> dict[str, Any]:
    use, memory = info["usage_percent"], info["memory"]
    share = memory["full_percent"]
    return {
        "system": clean(f"{info['host']['distribution']}, {info['host']['kernel']}".strip(", ")),
        "use": percent_text(use),
        "bar": None if use is None else {"width": round(min(max(use, 0), 100), 2), "level": _use_level(info)},
        "entries": "" if info["count"] is None else f"{number_text(info['count'])} of {number_text(info['max'])}",
        "memory": size_text(memory["full_bytes"]),
        "share": "" if share is None else f"{share:.3g} % of RAM",
        "too_large": "memory" in (item["rule"] for item in info["verdict"]["findings"]),
        "load": "-" if info["load_factor"] is None else f"{info['load_factor']:.2f}",
        "kept": [(event, _KEPT[survives(info, event)]) for event in EVENTS],
    }


_EMPTY: Mapping[str, Any] = {
    "system": "",
    "use": "-",
    "bar": None,
    "entries": "",
    "memory": "-",
    "share": "",
    "too_large": False,
    "load": "-",
    "kept": [(event, _KEPT[None]) for event in EVENTS],
}


def _use_level(info: Mapping[str, Any]) -> str:
    """What the verdict says about the use of the table alone."""
    found = [item["level"] for item in info["verdict"]["findings"] if item["rule"] == "usage"]
    return found[0] if found and found[0] in (WARNING, CRITICAL) else OK


def _drift(drift: Mapping[str, Any] | None) -> dict[str, str]:
    if drift is None:
        return {"text": "-", "kind": "none"}
    if drift["error"]:
        return {"text": UNKNOWN, "kind": "bad"}
    count = len(drift["differences"])
    return {"text": f"{count} found", "kind": "bad"} if count else {"text": "none", "kind": "good"}


def _keys(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns are sorted by; -1 for what is not known. The name is its own key."""
    info, drift = row["info"], row["drift"]
    keys: dict[str, Any] = {
        "state": len(STATES) - STATES.index(row["state"]),
        "drift": -1 if drift is None else len(drift["differences"]) or (0.5 if drift["error"] else 0),
        "change": find_lost(row["changes"] or {})[1] + bool(change_words(row["changes"])["text"]),
        **dict.fromkeys(("use", "memory", "load", *EVENTS), -1),
    }
    if info:
        known = {"use": info["usage_percent"], "memory": info["memory"]["full_bytes"], "load": info["load_factor"]}
        keys.update({name: value for name, value in known.items() if value is not None})
        keys.update({event: _LOST[survives(info, event)] for event in EVENTS})
    return keys
