# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""auto with allow_lower: how far down a table goes, and that it does not go up again soon."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import Machine
from ansible_collections.stateward.conntrack.tests.support.sizings import GIB, KERNEL, MIB, SMALL, settled, size
from hypothesis import given, settings
from hypothesis import strategies as st

# Its own default is 65,536 entries, and 5 % of its RAM hold 524,288.
HOST = replace(KERNEL, version=(5, 4, 0), memory_bytes=4 * GIB, max=131072, hashsize=131072)


@pytest.mark.parametrize(
    ("present", "count", "wanted", "entries"),
    [
        # 65,536 would do: no less than half
        (131072, 20000, {}, 131072),
        # 65,536 would do again, a quarter of what is there
        (262144, 20000, {}, 131072),
        (1000000, 20000, {}, 131072),
        (131072, 60000, {}, 131072),
        (131072, 70000, {}, 262144),
        # what does not come from the count needs no room
        (524288, 0, {}, 65536),
        (131072, 0, {}, 65536),
        (524288, 100, {"floor": 131072}, 131072),
        (524288, 20000, {"connections": 60000}, 131072),
        # a limit is one, and ends the room
        (262144, 20000, {"memory_limit": 30 * MIB}, 65536),
        (131072, 20000, {"memory_limit": 30 * MIB}, 65536),
        # but no connection is lost for it
        (131072, 100000, {"memory_limit": 30 * MIB}, 131072),
        (524288, 100000, {"memory_limit": 30 * MIB}, 131072),
        # no limit at all is the largest table
        (0, 20000, {}, 131072),
        (None, 0, {}, 65536),
    ],
)
def test_how_far_down(present: int | None, count: int, wanted: dict[str, Any], entries: int) -> None:
    machine = replace(HOST, max=present, hashsize=present, count=count)
    assert size(machine, allow_lower=True, **wanted).max == entries


def test_a_load_that_comes_and_goes_leaves_the_table_alone() -> None:
    machine, seen = HOST, []
    for count in (60000, 20000, 60000, 35000):
        sizing = size(replace(machine, count=count), allow_lower=True)
        machine = settled(sizing, machine)
        seen.append((sizing.max, sizing.hashsize))
    assert seen == [(131072, 131072)] * 4


def test_the_reason_is_said() -> None:
    reasons = size(replace(HOST, max=262144, count=20000), allow_lower=True).reasons
    assert "max 131,072 instead of 65,536: 20,000 entries are in use, lowering leaves room for twice as many" in reasons


@given(
    st.integers(1, 1 << 22),
    st.lists(st.floats(1, 2, exclude_max=True), min_size=1, max_size=8),
    st.none() | st.integers(0, 1 << 24),
    st.sampled_from([{}, {"floor": 65536}, {"connections": 200000}, {"memory_limit": 64 * MIB}, {"headroom": 1.3}]),
    st.sampled_from([KERNEL, SMALL, HOST]),
)
@settings(max_examples=150, deadline=None)
def test_what_moves_by_less_than_two_never_goes_down_and_up(
    least: int, factors: list[float], present: int | None, wanted: dict[str, Any], kernel: Machine
) -> None:
    machine = replace(kernel, max=present, hashsize=present or 512)
    sizes: list[float] = [] if present is None else [present or math.inf]
    for factor in factors:
        sizing = size(replace(machine, count=int(least * factor)), allow_lower=True, **wanted)
        machine = settled(sizing, machine)
        sizes.append(sizing.max or 0)
    falls = [index for index in range(1, len(sizes)) if sizes[index] < sizes[index - 1]]
    assert all(sizes[index:] == sorted(sizes[index:], reverse=True) for index in falls)
