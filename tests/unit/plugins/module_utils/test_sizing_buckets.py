# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many buckets: what the kernel makes of a number, and when they are too few or too many."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError
from ansible_collections.stateward.conntrack.tests.support.sizings import KERNEL, MIB, SMALL, STRICT, size


@pytest.mark.parametrize(
    ("wanted", "buckets", "reason"),
    [
        (70000, 70144, "hashsize 70000 asked, the kernel makes 70144 of it (multiples of 512)"),
        (1, 512, "hashsize 1 asked, the kernel makes 512 of it (multiples of 512)"),
        (65536, 65536, "hashsize 65536 is what was asked for"),
    ],
)
def test_a_hashsize_is_what_the_kernel_makes_of_it(wanted: int, buckets: int, reason: str) -> None:
    sizing = size(hashsize=wanted)
    assert sizing.hashsize == buckets
    assert reason in [line.replace(",0", "0").replace(",1", "1").replace(",5", "5") for line in sizing.reasons]


def test_auto_buckets_are_rounded_as_the_kernel_will() -> None:
    sizing = size(max=1000000)
    assert sizing.hashsize == 1000448
    reason = "hashsize: 1,000,000 entries / 1 per bucket = 1,000,000 buckets, of which the kernel makes 1,000,448"
    assert any(line.startswith(reason) for line in sizing.reasons)


def test_the_oldest_kernels_do_not_round() -> None:
    el5 = replace(KERNEL, version=(2, 6, 18, 274), family="el5", max=65536, hashsize=8192)
    assert size(el5, max=1000000).hashsize == 1000000
    assert size(el5, hashsize=70000).hashsize == 70000


def test_auto_keeps_more_buckets_than_needed() -> None:
    sizing = size(replace(KERNEL, hashsize=1048576))
    assert sizing.hashsize == 1048576
    assert "hashsize stays 1,048,576: more buckets only cost memory, here 6.0 MiB" in sizing.reasons
    assert size(replace(KERNEL, hashsize=1048576), allow_lower=True).hashsize == 262144


def test_an_absurd_max_in_force_does_not_buy_absurd_buckets() -> None:
    sizing = size(replace(SMALL, max=2147483647))
    assert sizing.max == 2147483647
    assert (sizing.hashsize or 0) * 8 < 16 * MIB
    assert any("all that half of the RAM can hold" in line for line in sizing.reasons)


@pytest.mark.parametrize("wanted", [268435455, 268435456, 2147483647])
def test_more_buckets_than_the_kernel_accepts_are_refused_even_with_force(wanted: int) -> None:
    with pytest.raises(RefusedError, match="above 268,435,455, the most that this kernel accepts"):
        size(hashsize=wanted, force=True)


def test_too_few_buckets_on_a_strict_kernel_are_a_warning_with_the_cure() -> None:
    (warning,) = size(STRICT, max=1048576, hashsize=131072).warnings
    assert "refuses 39 % of new connections, with no line in the log" in warning
    assert "limits a chain to 8 to 31 entries. 1,048,576 buckets avoid it." in warning
    assert size(STRICT, max=1048576, hashsize=1048576).warnings == ()
    assert size(KERNEL, max=1048576, hashsize=131072).warnings == ()


def test_load_factor() -> None:
    assert size(STRICT, max=1048576, hashsize=262144).load_factor == 8
