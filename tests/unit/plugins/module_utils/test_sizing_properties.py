# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sizing of any request on any machine: settled after one run, never lower by itself, within its limit."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import EntryCost
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import Machine, Request, size_table
from ansible_collections.stateward.conntrack.tests.support.sizings import AUTO, MIB, settled
from hypothesis import given, settings
from hypothesis import strategies as st

VERSIONS = [((2, 4, 32), ""), ((2, 6, 18, 274), "el5"), ((2, 6, 32, 642), "el6"), ((3, 10, 0, 1160), "el7")]
VERSIONS += [((4, 18, 0, 240), "el8"), ((5, 14, 0, 427), "el9"), ((5, 15, 30), ""), ((6, 18, 44), "")]


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    version, family = draw(st.sampled_from(VERSIONS))
    loaded = draw(st.booleans())
    return Machine(
        version=version,
        family=family,
        memory_bytes=draw(st.integers(16 * MIB, 1 << 40)),
        pointer_bits=draw(st.sampled_from([32, 64])),
        page_size=draw(st.sampled_from([4096, 65536])),
        entry=EntryCost(draw(st.integers(200, 512)), "drawn"),
        max=draw(st.integers(0, (1 << 31) - 1)) if loaded else None,
        hashsize=draw(st.integers(1, 1 << 22)) if loaded else None,
        count=draw(st.integers(0, 1 << 22)) if loaded else 0,
    )


requests = st.builds(
    replace,
    st.just(AUTO),
    max=st.sampled_from(["auto", "keep"]),
    hashsize=st.sampled_from(["auto", "keep"]),
    entries_per_bucket=st.sampled_from([0.5, 1.0, 3.0, 4.0, 8.0]),
    memory_limit=st.none() | st.integers(1 << 20, 1 << 34),
    connections=st.none() | st.integers(1, 1 << 24),
    connection_rate=st.none() | st.integers(1, 1 << 20),
    floor=st.integers(0, 1 << 22),
    allow_lower=st.booleans(),
)


@given(requests, machines())
@settings(max_examples=150, deadline=None)
def test_twice_is_once(request: Request, machine: Machine) -> None:
    try:
        first = size_table(request, machine)
    except RefusedError:
        return
    second = size_table(request, settled(first, machine))
    assert (second.max, second.hashsize) == (first.max, first.hashsize)
    assert second.memory_bytes == first.memory_bytes


@given(requests, machines(), st.lists(st.integers(0, 1 << 24), max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_growing_count_never_lowers_anything(request: Request, machine: Machine, counts: list[int]) -> None:
    request, machine = (
        replace(request, max="auto", hashsize="auto", memory_limit=None),
        replace(machine, max=machine.max or 1),
    )
    machine = replace(machine, hashsize=machine.hashsize or 1)
    machine = settled(size_table(replace(request, allow_lower=False), machine), machine)
    for count in sorted(counts):
        sizing = size_table(replace(request, allow_lower=False), replace(machine, count=count))
        assert (sizing.max or 0) >= (machine.max or 0)
        assert (sizing.hashsize or 0) >= (machine.hashsize or 0)
        machine = settled(sizing, machine)


@given(requests, machines())
@settings(max_examples=100, deadline=None)
def test_what_auto_makes_new_is_a_power_of_two_within_the_limit(request: Request, machine: Machine) -> None:
    fresh = replace(machine, max=None, hashsize=None, count=0)
    request = replace(request, max="auto", hashsize="auto", memory_limit=request.memory_limit and 16 * MIB)
    sizing = size_table(request, fresh)
    entries = sizing.max or 0
    assert entries & (entries - 1) == 0
    assert entries <= 1024 or (sizing.memory_bytes or 0) <= (sizing.memory_limit_bytes or 0)
