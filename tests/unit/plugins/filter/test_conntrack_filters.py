# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_buckets import FilterModule as Buckets
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_max_for_memory import FilterModule as MaxForMemory
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_memory import FilterModule as Memory
from hypothesis import given, settings
from hypothesis import strategies as st

MIB = 1 << 20
FILTERS: dict[str, Callable[..., int]] = {**Memory().filters(), **MaxForMemory().filters(), **Buckets().filters()}
memory, max_for_memory = FILTERS["conntrack_memory"], FILTERS["conntrack_max_for_memory"]


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("conntrack_memory", {"max": 1048576}, 392 * MIB),
        ("conntrack_memory", {"max": "1048576"}, 392 * MIB),
        ("conntrack_memory", {"max": 655360, "hashsize": 163840, "entry_bytes": 328}, int(206.25 * MIB)),
        ("conntrack_memory", {"max": 1000000, "hashsize": 0, "entry_bytes": 350}, 350000000),
        ("conntrack_memory", {"max": 0}, 0),
        ("conntrack_max_for_memory", {"memory": 384 * MIB, "entry_bytes": 352}, 1118481),
        ("conntrack_max_for_memory", {"memory": 392 * MIB}, 1048576),
        ("conntrack_max_for_memory", {"memory": 392 * MIB - 1}, 1048575),
        ("conntrack_max_for_memory", {"memory": 392}, 1),
        ("conntrack_max_for_memory", {"memory": 391}, 0),
        ("conntrack_max_for_memory", {"memory": 0}, 0),
        ("conntrack_max_for_memory", {"memory": 2 * 384 + 8, "entries_per_bucket": 4}, 2),
        ("conntrack_max_for_memory", {"memory": "384000", "entries_per_bucket": "0.5"}, 960),
        ("conntrack_buckets", {"wanted": 70000}, 70144),
        ("conntrack_buckets", {"wanted": 1}, 512),
        ("conntrack_buckets", {"wanted": 513.0}, 1024),
        ("conntrack_buckets", {"wanted": 5000, "pointer_bits": 32}, 5120),
        ("conntrack_buckets", {"wanted": "70000", "page_size": 65536}, 73728),
    ],
)
def test_result(name: str, arguments: dict[str, Any], result: int) -> None:
    assert FILTERS[name](**arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("conntrack_memory", {"max": "many"}, "max must be a whole number, not 'many'"),
        ("conntrack_memory", {"max": True}, "max must be a whole number, not True"),
        ("conntrack_memory", {"max": None}, "max must be a whole number, not None"),
        ("conntrack_memory", {"max": 1.5}, "max must be a whole number, not 1.5"),
        ("conntrack_memory", {"max": -1}, "max must be 0 or more, not -1"),
        ("conntrack_memory", {"max": 1, "entry_bytes": 0}, "entry_bytes must be 1 or more"),
        ("conntrack_max_for_memory", {"memory": "384 MiB"}, "the memory must be a whole number"),
        ("conntrack_max_for_memory", {"memory": 1, "entries_per_bucket": 0}, "entries_per_bucket must be above 0"),
        ("conntrack_max_for_memory", {"memory": 1, "entries_per_bucket": "x"}, "entries_per_bucket must be a number"),
        ("conntrack_max_for_memory", {"memory": 1, "entries_per_bucket": float("nan")}, "must be a number"),
        ("conntrack_buckets", {"wanted": 0}, "the bucket count must be 1 or more"),
        ("conntrack_buckets", {"wanted": 1, "page_size": 5000}, "page_size must be a power of two"),
        ("conntrack_buckets", {"wanted": 1, "pointer_bits": 16}, "pointer_bits must be 32 or 64"),
    ],
)
def test_bad_input(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"{name}: .*{words}|{words}"):
        FILTERS[name](**arguments)


@given(st.integers(0, 1 << 40), st.integers(1, 1000), st.integers(1, 64), st.sampled_from([0.5, 1, 3, 4, 8.0]))
@settings(max_examples=150)
def test_the_result_fits_and_one_more_would_not(size: int, entry: int, bucket: int, ratio: float) -> None:
    most = max_for_memory(size, entry, bucket, ratio)
    fits, too_many = (memory(count, -int(-count // ratio), entry, bucket) for count in (most, most + 1))
    assert fits <= size < too_many
