# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of what conntrack_info returns: one host whose answer is something else must not spoil the whole report."""

from __future__ import annotations

from typing import Any, Mapping, Tuple, Union

_Types = Union[type, Tuple[type, ...]]

_COUNT: _Types = (int, type(None))
_NUMBER: _Types = (int, float, type(None))

# Marks the shape of each value of a dictionary with any keys.
_EACH = "*"

_COUNTS = {_EACH: int}
_PREDICTION = {"ok": bool, "max": _COUNT, "hashsize": _COUNT, "reasons": [str]}
_RANKED = [{"address": str, "count": int}]

# Types; a list with the shape of its items; a dictionary with the shapes of the keys that have to be there.
INFO_SHAPE: Mapping[str, Any] = {
    "host": {
        **dict.fromkeys(("kernel", "dialect", "module", "init", "platform", "distribution", "netns"), str),
        "memory_bytes": int,
        "container": bool,
    },
    **dict.fromkeys(("max", "hashsize", "count"), _COUNT),
    **dict.fromkeys(("usage_percent", "load_factor"), _NUMBER),
    "memory": {
        "entry_bytes": _COUNT,
        "entry_source": str,
        **dict.fromkeys(("now_bytes", "full_bytes", "limit_bytes"), _COUNT),
        "full_percent": _NUMBER,
    },
    **dict.fromkeys(("counters", "timeouts", "settings"), _COUNTS),
    "kernel_log": {"count": int, "last": str, "source": str, "netns": [str]},
    "persisted": [{"key": str, "value": str, "source": str, "when": str, "ours": bool}],
    "conflicts": [{"key": str, "value": str, "source": str, "wins": bool, "note": str}],
    "survives": dict.fromkeys(("reboot", "late_load", "firewall_restart"), _PREDICTION),
    "verdict": {"level": str, "findings": [{"rule": str, "level": str, "reason": str}]},
    "transport": str,
}

# Of the key flows, unless that is null.
FLOWS_SHAPE: Mapping[str, Any] = {
    "available": bool,
    "source": str,
    **dict.fromkeys(("entries", "assured", "unreplied", "offloaded", "top_error"), int),
    **dict.fromkeys(("l3", "l4", "tcp_states"), _COUNTS),
    "top_sources": _RANKED,
    "top_destinations": _RANKED,
    "top_ports": [{"protocol": str, "port": int, "count": int}],
    "truncated": bool,
    "note": str,
}


def find_flaw(info: Any) -> str:
    """Where a result of conntrack_info is not what it should be, such as C(verdict.level); empty when it is."""
    flaw = _flaw(info, INFO_SHAPE, "")
    if flaw:
        return flaw
    flows = info.get("flows")
    return "" if flows is None else _flaw(flows, FLOWS_SHAPE, "flows")


def _flaw(value: Any, shape: Any, path: str) -> str:
    if isinstance(shape, Mapping):
        return _flaw_inside(value, shape, path)
    if isinstance(shape, list):
        items = value if isinstance(value, list) else [None]
        return next((flaw for flaw in (_flaw(item, shape[0], path) for item in items) if flaw), "")
    right = isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
    return "" if right else path or "the whole"


def _flaw_inside(value: Any, shape: Mapping[str, Any], path: str) -> str:
    if not isinstance(value, dict):
        return path or "the whole"
    wanted = dict.fromkeys(value, shape[_EACH]) if _EACH in shape else shape
    flaws = (_flaw(value.get(key), wanted[key], f"{path}.{key}".lstrip(".")) for key in wanted)
    return next((flaw for flaw in flaws if flaw), "")
