# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a fleet as data, and as JSON and CSV. Pure. Its schema is docs/report.schema.json."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._levels import OK, WARNING
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import (
    SCHEMA_VERSION,
    UNKNOWN,
    Previous,
    compare,
    summarize,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import (
    FAILED,
    STATES,
    reasons,
    rules,
    survives,
    unheard,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_text import neutralize
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_view import view_row
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import LOSSES
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS

Row = Mapping[str, Any]

DRIFT = "drift"
# What can be asked to make an audit fail.
FAIL_ON = (*(state for state in STATES if state != OK), DRIFT)


def build_report(
    rows: Iterable[Row], *, written: str, previous: Previous | None = None, inventory: Iterable[str] = ()
) -> dict[str, Any]:
    """The report, its hosts the worst first. rows: from find_host(). written: the time in UTC."""
    hosts = sorted((_settle(row, previous) for row in rows), key=_urgency)
    return {
        "schema_version": SCHEMA_VERSION,
        "written": written,
        "totals": count_totals(hosts),
        "changes": summarize(hosts, previous, inventory) if previous else None,
        "hosts": hosts,
    }


def _settle(row: Row, previous: Previous | None) -> dict[str, Any]:
    """The row with its changes; a failed one where it cannot be shown: that must not cost the report on the others."""
    try:
        compared = _compare(row, previous)
        view_row(compared)
        _cells(compared)
        count_totals([compared])
    except Exception as error:
        message = f"its answer cannot be shown: {type(error).__name__}: {error}"
        return _compare(unheard(row["name"], FAILED, message), previous)
    return compared


def _compare(row: Row, previous: Previous | None) -> dict[str, Any]:
    return {**row, "changes": compare(row, previous) if previous else None}


def _urgency(row: Row) -> tuple[Any, ...]:
    info = row["info"] or {}
    return STATES.index(row["state"]), -(info.get("usage_percent") or 0), row["name"]


def count_totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Figures of the fleet. findings: how many hosts each rule of the verdict has something to say about."""
    infos = [row["info"] for row in rows if row["info"]]
    checked = [row[DRIFT] for row in rows if row[DRIFT] is not None]
    return {
        "hosts": len(rows),
        "states": {state: sum(row["state"] == state for row in rows) for state in STATES},
        "entries": sum(info["count"] or 0 for info in infos),
        "max": sum(info["max"] or 0 for info in infos),
        "memory_full_bytes": sum(info["memory"].get("full_bytes") or 0 for info in infos),
        "not_surviving": {event: sum(survives(info, event) is False for info in infos) for event in EVENTS},
        "conflicts": sum(any(item["wins"] for item in info["conflicts"]) for info in infos),
        "policies": len(checked),
        "drifted": sum(bool(each["differences"]) for each in checked),
        "unchecked": sum(bool(each["error"]) for each in checked),
        "findings": _count_findings(infos),
    }


def _count_findings(infos: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    for info in infos:
        for item in info["verdict"]["findings"]:
            found = counts.setdefault(item["rule"], {"rule": item["rule"], "level": item["level"], "hosts": 0})
            found["level"] = min(found["level"], item["level"], key=STATES.index)
            found["hosts"] += 1
    return sorted(counts.values(), key=lambda each: (STATES.index(each["level"]), -each["hosts"], each["rule"]))


def find_problems(report: Mapping[str, Any], fail_on: Iterable[str]) -> dict[str, str]:
    """By host name, why it makes the audit a failed one. fail_on: of FAIL_ON; C(warning) means worse verdicts, too."""
    wanted = {*fail_on}
    if WARNING in wanted:
        wanted.add(STATES[0])
    return {row["name"]: _complaint(row) for row in report["hosts"] if wanted & {row["state"], *_drifted(row)}}


def _drifted(row: Row) -> tuple[str, ...]:
    """Who is to fail for drift fails as well where nobody knows whether there is any."""
    found = row[DRIFT]
    return (DRIFT,) if found and (found["differences"] or found["error"]) else ()


def _complaint(row: Row) -> str:
    drift = row[DRIFT] or {"differences": [], "error": ""}
    lines = [row["message"], *reasons(row)]
    differs = [*drift["differences"], *([f"{UNKNOWN}, {drift['error']}"] if drift["error"] else [])]
    lines += [f"Drift from policy: {'; '.join(differs)}"] if differs else []
    return f"{row['state']}: {' '.join(line for line in lines if line)}"


# ---------------------------------------------------------------------------------------------- texts


def to_json(report: Mapping[str, Any]) -> str:
    """The report as JSON, in ASCII."""
    return json.dumps(report, indent=1) + "\n"


def to_csv(report: Mapping[str, Any]) -> str:
    """One line for each host under a head; no cell is one that a spreadsheet would execute."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(row) for row in report["hosts"])
    return out.getvalue()


def _cells(row: Row) -> list[str]:
    return [_cell(find(row)) for find in _COLUMNS.values()]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (int, float)) else neutralize(value)


def _info(name: str) -> Callable[[Row], Any]:
    return lambda row: (row["info"] or {}).get(name)


def _part(group: str, name: str) -> Callable[[Row], Any]:
    return lambda row: ((row["info"] or {}).get(group) or {}).get(name)


def _outlives(event: str) -> Callable[[Row], Any]:
    return lambda row: survives(row["info"], event) if row["info"] else None


def _conflicts(row: Row) -> int | None:
    return len(row["info"]["conflicts"]) if row["info"] else None


def _differences(row: Row) -> int | str | None:
    return row[DRIFT] and (UNKNOWN if row[DRIFT]["error"] else len(row[DRIFT]["differences"]))


_COLUMNS: Mapping[str, Callable[[Row], Any]] = {
    "host": lambda row: row["name"],
    "state": lambda row: row["state"],
    "rules": lambda row: " ".join(rules(row)),
    **{name: _info(name) for name in ("usage_percent", "count", "max", "hashsize", "load_factor")},
    "memory_full_bytes": _part("memory", "full_bytes"),
    **{name: _part("counters", name) for name in LOSSES},
    "table_full_lines": _part("kernel_log", "count"),
    **{f"survives_{event}": _outlives(event) for event in EVENTS},
    "conflicts": _conflicts,
    "drift": _differences,
    **{name: _part("host", name) for name in ("kernel", "distribution")},
    "transport": _info("transport"),
    "reasons": lambda row: " ".join([row["message"], *reasons(row)]).strip(),
}
