# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed since the previous report. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import STATES
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_shape import (
    EACH,
    LEVELS,
    is_count,
    is_text,
    maybe,
    misfit,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import LOSSES, growth

SCHEMA_VERSION = 1

# What can have happened to a host: its verdict got worse or better, it stopped to answer, answers again or is silent
# for another reason, has other reasons for the same verdict, drifted or came back to its policy, ...
MOVES = (
    *("new", "worse", "better", "silent", "back", "otherwise", "appeared", "resolved"),
    *("drifted", "settled", "unchecked", "resized", "losing"),
)

# Drift of a host whose policy could not be compared with.
UNKNOWN = "unknown"

# Counters of packets that got no entry. One that loses a race is counted in both, and one that met a full chain is in
# insert_failed as well, so that no sum of them is a number of packets. early_drop is an old entry that made room for a
# new one: pressure, but nothing that was refused.
LOST = ("drop", "insert_failed")

_SIZES = ("max", "hashsize", "count")


@dataclass(frozen=True)
class Previous:
    """written: when the previous report was written, in UTC. hosts: its rows by host name."""

    written: str
    hosts: Mapping[str, Mapping[str, Any]]


# What is compared, and nothing more: a report of another version of the collection has other keys beside it.
_INFO_SHAPE: Mapping[str, Any] = {
    **dict.fromkeys(_SIZES, maybe(is_count)),
    "counters": {EACH: is_count},
    "verdict": {"findings": [{"rule": is_text}]},
}
_DRIFT_SHAPE: Mapping[str, Any] = {"differences": [is_text], "error": is_text}


def parse_previous(text: str) -> Previous:
    """The previous report.json, without the rows that cannot be compared with. Raises ValueError when it is none."""
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(f"it has not the schema version {SCHEMA_VERSION}")
    rows, written = found.get("hosts"), found.get("written")
    if not isinstance(rows, list) or not is_text(written):
        raise ValueError("it is not what this collection writes")
    return Previous(str(written), {row["name"]: row for row in rows if _is_row(row)})


def _is_row(row: Any) -> bool:
    """Whether a row can be compared with: a host that was heard has its figures, another has none."""
    if not isinstance(row, dict) or not is_text(row.get("name")) or row.get("state") not in STATES:
        return False
    if row["state"] not in LEVELS:
        return row.get("info") is None
    drift = row.get("drift")
    return not misfit(row.get("info"), _INFO_SHAPE) and (drift is None or not misfit(drift, _DRIFT_SHAPE))


def compare(row: Mapping[str, Any], previous: Previous) -> dict[str, Any]:
    """How a host differs from its row in the previous report.

    state, max, hashsize, count, drift: C(before) and C(after) of what is not the same. losses: by how much counters of
    lost connections grew. appeared, resolved: rules of the verdict.
    """
    old = previous.hosts.get(row["name"])
    if old is None:
        return {"new": True}
    before, after = old.get("info"), row["info"]
    changes: dict[str, Any] = {"new": False, **_differences(old, row, ("state",))}
    if before and after:
        changes.update(_differences(before, after, _SIZES))
        changes["losses"] = growth(_counters(before), _counters(after))
        rules = [_rules(before), _rules(after)]
        changes["appeared"] = [rule for rule in rules[1] if rule not in rules[0]]
        changes["resolved"] = [rule for rule in rules[0] if rule not in rules[1]]
        changes.update(_differences(_drift(old), _drift(row), ("drift",)))
    return changes


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    pairs = {name: {"before": before.get(name), "after": after.get(name)} for name in names}
    return {name: pair for name, pair in pairs.items() if pair["before"] != pair["after"]}


def _drift(row: Mapping[str, Any]) -> dict[str, Any]:
    """The number of differences from the policy; nothing without a policy."""
    found = row.get("drift")
    return {"drift": found and (UNKNOWN if found["error"] else len(found["differences"]))}


def _counters(info: Mapping[str, Any]) -> dict[str, int]:
    return {name: info["counters"][name] for name in LOSSES if name in info["counters"]}


def _rules(info: Mapping[str, Any]) -> list[str]:
    return [item["rule"] for item in info["verdict"]["findings"]]


def summarize(rows: Sequence[Mapping[str, Any]], previous: Previous, inventory: Iterable[str]) -> dict[str, Any]:
    """The fleet since the previous report: host names by what happened to them.

    inventory: every host there is; one of the previous report that is not among them is gone, another was left out.
    """
    names, known = {row["name"] for row in rows}, {str(name) for name in inventory}
    missing = [name for name in previous.hosts if name not in names]
    moved = {row["name"]: moves(row) for row in rows}
    return {
        "since": previous.written,
        **{kind: [name for name, kinds in moved.items() if kind in kinds] for kind in MOVES},
        "gone": [name for name in missing if name not in known],
        "left_out": [name for name in missing if name in known],
    }


def moves(row: Mapping[str, Any]) -> list[str]:
    """Which of MOVES happened to a host."""
    changes = row["changes"]
    if changes is None:
        return []
    directions = {_direction(changes.get("state")), _drift_direction(changes.get("drift"))}
    happened = {
        "new": changes["new"],
        "resized": "max" in changes or "hashsize" in changes,
        "losing": bool(find_lost(changes)[1]),
        **{kind: "state" not in changes and bool(changes.get(kind)) for kind in ("appeared", "resolved")},
    }
    return [kind for kind in MOVES if kind in directions or happened.get(kind)]


def find_lost(changes: Mapping[str, Any]) -> tuple[str, int]:
    """The counter of LOST that grew most, and by how much."""
    losses = changes.get("losses") or {}
    name = max(LOST, key=lambda each: losses.get(each, 0))
    return name, losses.get(name, 0)


def _direction(change: Mapping[str, Any] | None) -> str:
    """Where the state of a host went; empty when it did not move."""
    if change is None:
        return ""
    before, after = change["before"], change["after"]
    if before in LEVELS and after in LEVELS:
        return "worse" if LEVELS.index(after) < LEVELS.index(before) else "better"
    return "silent" if before in LEVELS else "back" if after in LEVELS else "otherwise"


def _drift_direction(change: Mapping[str, Any] | None) -> str:
    """Where the drift of a host went; empty when it did not move. A host without a policy has none."""
    if change is None or change["after"] is None:
        return ""
    if change["after"] == UNKNOWN:
        return "unchecked"
    before = 0 if change["before"] in (None, UNKNOWN) else change["before"]
    if change["after"] > before:
        return "drifted"
    return "" if change["before"] is None else "settled"
