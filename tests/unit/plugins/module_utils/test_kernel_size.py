# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import (
    TableSize,
    bucket_limit,
    default_size,
    entry_cost,
    head_bytes,
    loaded_size,
    round_buckets,
    rounds_buckets,
    table_bytes,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import (
    kernel_family,
    kernel_version,
)
from hypothesis import given, settings
from hypothesis import strategies as st

MIB, GIB = 1 << 20, 1 << 30
K618 = (6, 18, 44)


def _default(release: str, memory: int, *, bits: int = 64, page: int = 4096, hashsize: int | None = None) -> TableSize:
    return loaded_size(
        hashsize,
        memory_bytes=memory,
        pointer_bits=bits,
        page_size=page,
        version=kernel_version(release),
        family=kernel_family(release),
    )


@pytest.mark.parametrize(
    ("release", "memory", "bits", "entries", "buckets"),
    [
        # measured
        ("6.18.44", 25276510208, 64, 262144, 262144),
        ("6.1.176", 238 * MIB, 64, 2048, 2048),
        ("6.1.176", 375 * MIB, 64, 3072, 3072),
        ("6.12.117", 990 * MIB, 64, 8192, 8192),
        ("5.10.0-32-cloud-amd64", 990 * MIB, 64, 32768, 8192),
        # the arithmetic of the sources
        ("6.1.176", 512 * MIB, 64, 4096, 4096),
        ("2.4.32", 512 * MIB, 32, 32768, 4096),
        ("2.6.9-89.EL", 2 * GIB, 64, 65536, 8192),
        ("2.6.18-274.el5", 512 * MIB, 64, 16384, 2048),
        ("2.6.18-274.el5", 64 * GIB, 64, 65536, 8192),
        ("2.6.32-642.el6.x86_64", 512 * MIB, 64, 16384, 4096),
        ("2.6.32-642.el6.x86_64", 64 * GIB, 64, 65536, 16384),
        ("2.6.24", 999 * MIB, 64, 4 * 8192, 8192),
        ("3.10.0-229.el7.x86_64", 8 * GIB, 64, 65536, 16384),
        ("3.10.0-514.el7.x86_64", 8 * GIB, 64, 262144, 65536),
        ("4.4.0-210-generic", 8 * GIB, 64, 262144, 65536),
        ("4.18.0-240.el8.x86_64", 8 * GIB, 64, 262144, 65536),
        ("5.14.0-41.el9.x86_64", 8 * GIB, 64, 262144, 65536),
        ("5.14.0-427.el9.x86_64", 8 * GIB, 64, 262144, 262144),
        ("5.14.0-427.el9.x86_64", 2 * GIB, 64, 65536, 65536),
        ("5.15.0-25-generic", 4 * GIB, 64, 65536, 65536),  # not above 4 GiB
        ("5.15.0-25-generic", 4 * GIB + 4096, 64, 262144, 262144),
        ("5.15.0-25-generic", 8 * GIB, 32, 65536, 65536),
        ("6.18.44", 16 * MIB, 64, 1024, 1024),
        ("2.4.32", 1 * MIB, 32, 128, 16),
    ],
)
def test_default_size(release: str, memory: int, bits: int, entries: int, buckets: int) -> None:
    assert _default(release, memory, bits=bits) == TableSize(entries, buckets)


def test_the_load_message_of_an_old_kernel_gives_the_numbers_before_rounding() -> None:
    # "nf_conntrack version 0.5.0 (7997 buckets, 31988 max)"
    assert _default("3.2.0-4-amd64", 7997 * 131072) == TableSize(31988, 8192)


@pytest.mark.parametrize(
    ("release", "hashsize", "entries", "buckets"),
    [
        ("6.1.176", 5000, 40960, 5120),  # measured
        ("6.1.176", 65536, 524288, 65536),  # measured
        ("6.1.176", 0, 2048, 2048),  # measured: as if not given
        ("2.6.32-642.el6.x86_64", 5000, 40000, 5120),
        ("3.10.0-1160.el7.x86_64", 5000, 40000, 5120),
        ("4.4.0-210-generic", 5000, 40000, 5120),
        ("4.7.4", 5000, 40960, 5120),
        ("2.6.24", 5000, 40960, 5120),
        ("2.6.18-274.el5", 5000, 40000, 5000),
    ],
)
def test_loaded_size(release: str, hashsize: int, entries: int, buckets: int) -> None:
    assert _default(release, 238 * MIB, hashsize=hashsize) == TableSize(entries, buckets)


@pytest.mark.parametrize(
    ("wanted", "read_back"),
    [
        (1, 512),
        (100, 512),
        (511, 512),
        (512, 512),
        (513, 1024),
        (1000, 1024),
        (5000, 5120),
        (65000, 65024),
        (65536, 65536),
        (70000, 70144),
        (262144, 262144),
        (67108864, 67108864),
    ],
)
def test_rounding_as_measured_on_6_18(wanted: int, read_back: int) -> None:
    assert round_buckets(wanted, 64, 4096, K618) == read_back


@pytest.mark.parametrize(
    ("version", "bits", "page", "rounded"),
    [
        ((2, 6, 18), 64, 4096, 5000),
        ((2, 6, 22), 64, 4096, 5000),
        ((2, 6, 24), 64, 4096, 5120),
        (K618, 32, 4096, 5120),
        (K618, 64, 65536, 8192),
    ],
)
def test_rounding_by_kernel_and_page(version: tuple[int, ...], bits: int, page: int, rounded: int) -> None:
    assert round_buckets(5000, bits, page, version) == rounded


@given(st.integers(1, 1 << 28), st.sampled_from([32, 64]), st.sampled_from([4096, 16384, 65536]))
@settings(max_examples=50)
def test_rounding_is_upward_idempotent_and_by_less_than_a_page(wanted: int, bits: int, page: int) -> None:
    rounded = round_buckets(wanted, bits, page, K618)
    assert wanted <= rounded < wanted + page // (bits // 8)
    assert round_buckets(rounded, bits, page, K618) == rounded


@pytest.mark.parametrize("refused", [268435455, 268435456, 2147483647])
def test_the_kernel_refuses_what_is_above_the_limit_after_rounding(refused: int) -> None:
    assert round_buckets(refused, 64, 4096, K618) > bucket_limit(K618, 64)
    assert round_buckets(67108864, 64, 4096, K618) <= bucket_limit(K618, 64)


@pytest.mark.parametrize(
    ("version", "bits", "limit", "head"),
    [
        (K618, 64, 268435455, 8),
        (K618, 32, 536870911, 4),
        ((4, 18, 0, 240), 64, 536870911, 8),
        ((2, 6, 18, 274), 64, 134217727, 16),
        ((2, 4, 32), 32, 268435455, 8),
    ],
)
def test_limit_and_head(version: tuple[int, ...], bits: int, limit: int, head: int) -> None:
    assert bucket_limit(version, bits) == limit
    assert head_bytes(version, bits) == head


def test_rounding_came_with_2_6_24() -> None:
    assert [rounds_buckets(version) for version in ((2, 4, 32), (2, 6, 22), (2, 6, 24), K618)] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("object_bytes", "release", "bits", "expected", "words"),
    [
        (256, "6.18.44", 64, 384, "slabinfo 256 + 128 for the extension area"),
        (320, "4.18.0-240.el8.x86_64", 64, 448, "slabinfo 320 + 128"),
        (312, "2.6.32-642.el6.x86_64", 64, 440, "slabinfo 312 + 128"),
        (304, "2.6.18-274.el5", 64, 304, "slabinfo 304, extensions inside"),
        (None, "6.18.44", 64, 384, "planning figure for kernel 6.18.44, 64 bit"),
        (None, "5.4.0-26-generic", 64, 448, "planning figure"),
        (None, "3.10.0-1160.el7.x86_64", 64, 448, "kernel 3.10.0 el7"),
        (None, "2.6.32-642.el6.x86_64", 64, 440, "planning figure"),
        (None, "2.6.18-274.el5", 64, 320, "planning figure"),
        (None, "2.6.18-274.el5", 32, 241, "32 bit"),
        (None, "2.4.32", 32, 384, "planning figure"),
    ],
)
def test_entry_cost(object_bytes: int | None, release: str, bits: int, expected: int, words: str) -> None:
    cost = entry_cost(object_bytes, version=kernel_version(release), family=kernel_family(release), pointer_bits=bits)
    assert cost.bytes == expected
    assert words in cost.source


def test_memory_of_a_table() -> None:
    assert table_bytes(TableSize(655360, 163840), 328, 8) == int(206.25 * MIB)
    assert table_bytes(TableSize(1000000, 0), 350, 16) == 350000000


def test_default_size_needs_no_more_than_a_tenth_of_a_small_host() -> None:
    size = default_size(64 * MIB, pointer_bits=64, page_size=4096, version=K618, family="")
    assert table_bytes(size, 384, 8) < 6.4 * MIB
