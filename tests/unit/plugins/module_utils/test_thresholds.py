# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two keys that bound each other: refused before anything, written in an order that the kernel takes."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._thresholds import (
    HIGH,
    LOW,
    check_thresholds,
    in_order,
)
from ansible_collections.stateward.conntrack.tests.support.tasks import DROP_IN, fake, tune
from hypothesis import given
from hypothesis import strategies as st

MIB = 1024 * 1024
BYTES = st.integers(1, 64 * MIB)


@pytest.mark.parametrize(
    ("wanted", "present"),
    [({LOW: 9 * MIB}, {}), ({LOW: 9 * MIB}, {LOW: 3 * MIB, HIGH: 4 * MIB}), ({HIGH: MIB}, {}), ({LOW: 2, HIGH: 1}, {})],
)
def test_what_the_kernel_would_refuse(wanted: dict[str, int], present: dict[str, int]) -> None:
    with pytest.raises(OptionError, match=r"frag6_low_thresh .* above frag6_high_thresh"):
        check_thresholds(wanted, present)


@pytest.mark.parametrize("wanted", [{}, {LOW: MIB}, {HIGH: 9 * MIB}, {LOW: 8 * MIB, HIGH: 9 * MIB}, {LOW: 7, HIGH: 7}])
def test_what_it_takes(wanted: dict[str, int]) -> None:
    check_thresholds(wanted, {})


@given(now=st.tuples(BYTES, BYTES).map(sorted), then=st.tuples(BYTES, BYTES).map(sorted))
def test_no_step_has_the_low_one_above_the_high_one(now: list[int], then: list[int]) -> None:
    values, wanted = dict(zip((LOW, HIGH), now)), dict(zip((LOW, HIGH), then))
    keys = in_order(["timeout:udp", LOW, "timeout:icmp", HIGH], wanted, values)
    assert sorted(keys) == sorted(["timeout:udp", LOW, "timeout:icmp", HIGH])
    for key in (key for key in keys if key in wanted):
        values[key] = wanted[key]
        assert values[LOW] <= values[HIGH]


def test_the_file_has_them_in_the_order_of_a_boot() -> None:
    host = fake()
    settings = {"frag6_low_thresh": 8 * MIB, "frag6_high_thresh": 9 * MIB}
    tune(host, profile="none", settings=settings, persist=["all"])
    text = host.snapshot.text(DROP_IN) or ""
    assert 0 < text.index("frag6_high_thresh") < text.index("frag6_low_thresh")


def test_nothing_is_begun() -> None:
    host = fake()
    before = dict(host.nodes)
    with pytest.raises(OptionError, match="Give both"):
        tune(host, profile="none", max=131072, settings={"frag6_low_thresh": 9 * MIB}, persist=["all"])
    assert host.nodes == before
