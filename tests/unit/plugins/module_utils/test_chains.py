# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import timeit

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._chains import chain_window, refused_share
from hypothesis import given, settings
from hypothesis import strategies as st

STRICT, WIDE = (8, 31), (50, 79)


@pytest.mark.parametrize(
    ("version", "family", "window"),
    [
        ((2, 6, 18, 274), "el5", None),
        ((4, 18, 0, 240), "el8", None),
        ((5, 10, 223), "", None),
        ((5, 14, 21), "", None),
        ((5, 14, 0, 427), "el9", STRICT),
        ((5, 15, 30), "", STRICT),
        ((6, 0, 19), "", STRICT),
        ((6, 1, 0, 32), "", WIDE),
        ((6, 3, 0), "", WIDE),
        ((6, 12, 0, 55), "el10", WIDE),
        ((6, 18, 44), "", WIDE),
    ],
)
def test_window(version: tuple[int, ...], family: str, window: tuple[int, int] | None) -> None:
    assert chain_window(version, family) == window


# Percent refused, by max per bucket and how full the table is, each to the digits it was published with.
@pytest.mark.parametrize(
    ("ratio", "full", "window", "percent"),
    [
        (1, 0.5, STRICT, "0"),
        (1, 0.75, STRICT, "0"),
        (1, 1, STRICT, "0.0005"),
        (1, 0.75, WIDE, "0"),
        (1, 1, WIDE, "0"),
        (2, 0.5, STRICT, "0.0005"),
        (2, 0.75, STRICT, "0.01"),
        (2, 1, STRICT, "0.1"),
        (2, 0.75, WIDE, "0"),
        (2, 1, WIDE, "0"),
        (4, 0.5, STRICT, "0.1"),
        (4, 0.75, STRICT, "1.3"),
        (4, 1, STRICT, "5.4"),
        (4, 0.75, WIDE, "0"),
        (4, 1, WIDE, "0"),
        (8, 0.5, STRICT, "5.4"),
        (8, 0.75, STRICT, "21"),
        (8, 1, STRICT, "39"),
        (8, 0.75, WIDE, "0"),
        (8, 1, WIDE, "0"),
        (16, 0.5, STRICT, "39"),
        (16, 0.75, STRICT, "73"),
        (16, 1, STRICT, "96"),
        (16, 0.75, WIDE, "0"),
        (16, 1, WIDE, "0.01"),
        (32, 0.5, STRICT, "96"),
        (32, 0.75, STRICT, "100"),
        (32, 1, STRICT, "100"),
        (32, 0.75, WIDE, "9"),
        (32, 1, WIDE, "58"),
    ],
)
def test_refused_share(ratio: int, full: float, window: tuple[int, int], percent: str) -> None:
    # a printed 0 is below the smallest figure printed anywhere, 0.0005
    digits = len(percent.partition(".")[2]) if percent != "0" else 4
    assert round(100 * refused_share(2 * ratio * full, window), digits) == pytest.approx(float(percent), abs=1e-9)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from([STRICT, WIDE]))
@settings(max_examples=100)
def test_a_share_is_a_share_and_grows_with_the_load(one: float, other: float, window: tuple[int, int]) -> None:
    low, high = sorted((one, other))
    assert 0 <= refused_share(low, window) <= refused_share(high, window) + 1e-12
    assert refused_share(high, window) <= 1


def test_nothing_is_refused_without_a_limit_or_without_load() -> None:
    assert refused_share(1e6, None) == 0
    assert refused_share(0, STRICT) == 0


def test_it_takes_less_than_a_fifth_of_a_millisecond() -> None:
    assert min(timeit.repeat(lambda: refused_share(64, WIDE), number=20, repeat=5)) / 20 < 0.0002
