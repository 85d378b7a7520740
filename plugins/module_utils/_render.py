# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result as Ansible returns it, and the diff: renderings of what was observed, planned and done."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Kernel
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Conflict
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DONE,
    FILE,
    PLANNED,
    VALUE,
    Operation,
    Outcome,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, MAX, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._plan import Plan
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import Sizing


def printable(text: str) -> str:
    """Text from a foreign file, with every byte that is no UTF-8 shown as a replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _printable_all(value: Any) -> Any:
    """The same for every text in a result: names of files and values in them are foreign, too."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable_all(item) for key, item in value.items()}
    return [_printable_all(item) for item in value] if isinstance(value, list) else value


def render_host(observed: Observed) -> dict[str, Any]:
    return {
        "kernel": observed.release,
        "dialect": observed.dialect,
        "module": observed.module,
        "init": observed.init,
        "platform": observed.platform.boot.name,
        "distribution": observed.distribution,
        "memory_bytes": observed.memory_bytes,
        "page_size": observed.page_size,
        "pointer_bits": observed.pointer_bits,
        "netns": observed.netns,
        "container": observed.container,
    }


def render_values(values: Mapping[str, int], count: int | None) -> dict[str, Any]:
    """The running kernel's values. max, hashsize and count are None while the module is not loaded."""
    groups: dict[str, dict[str, int]] = {"timeout": {}, "setting": {}}
    for key in sorted(values):
        group, _colon, name = key.partition(":")
        if name:
            groups[group][name] = values[key]
    return {
        "max": values.get(MAX),
        "hashsize": values.get(HASHSIZE),
        "count": count,
        "timeouts": groups["timeout"],
        "settings": groups["setting"],
    }


def render_sizing(sizing: Sizing) -> dict[str, Any]:
    return {
        "max": sizing.max,
        "hashsize": sizing.hashsize,
        "entry_bytes": sizing.entry_bytes,
        "memory_bytes": sizing.memory_bytes,
        "memory_limit_bytes": sizing.memory_limit_bytes,
        "load_factor": sizing.load_factor,
        "reasons": list(sizing.reasons),
    }


def render_operation(operation: Operation, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "kind": operation.kind,
        "target": operation.target,
        "name": operation.name,
        "before": operation.before,
        "after": operation.after,
        "status": status,
        "reason": reason or operation.reason,
    }


def render_outcomes(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    return [render_operation(outcome.operation, outcome.status, outcome.reason) for outcome in outcomes]


def planned(operations: Iterable[Operation]) -> tuple[Outcome, ...]:
    return tuple(Outcome(operation, PLANNED) for operation in operations)


def render_conflicts(conflicts: Iterable[Conflict]) -> list[dict[str, Any]]:
    return [
        {
            "key": item.key,
            "value": item.value,
            "source": item.source,
            "wins": item.wins,
            "note": item.note,
        }
        for item in conflicts
    ]


def render_event(kernel: Kernel, wanted: Mapping[str, int]) -> dict[str, Any]:
    """What an event leaves behind: ok when every wanted value will be there."""
    wrong = [key for key, value in wanted.items() if kernel.values.get(key) != value]
    return {
        "ok": kernel.loaded and not wrong,
        "max": kernel.values.get(MAX),
        "hashsize": kernel.values.get(HASHSIZE),
        "reasons": _event_reasons(kernel, wanted, wrong),
    }


def _event_reasons(kernel: Kernel, wanted: Mapping[str, int], wrong: list[str]) -> list[str]:
    if not kernel.loaded:
        return [*dict.fromkeys(kernel.notes), "conntrack will not be there"]
    differences = [
        f"{short_name(key)} will be {kernel.values.get(key)}, not {wanted[key]}: {kernel.sources.get(key, 'unknown')}"
        for key in wrong
    ]
    loaded = [f"the module is loaded by {kernel.loaded_by}"] if kernel.loaded_by else []
    return [*loaded, *dict.fromkeys(kernel.notes), *differences] if wrong else loaded


def render_diff(observed: Observed, operations: Iterable[Operation]) -> list[dict[str, str]]:
    """One entry for each file and one for all kernel values together."""
    operations = list(operations)
    files = [
        {
            "before": item.before or "",
            "after": item.after or "",
            "before_header": item.target if item.before is not None else f"{item.target} (absent)",
            "after_header": item.target if item.after is not None else f"{item.target} (absent)",
        }
        for item in operations
        if item.kind == FILE
    ]
    values = [item for item in operations if item.kind == VALUE]
    if values:
        files.append(
            {
                "before": "".join(f"{item.target} = {item.before or 'not there'}\n" for item in values),
                "after": "".join(f"{item.target} = {item.after}\n" for item in values),
                "before_header": f"kernel {observed.release}",
                "after_header": f"kernel {observed.release}",
            }
        )
    return files


def render_result(
    *, plan: Plan, observed: Observed, after: Mapping[str, Any], outcomes: tuple[Outcome, ...], transport: str
) -> dict[str, Any]:
    """All return keys. outcomes: planned ones in check mode, else what became of each operation."""
    events = plan.events
    result = {
        "changed": any(outcome.status in (PLANNED, DONE) for outcome in outcomes),
        "host": render_host(observed),
        "before": render_values(observed.values, observed.count),
        "after": dict(after),
        "sizing": render_sizing(plan.desired.sizing),
        "operations": render_outcomes(outcomes),
        # Not "skipped": Ansible takes a result with a true key of that name for a skipped task.
        "not_applied": [{"name": item.name, "reason": item.reason, "asked": item.asked} for item in plan.skipped],
        "conflicts": render_conflicts(plan.conflicts),
        "survives": {
            "reboot": render_event(events.reboot, plan.desired.values),
            "late_load": render_event(events.late_load, plan.desired.values),
            "firewall_restart": render_event(events.firewall_restart, plan.desired.values),
        },
        "transport": transport,
        "diff": render_diff(observed, (outcome.operation for outcome in outcomes)),
    }
    return {key: _printable_all(value) for key, value in result.items()}
