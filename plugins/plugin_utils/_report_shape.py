# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of what conntrack_info returns: one host whose answer is something else must not spoil the whole report."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._levels import CRITICAL, OK, WARNING

# The levels of a verdict, the worst first.
LEVELS = (CRITICAL, WARNING, OK)

# What no kernel exceeds: its own numbers have 64 bits. Python's have no end, and a float cannot hold most of those.
NUMBER_LIMIT = 2**63
# Many times what any host says: the report holds the answers of the whole fleet.
TEXT_LIMIT = 16_384
ANSWER_LIMIT = 1_000_000
# Python's own JSON ends with an error where an answer is nested as deep as its stack.
DEPTH_LIMIT = 20

Check = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    """Whether it is a text of a length that a report can hold."""
    return isinstance(value, str) and len(value) <= TEXT_LIMIT


def is_flag(value: Any) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether it is a number that a kernel can have counted or a share of such numbers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < NUMBER_LIMIT


def is_count(value: Any) -> bool:
    """Whether it is a whole number that a kernel can have counted."""
    return isinstance(value, int) and is_number(value)


def is_setting(value: Any) -> bool:
    """Whether it is the value of a setting; some settings have values below 0."""
    return isinstance(value, int) and not isinstance(value, bool) and -NUMBER_LIMIT <= value < NUMBER_LIMIT


def is_level(value: Any) -> bool:
    """Whether it is a level of a verdict."""
    return value in LEVELS


def maybe(check: Check) -> Check:
    """A check that nothing passes, too."""
    return lambda value: value is None or check(value)


_COUNT = maybe(is_count)
_NUMBER = maybe(is_number)

# Marks the shape of each value of a dictionary with any keys.
EACH = "*"

_SETTINGS = {EACH: is_setting}
_PREDICTION = {"ok": is_flag, "max": _COUNT, "hashsize": _COUNT, "reasons": [is_text]}
_RANKED = [{"address": is_text, "count": is_count}]
_HOST = ("kernel", "dialect", "module", "init", "platform", "distribution", "netns")

# Checks; a list with the shape of its items; a dictionary with the shapes of the keys that have to be there.
INFO_SHAPE: Mapping[str, Any] = {
    "host": {**dict.fromkeys(_HOST, is_text), "memory_bytes": is_count, "container": is_flag},
    **dict.fromkeys(("max", "hashsize", "count"), _COUNT),
    **dict.fromkeys(("usage_percent", "load_factor"), _NUMBER),
    "memory": {
        "entry_bytes": _COUNT,
        "entry_source": is_text,
        **dict.fromkeys(("now_bytes", "full_bytes", "limit_bytes"), _COUNT),
        "full_percent": _NUMBER,
    },
    "counters": {EACH: is_count},
    "timeouts": _SETTINGS,
    "settings": _SETTINGS,
    "kernel_log": {"count": is_count, "last": is_text, "source": is_text, "netns": [is_text]},
    "persisted": [{**dict.fromkeys(("key", "value", "source", "when"), is_text), "ours": is_flag}],
    "conflicts": [{**dict.fromkeys(("key", "value", "source", "note"), is_text), "wins": is_flag}],
    "survives": dict.fromkeys(("reboot", "late_load", "firewall_restart"), _PREDICTION),
    "verdict": {"level": is_level, "findings": [{"rule": is_text, "level": is_level, "reason": is_text}]},
    "transport": is_text,
}

# Of the key flows, unless that is null.
FLOWS_SHAPE: Mapping[str, Any] = {
    "available": is_flag,
    "source": is_text,
    **dict.fromkeys(("entries", "assured", "unreplied", "offloaded", "top_error"), is_count),
    **{key: {EACH: is_count} for key in ("l3", "l4", "tcp_states")},
    "top_sources": _RANKED,
    "top_destinations": _RANKED,
    "top_ports": [{"protocol": is_text, "port": is_count, "count": is_count}],
    "truncated": is_flag,
    "note": is_text,
}

# What of conntrack_info's result is kept: not what Ansible adds to every result.
INFO_KEYS = (*INFO_SHAPE, "flows")


def find_flaw(info: Any) -> str:
    """Where a result of conntrack_info is not what it should be, such as C(verdict.level); empty when it is."""
    flaw = misfit(info, INFO_SHAPE)
    if flaw:
        return flaw
    flaw = "" if info.get("flows") is None else misfit(info["flows"], FLOWS_SHAPE, "flows")
    return flaw or _find_excess({key: info.get(key) for key in INFO_KEYS})


def _find_excess(info: Mapping[str, Any]) -> str:
    """What is too much of an answer: keys that this version does not know are kept, and can have anything in them."""
    level: list[Any] = [info]
    for _depth in range(DEPTH_LIMIT):
        level = [part for each in level for part in _parts(each)]
    size = 0 if level else len(json.dumps(info))
    return "nested too deep" if level else f"{size:,} characters" if size > ANSWER_LIMIT else ""


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def misfit(value: Any, shape: Any, path: str = "") -> str:
    """The path of the first thing in a value that has not this shape; empty when there is none."""
    if isinstance(shape, Mapping):
        return _misfit_inside(value, shape, path)
    if isinstance(shape, list):
        items = value if isinstance(value, list) else [None]
        return next((flaw for flaw in (misfit(item, shape[0], path) for item in items) if flaw), "")
    return "" if shape(value) else path or "the whole"


def _misfit_inside(value: Any, shape: Mapping[str, Any], path: str) -> str:
    if not isinstance(value, dict):
        return path or "the whole"
    wanted = dict.fromkeys(value, shape[EACH]) if EACH in shape else shape
    flaws = (misfit(value.get(key), wanted[key], f"{path}.{key}".lstrip(".")) for key in wanted)
    return next((flaw for flaw in flaws if flaw), "")
