# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import (
    OptionError,
    RefusedError,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import EntryCost
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import Machine, Request, Sizing, size_table
from hypothesis import given, settings
from hypothesis import strategies as st

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


def _size(machine: Machine = KERNEL, **wanted: Any) -> Sizing:
    return size_table(replace(AUTO, **wanted), machine)


def _settled(sizing: Sizing, machine: Machine) -> Machine:
    return replace(machine, max=sizing.max, hashsize=sizing.hashsize)


# ---------------------------------------------------------------------------------------------- max


@pytest.mark.parametrize(
    ("machine", "wanted", "entries", "buckets"),
    [
        (KERNEL, {}, 262144, 262144),
        (UNLOADED, {}, 262144, 262144),
        (KERNEL, {"connections": 300000}, 1048576, 1048576),
        (KERNEL, {"connections": 262144, "headroom": 1.0}, 262144, 262144),
        (KERNEL, {"connection_rate": 5000}, 2097152, 2097152),
        (KERNEL, {"connection_rate": 5000, "lifetime_seconds": 65}, 1048576, 1048576),
        (KERNEL, {"floor": 524288}, 524288, 524288),
        (replace(KERNEL, count=200000), {}, 524288, 524288),
        (KERNEL, {"connections": 300000, "entries_per_bucket": 4.0}, 1048576, 262144),
        # 5 % of 1 GiB is 51.2 MiB: 131072 x 392 bytes fit, twice that does not
        (SMALL, {"floor": 524288}, 131072, 131072),
        (SMALL, {"floor": 524288, "memory_limit": 98 * MIB}, 262144, 262144),
        (SMALL, {"floor": 524288, "memory_limit": 98 * MIB - 1}, 131072, 131072),
        # 16 GiB of RAM, but a 32-bit kernel has 896 MiB for itself
        (
            replace(KERNEL, memory_bytes=16 * GIB, pointer_bits=32, version=(2, 6, 18, 274), family="el5"),
            {},
            262144,
            262144,
        ),
        (replace(KERNEL, memory_bytes=16 * GIB, pointer_bits=32, max=65536), {"floor": 1048576}, 65536, 262144),
    ],
)
def test_auto(machine: Machine, wanted: dict[str, Any], entries: int, buckets: int) -> None:
    sizing = _size(machine, **wanted)
    assert (sizing.max, sizing.hashsize) == (entries, buckets)


def test_auto_says_every_step() -> None:
    machine = replace(SMALL, count=3000)
    assert _size(machine, floor=262144, connection_rate=5000).reasons == (
        "memory limit: 5 % of 1,024.0 MiB of RAM (profile general) = 51.2 MiB",
        "the kernel's own default with 1,024.0 MiB of RAM: 8,192 entries",
        "the floor of the profile general: 262,144 entries",
        "5,000 new connections per second x 120 s (tcp_time_wait) = 600,000, x headroom 2: 1,200,000 entries",
        "3,000 entries in use now, x headroom 2: 6,000 entries",
        "the largest of these, rounded up to a power of two: 2,097,152 entries",
        "2,097,152 entries would take 784.0 MiB, above the limit of 51.2 MiB: cut to 131,072",
        "hashsize: 131,072 entries / 1 per bucket = 131,072 buckets",
        "memory when full: 131,072 entries x 384 bytes (slabinfo 256 + 128 for the extension area) + "
        "131,072 buckets x 8 = 49.0 MiB",
    )


def test_a_need_above_the_memory_limit_is_a_warning_a_floor_is_not() -> None:
    (warning,) = _size(SMALL, connections=600000).warnings
    assert "max 131,072 is too small for the need (600,000 connections expected" in warning
    assert "raise memory_limit" in warning
    assert _size(SMALL, floor=600000).warnings == ()


def test_auto_does_not_lower_unless_told() -> None:
    large = replace(KERNEL, max=1000000, hashsize=1000448)
    kept = _size(large)
    assert (kept.max, kept.hashsize) == (1000000, 1000448)
    assert "max stays 1,000,000: it is larger than 262,144, and lowering needs allow_lower=true" in kept.reasons
    lowered = _size(large, allow_lower=True)
    assert (lowered.max, lowered.hashsize) == (262144, 262144)


def test_a_kept_value_above_the_limit_is_a_warning() -> None:
    sizing = _size(replace(SMALL, max=1000000, hashsize=1000448))
    assert sizing.max == 1000000
    assert sizing.warnings == ("max 1,000,000 takes 373.8 MiB when full, above the memory limit of 51.2 MiB.",)


def test_lowering_stops_at_the_entries_in_use() -> None:
    busy = replace(SMALL, max=1000000, hashsize=1000448, count=300000)
    sizing = _size(busy, allow_lower=True)
    assert sizing.max == 524288
    assert "max 524,288 instead of 131,072: 300,000 entries are in use" in sizing.reasons


@pytest.mark.parametrize("wanted", [1000000, 100000, 524288, 655360, 6553600])
def test_a_number_is_exact(wanted: int) -> None:
    assert _size(max=wanted).max == wanted
    assert f"max {wanted:,} is what was asked for" in _size(max=wanted).reasons


def test_keep() -> None:
    sizing = _size(replace(KERNEL, max=300000, hashsize=65536), max="keep", hashsize="keep")
    assert (sizing.max, sizing.hashsize) == (300000, 65536)
    assert sizing.load_factor == pytest.approx(9.155, abs=1e-3)


def test_keep_without_the_module_leaves_both_to_the_kernel() -> None:
    sizing = _size(UNLOADED, max="keep")
    assert (sizing.max, sizing.hashsize, sizing.load_factor) == (None, None, 2.0)
    assert sizing.memory_bytes == 262144 * 392


def test_a_hashsize_without_a_max_makes_eight_times_the_entries_at_load() -> None:
    sizing = _size(UNLOADED, max="keep", hashsize=70000)
    assert (sizing.max, sizing.hashsize) == (None, 70144)
    assert sizing.warnings == ("max is left to the kernel: at load it makes 561,152 of hashsize 70,144, 8 per bucket.",)


# ---------------------------------------------------------------------------------------------- no limit


def test_max_0_is_no_limit_and_stays_one() -> None:
    sizing = _size(replace(KERNEL, max=0, count=1000000))
    assert (sizing.max, sizing.hashsize) == (0, 2097152)
    assert (sizing.load_factor, sizing.memory_bytes) == (None, None)
    assert "max is 0, which means no limit: the table may grow until memory is used up." in sizing.warnings


def test_max_0_ends_when_lowering_is_allowed() -> None:
    assert _size(replace(KERNEL, max=0, count=1000000), allow_lower=True).max == 2097152
    assert _size(replace(SMALL, max=0, count=300000), allow_lower=True).max == 524288


def test_max_0_kept_with_its_buckets() -> None:
    sizing = _size(replace(KERNEL, max=0), max="keep", hashsize="keep", memory_limit=1)
    assert (sizing.max, sizing.hashsize) == (0, 262144)


# ---------------------------------------------------------------------------------------------- buckets


@pytest.mark.parametrize(
    ("wanted", "buckets", "reason"),
    [
        (70000, 70144, "hashsize 70000 asked, the kernel makes 70144 of it (multiples of 512)"),
        (1, 512, "hashsize 1 asked, the kernel makes 512 of it (multiples of 512)"),
        (65536, 65536, "hashsize 65536 is what was asked for"),
    ],
)
def test_a_hashsize_is_what_the_kernel_makes_of_it(wanted: int, buckets: int, reason: str) -> None:
    sizing = _size(hashsize=wanted)
    assert sizing.hashsize == buckets
    assert reason in [line.replace(",0", "0").replace(",1", "1").replace(",5", "5") for line in sizing.reasons]


def test_auto_buckets_are_rounded_as_the_kernel_will() -> None:
    sizing = _size(max=1000000)
    assert sizing.hashsize == 1000448
    reason = "hashsize: 1,000,000 entries / 1 per bucket = 1,000,000 buckets, of which the kernel makes 1,000,448"
    assert any(line.startswith(reason) for line in sizing.reasons)


def test_the_oldest_kernels_do_not_round() -> None:
    el5 = replace(KERNEL, version=(2, 6, 18, 274), family="el5", max=65536, hashsize=8192)
    assert _size(el5, max=1000000).hashsize == 1000000
    assert _size(el5, hashsize=70000).hashsize == 70000


def test_auto_keeps_more_buckets_than_needed() -> None:
    sizing = _size(replace(KERNEL, hashsize=1048576))
    assert sizing.hashsize == 1048576
    assert "hashsize stays 1,048,576: more buckets only cost memory, here 6.0 MiB" in sizing.reasons
    assert _size(replace(KERNEL, hashsize=1048576), allow_lower=True).hashsize == 262144


def test_an_absurd_max_in_force_does_not_buy_absurd_buckets() -> None:
    sizing = _size(replace(SMALL, max=2147483647))
    assert sizing.max == 2147483647
    assert (sizing.hashsize or 0) * 8 < 16 * MIB
    assert any("all that half of the RAM can hold" in line for line in sizing.reasons)


@pytest.mark.parametrize("wanted", [268435455, 268435456, 2147483647])
def test_more_buckets_than_the_kernel_accepts_are_refused_even_with_force(wanted: int) -> None:
    with pytest.raises(RefusedError, match="above 268,435,455, the most that this kernel accepts"):
        _size(hashsize=wanted, force=True)


def test_too_few_buckets_on_a_strict_kernel_are_a_warning_with_the_cure() -> None:
    (warning,) = _size(STRICT, max=1048576, hashsize=131072).warnings
    assert "refuses 39 % of new connections, with no line in the log" in warning
    assert "limits a chain to 8 to 31 entries. 1,048,576 buckets avoid it." in warning
    assert _size(STRICT, max=1048576, hashsize=1048576).warnings == ()
    assert _size(KERNEL, max=1048576, hashsize=131072).warnings == ()


def test_load_factor() -> None:
    assert _size(STRICT, max=1048576, hashsize=262144).load_factor == 8


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("machine", "wanted", "words"),
    [
        (replace(KERNEL, count=5000), {"max": 4999}, "max 4,999 is below the 5,000 entries in use"),
        (
            KERNEL,
            {"max": 40000000},
            "14,894.4 MiB of unswappable memory when full, above half of the 24,105.6 MiB of RAM",
        ),
        (KERNEL, {"max": 2000000, "memory_limit": 512 * MIB}, "above the memory_limit of 512.0 MiB"),
        (
            KERNEL,
            {"hashsize": 100000000, "memory_limit": 512 * MIB, "max": "keep"},
            "hashsize 100,000,256 takes 762.9 MiB",
        ),
        (
            KERNEL,
            {"memory_limit": 5000},
            "memory_limit is 0.0048 MiB, but a table of only 1,024 entries takes 0.38 MiB",
        ),
    ],
)
def test_refused_without_force_and_warned_with_it(machine: Machine, wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match="force=true") as refusal:
        _size(machine, **wanted)
    assert words in str(refusal.value)
    assert _size(machine, force=True, **wanted).warnings


def test_the_way_out_that_a_refusal_names_is_one() -> None:
    with pytest.raises(RefusedError, match=r"1,369,558 entries fit\.") as refusal:
        _size(max=10000000, memory_limit=512 * MIB)
    assert "raise memory_limit" in str(refusal.value)
    assert _size(max=1369558, memory_limit=512 * MIB).max == 1369558
    with pytest.raises(RefusedError, match=r"1,392,640 entries fit\."):
        _size(max=10000000, hashsize="keep", memory_limit=512 * MIB)
    assert _size(max=1392640, hashsize="keep", memory_limit=512 * MIB).warnings == ()


def test_a_number_above_the_share_of_the_profile_is_a_warning() -> None:
    (warning,) = _size(max=10000000).warnings
    assert warning == "max 10,000,000 takes 3,738.4 MiB when full, above the memory limit of 1,205.3 MiB."


@pytest.mark.parametrize(
    ("option", "value"), [("max", 0), ("max", -1), ("max", 1 << 31), ("hashsize", 0), ("hashsize", -5)]
)
def test_a_number_that_no_kernel_takes(option: str, value: int) -> None:
    with pytest.raises(OptionError, match=option):
        _size(KERNEL, **{option: value})


def test_without_known_ram_there_is_no_limit() -> None:
    sizing = _size(replace(KERNEL, memory_bytes=0), floor=1048576)
    assert (sizing.max, sizing.memory_limit_bytes) == (1048576, None)
    assert "memory limit: none, the amount of RAM is not known" in sizing.reasons


# ---------------------------------------------------------------------------------------------- properties

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
    second = size_table(request, _settled(first, machine))
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
    machine = _settled(size_table(replace(request, allow_lower=False), machine), machine)
    for count in sorted(counts):
        sizing = size_table(replace(request, allow_lower=False), replace(machine, count=count))
        assert (sizing.max or 0) >= (machine.max or 0)
        assert (sizing.hashsize or 0) >= (machine.hashsize or 0)
        machine = _settled(sizing, machine)


@given(requests, machines())
@settings(max_examples=100, deadline=None)
def test_what_auto_makes_new_is_a_power_of_two_within_the_limit(request: Request, machine: Machine) -> None:
    fresh = replace(machine, max=None, hashsize=None, count=0)
    request = replace(request, max="auto", hashsize="auto", memory_limit=request.memory_limit and 16 * MIB)
    sizing = size_table(request, fresh)
    entries = sizing.max or 0
    assert entries & (entries - 1) == 0
    assert entries <= 1024 or (sizing.memory_bytes or 0) <= (sizing.memory_limit_bytes or 0)
