# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specs: one home for names, types, choices and defaults of every option.

Modules hand them to AnsibleModule, action plugins to ArgumentSpecValidator, and the option parser takes its defaults
and choices from here.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import PROFILES

PRESENT, ABSENT = "present", "absent"

NONE = "none"

ALL = "all"

PERSIST = ("preload", "modprobe", "sysctl", "late_load", "iptables_unload")

AUTO, PYTHON, SHELL = "auto", "python", "shell"

# Options that every module of the collection has; documented by the fragment C(transport).
SHARED_OPTIONS: dict[str, dict[str, Any]] = {
    "transport": {"type": "str", "choices": [AUTO, PYTHON, SHELL], "default": AUTO},
}

# max, hashsize and memory_limit are raw: a number may come as an integer or as text (ad hoc), and must not be rounded,
# truncated or turned from a boolean into 1 before the option parser has seen it.
TUNE_OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
    "profile": {"type": "str", "choices": list(PROFILES), "default": "general"},
    "max": {"type": "raw"},
    "hashsize": {"type": "raw"},
    "entries_per_bucket": {"type": "float"},
    "memory_limit": {"type": "raw"},
    "connections": {"type": "int"},
    "connection_rate": {"type": "int"},
    "headroom": {"type": "float", "default": 2.0},
    "allow_lower": {"type": "bool", "default": False},
    "timeouts": {"type": "dict", "default": {}},
    "settings": {"type": "dict", "default": {}},
    "runtime": {"type": "bool", "default": True},
    "persist": {"type": "list", "elements": "str", "choices": [*PERSIST, ALL], "default": []},
    "takeover": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "undo": {"type": "list", "elements": "dict"},
    **SHARED_OPTIONS,
}

# memory_limit is raw as in TUNE_OPTIONS.
INFO_OPTIONS: dict[str, dict[str, Any]] = {
    "warning": {"type": "int", "default": 75},
    "critical": {"type": "int", "default": 90},
    "memory_limit": {"type": "raw", "default": "15%"},
    "flows": {"type": "bool", "default": False},
    "top": {"type": "int", "default": 10},
    "flow_limit": {"type": "int"},
    "time_limit": {"type": "int", "default": 30},
    **SHARED_OPTIONS,
}
