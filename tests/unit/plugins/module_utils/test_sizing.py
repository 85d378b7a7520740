# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large max becomes, with a reason for every step, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError, RefusedError
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import Machine
from ansible_collections.stateward.conntrack.tests.support.sizings import GIB, KERNEL, MIB, SMALL, UNLOADED, size

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
    sizing = size(machine, **wanted)
    assert (sizing.max, sizing.hashsize) == (entries, buckets)


def test_auto_says_every_step() -> None:
    machine = replace(SMALL, count=3000)
    assert size(machine, floor=262144, connection_rate=5000).reasons == (
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
    (warning,) = size(SMALL, connections=600000).warnings
    assert "max 131,072 is too small for the need (600,000 connections expected" in warning
    assert "raise memory_limit" in warning
    assert size(SMALL, floor=600000).warnings == ()


def test_auto_does_not_lower_unless_told() -> None:
    large = replace(KERNEL, max=1000000, hashsize=1000448)
    kept = size(large)
    assert (kept.max, kept.hashsize) == (1000000, 1000448)
    assert "max stays 1,000,000: it is larger than 262,144, and lowering needs allow_lower=true" in kept.reasons
    lowered = size(large, allow_lower=True)
    assert (lowered.max, lowered.hashsize) == (262144, 262144)


def test_a_kept_value_above_the_limit_is_a_warning() -> None:
    sizing = size(replace(SMALL, max=1000000, hashsize=1000448))
    assert sizing.max == 1000000
    assert sizing.warnings == ("max 1,000,000 takes 373.8 MiB when full, above the memory limit of 51.2 MiB.",)


def test_lowering_stops_at_the_entries_in_use() -> None:
    busy = replace(SMALL, max=1000000, hashsize=1000448, count=300000)
    sizing = size(busy, allow_lower=True)
    assert sizing.max == 524288
    assert "max 524,288 instead of 131,072: 300,000 entries are in use" in sizing.reasons


@pytest.mark.parametrize("wanted", [1000000, 100000, 524288, 655360, 6553600])
def test_a_number_is_exact(wanted: int) -> None:
    assert size(max=wanted).max == wanted
    assert f"max {wanted:,} is what was asked for" in size(max=wanted).reasons


def test_keep() -> None:
    sizing = size(replace(KERNEL, max=300000, hashsize=65536), max="keep", hashsize="keep")
    assert (sizing.max, sizing.hashsize) == (300000, 65536)
    assert sizing.load_factor == pytest.approx(9.155, abs=1e-3)


def test_keep_without_the_module_leaves_both_to_the_kernel() -> None:
    sizing = size(UNLOADED, max="keep")
    assert (sizing.max, sizing.hashsize, sizing.load_factor) == (None, None, 2.0)
    assert sizing.memory_bytes == 262144 * 392


def test_a_hashsize_without_a_max_makes_eight_times_the_entries_at_load() -> None:
    sizing = size(UNLOADED, max="keep", hashsize=70000)
    assert (sizing.max, sizing.hashsize) == (None, 70144)
    assert sizing.warnings == ("max is left to the kernel: at load it makes 561,152 of hashsize 70,144, 8 per bucket.",)


# ---------------------------------------------------------------------------------------------- no limit


def test_max_0_is_no_limit_and_stays_one() -> None:
    sizing = size(replace(KERNEL, max=0, count=1000000))
    assert (sizing.max, sizing.hashsize) == (0, 2097152)
    assert (sizing.load_factor, sizing.memory_bytes) == (None, None)
    assert "max is 0, which means no limit: the table may grow until memory is used up." in sizing.warnings


def test_max_0_ends_when_lowering_is_allowed() -> None:
    assert size(replace(KERNEL, max=0, count=1000000), allow_lower=True).max == 2097152
    assert size(replace(SMALL, max=0, count=300000), allow_lower=True).max == 524288


def test_max_0_kept_with_its_buckets() -> None:
    sizing = size(replace(KERNEL, max=0), max="keep", hashsize="keep", memory_limit=1)
    assert (sizing.max, sizing.hashsize) == (0, 262144)


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
        size(machine, **wanted)
    assert words in str(refusal.value)
    assert size(machine, force=True, **wanted).warnings


def test_the_way_out_that_a_refusal_names_is_one() -> None:
    with pytest.raises(RefusedError, match=r"1,369,558 entries fit\.") as refusal:
        size(max=10000000, memory_limit=512 * MIB)
    assert "raise memory_limit" in str(refusal.value)
    assert size(max=1369558, memory_limit=512 * MIB).max == 1369558
    with pytest.raises(RefusedError, match=r"1,392,640 entries fit\."):
        size(max=10000000, hashsize="keep", memory_limit=512 * MIB)
    assert size(max=1392640, hashsize="keep", memory_limit=512 * MIB).warnings == ()


def test_a_number_above_the_share_of_the_profile_is_a_warning() -> None:
    (warning,) = size(max=10000000).warnings
    assert warning == "max 10,000,000 takes 3,738.4 MiB when full, above the memory limit of 1,205.3 MiB."


@pytest.mark.parametrize(
    ("option", "value"), [("max", 0), ("max", -1), ("max", 1 << 31), ("hashsize", 0), ("hashsize", -5)]
)
def test_a_number_that_no_kernel_takes(option: str, value: int) -> None:
    with pytest.raises(OptionError, match=option):
        size(KERNEL, **{option: value})


def test_without_known_ram_there_is_no_limit() -> None:
    sizing = size(replace(KERNEL, memory_bytes=0), floor=1048576)
    assert (sizing.max, sizing.memory_limit_bytes) == (1048576, None)
    assert "memory limit: none, the amount of RAM is not known" in sizing.reasons
