# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines, and what is wanted of them, for the tests of the sizing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import EntryCost
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import Machine, Request, Sizing, size_table

MIB, GIB = 1 << 20, 1 << 30

AUTO = Request(
    profile="general",
    max="auto",
    hashsize="auto",
    entries_per_bucket=1.0,
    memory_limit=None,
    memory_share=0.05,
    headroom=2.0,
    connections=None,
    connection_rate=None,
    lifetime_seconds=120,
    lifetime_name="tcp_time_wait",
    floor=0,
    allow_lower=False,
    force=False,
)
KERNEL = Machine(
    version=(6, 18, 44),
    family="",
    memory_bytes=25276510208,
    pointer_bits=64,
    page_size=4096,
    entry=EntryCost(384, "slabinfo 256 + 128 for the extension area"),
    max=262144,
    hashsize=262144,
    count=0,
)
SMALL = replace(KERNEL, memory_bytes=GIB, max=8192, hashsize=8192)
STRICT = replace(KERNEL, version=(5, 15, 30))
UNLOADED = replace(KERNEL, max=None, hashsize=None)


def size(machine: Machine = KERNEL, **wanted: Any) -> Sizing:
    """A request that is like AUTO but for this."""
    return size_table(replace(AUTO, **wanted), machine)


def settled(sizing: Sizing, machine: Machine) -> Machine:
    """The machine that has what was decided."""
    return replace(machine, max=sizing.max, hashsize=sizing.hashsize)
