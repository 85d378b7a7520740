# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a result of conntrack_tune says, in lines that a person reads: the verdict, and the drift from a policy."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._model import MODULE, VALUE

EVENTS: Mapping[str, str] = {
    "reboot": "a reboot",
    "late_load": "a late load of the module",
    "firewall_restart": "a firewall restart",
}
_MIB = 1024 * 1024


def verdict(result: Mapping[str, Any]) -> list[str]:
    """Sizes and values before and after, files, memory, and what holds later; every "no" comes with its reason."""
    return [
        *_values(result),
        *_files(result["operations"]),
        *_memory(result["sizing"]),
        *(f"why: {line}" for line in result["sizing"]["reasons"]),
        *(_event(result["survives"][name], words) for name, words in EVENTS.items() if _can_happen(name, result)),
        *(f"left as it is: {item['name']}: {item['reason']}" for item in result["not_applied"]),
        *(f"wins over us: {item['source']} sets {item['key']} to {item['value']}" for item in _winners(result)),
    ]


def drift(result: Mapping[str, Any], events: Sequence[str]) -> list[str]:
    """Where a host is not what its policy says, from a result of check mode; empty when it is.

    events: which of the EVENTS have to leave the host as the policy wants it. Raises ValueError for any other name.
    """
    unknown = [name for name in events if name not in EVENTS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no event; known are {', '.join(EVENTS)}")
    predictions = ((result["survives"][name], EVENTS[name]) for name in events)
    return [
        *(_difference(item) for item in result["operations"] if not _is_bookkeeping(item)),
        *(_event(prediction, words) for prediction, words in predictions if not prediction["ok"]),
    ]


def memory_text(size: int | None) -> str:
    """Bytes as people say them; a dash for nothing."""
    return f"{size / _MIB:.1f} MiB" if size else "-"


def arrow(before: Any, after: Any) -> str:
    """One value if nothing changed, else both; a dash for a value that is not there."""
    old, new = ("-" if value is None else str(value) for value in (before, after))
    return old if old == new else f"{old} -> {new}"


def _can_happen(event: str, result: Mapping[str, Any]) -> bool:
    """Code that is part of the kernel is never loaded late."""
    return event != "late_load" or result["host"]["module"] != "builtin"


def _values(result: Mapping[str, Any]) -> Iterator[str]:
    before, after = result["before"], result["after"]
    for name in ("max", "hashsize"):
        yield f"{name}: {arrow(before[name], after[name])}"
    # What the kernel itself brings along when the module is loaded is no news.
    ours = {item["name"] for item in result["operations"] if item["kind"] == "value"}
    for group in ("timeouts", "settings"):
        for name, value in after[group].items():
            if before[group].get(name) != value and (name in before[group] or name in ours):
                yield f"{name}: {arrow(before[group].get(name), value)}"


def _files(operations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for item in operations:
        if item["kind"] == "file":
            yield f"{item['target']}: {item['reason']} ({item['status']})"


def _memory(sizing: Mapping[str, Any]) -> Iterator[str]:
    if sizing["memory_bytes"]:
        yield f"memory when full: {memory_text(sizing['memory_bytes'])}"


def _event(prediction: Mapping[str, Any], words: str) -> str:
    sizes = f"max {prediction['max']}, hashsize {prediction['hashsize']}"
    if prediction["ok"]:
        return f"after {words}: as wanted ({sizes})"
    return f"after {words}: NOT as wanted ({sizes}): {'; '.join(prediction['reasons'])}"


def _winners(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (item for item in result["conflicts"] if item["wins"])


def _is_bookkeeping(operation: Mapping[str, Any]) -> bool:
    """Whether it is about what was there before, for the way back: the values and the copies in a folder of our own."""
    return "/stateward-conntrack/" in f"{operation['target']}/"


def _difference(operation: Mapping[str, Any]) -> str:
    target, before, after = (operation[key] for key in ("target", "before", "after"))
    if operation["kind"] == VALUE:
        return f"{operation['name'] or target} is {'not there' if before is None else before}, not {after}"
    if operation["kind"] == MODULE:
        return f"the module {target} is not loaded: {operation['reason']}"
    if after is None:
        return f"{target} should not be there"
    # The reason says how it will be, and not how it is.
    return f"{target} is {'missing' if before is None else 'not what it should be'} (wanted: {operation['reason']})"
