# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sizes that a kernel chooses by itself, how it rounds a bucket count, and what entries and buckets cost.

C(version) is what kernel_version() returns, C(family) what kernel_family() returns. Source of the formulas:
nf_conntrack_init_start() and nf_ct_alloc_hashtable() in C(net/netfilter/nf_conntrack_core.c), ip_conntrack_init()
before 2.6.20.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import (
    Version,
    build_number,
    show_version,
)

_GIB = 1 << 30
_INT_MAX = (1 << 31) - 1
_UINT_MAX = (1 << 32) - 1


@dataclass(frozen=True)
class TableSize:
    """max: entries; buckets: heads of the hash table, as the kernel has them."""

    max: int
    buckets: int


@dataclass(frozen=True)
class EntryCost:
    """bytes: kernel memory of one entry; source: where the figure comes from, for people."""

    bytes: int
    source: str


@dataclass(frozen=True)
class _Generation:
    """How a kernel sizes its table at load.

    since: first version; family and build: only for that family, from that build on. steps: (more RAM than this,
    buckets, 64-bit only), the first that fits wins over RAM / 16384 / head. minimum: buckets. factor: max per bucket.
    unrounded: max comes from the count before rounding.
    """

    since: Version
    steps: tuple[tuple[int, int, bool], ...]
    minimum: int
    factor: int
    unrounded: bool = False
    family: str = ""
    build: int = 0


_ONE_GIB_8192 = ((_GIB, 8192, False),)
_ONE_GIB_16384 = ((_GIB, 16384, False),)
_FOUR_GIB_65536 = ((4 * _GIB, 65536, False), *_ONE_GIB_16384)
_FOUR_GIB_262144 = ((4 * _GIB, 262144, True), (_GIB, 65536, False))

# A later row wins; the rows of a family win over those of the version.
_GENERATIONS = (
    # 2.4 to 2.6.22, so EL3, EL4, EL5: two pointers per head, 65536 entries above 1 GiB
    _Generation((2, 4), _ONE_GIB_8192, 16, 8),
    # 2.6.24: one pointer per head, factor 4, so still 65536 entries
    _Generation((2, 6, 24), _ONE_GIB_16384, 32, 4),
    # 2.6.29, 2.6.32 and EL6, 3.x and EL7: max from the request, not from what it was rounded to
    _Generation((2, 6, 29), _ONE_GIB_16384, 32, 4, unrounded=True),
    # after 3.19, by 4.4: a step above 4 GiB; in EL7 by 3.10.0-514, not yet in -229
    _Generation((4, 0), _FOUR_GIB_65536, 32, 4, unrounded=True),
    _Generation((3, 10), _FOUR_GIB_65536, 32, 4, unrounded=True, family="el7", build=514),
    # 4.7: one table for all namespaces, rounded first; EL8 too
    _Generation((4, 7), _FOUR_GIB_65536, 32, 4),
    # 5.15 (commit d532bcd0b269): as many entries as buckets; EL9 since 5.14.0-42
    _Generation((5, 15), _FOUR_GIB_262144, 1024, 1),
    _Generation((5, 14), _FOUR_GIB_262144, 1024, 1, family="el9", build=42),
)

# "When a table size is given we use the old value of 8": every generation, 2.4 to today.
_GIVEN_FACTOR = 8

_ROUNDED_SINCE = (2, 6, 24)

# Bytes that the table may take. No kernel before 4.7 checks, and EL5 hands any number to the allocator: the bound there
# is ours. 6.13 lowered the limit to INT_MAX, and the stable branches alive in early 2025 (5.4 and later) followed.
_TABLE_BYTES = (((2, 4), _INT_MAX), ((4, 7), _UINT_MAX), ((5, 4), _INT_MAX))

# One kmalloc-128 per entry for NAT, counters, events: exactly so since 4.15 (measured on 6.18), at most so from 2.6.24
# on, before that inside the entry.
_EXTENSION = (((2, 4), 0), ((2, 6, 24), 128))

# Bytes per entry to plan with, extension area and page waste included: 64-bit, 32-bit. Slab objects as published: 2.4
# and EL4 456 and 384, EL5 304 (13 per page) and 228 (17 per page), EL6 312, EL7 to 5.4 320; measured: 256 since 5.10.
# No 32-bit figure is known after EL5, the 64-bit one is an upper bound there.
_PLANNED = (
    ((2, 4), 456, 384),
    ((2, 6, 18), 320, 241),
    ((2, 6, 20), 440, 440),
    ((3, 0), 448, 448),
    ((5, 10), 384, 384),
)


def head_bytes(version: Version, pointer_bits: int) -> int:
    """Bytes of one bucket: one pointer, two before 2.6.24."""
    pointer = pointer_bits // 8
    return pointer if rounds_buckets(version) else 2 * pointer


def rounds_buckets(version: Version) -> bool:
    """Whether the kernel rounds a bucket count up to whole pages (since 2.6.24)."""
    return version >= _ROUNDED_SINCE


def round_buckets(wanted: int, pointer_bits: int, page_size: int, version: Version) -> int:
    """What the kernel makes of a wanted bucket count: the next multiple of page size / pointer size, mostly 512."""
    if not rounds_buckets(version):
        return wanted
    step = page_size // head_bytes(version, pointer_bits)
    return -(-wanted // step) * step


def bucket_limit(version: Version, pointer_bits: int) -> int:
    """The largest count, after rounding, that the kernel takes (before 4.7: that is safe to ask for)."""
    limits = [limit for since, limit in _TABLE_BYTES if version >= since]
    return limits[-1] // head_bytes(version, pointer_bits)


def table_bytes(size: TableSize, entry_bytes: int, bucket_bytes: int) -> int:
    """Kernel memory of a full table: max x entry + buckets x head, in bytes."""
    return size.max * entry_bytes + size.buckets * bucket_bytes


def _generation(version: Version, family: str) -> _Generation:
    build = build_number(version)
    fitting = [row for row in _GENERATIONS if version >= row.since and (not row.family or row.family == family)]
    ported = [row for row in fitting if row.family and build >= row.build]
    plain = [row for row in fitting if not row.family]
    return (ported or plain or _GENERATIONS[:1])[-1]


def _automatic_buckets(row: _Generation, memory_bytes: int, pointer_bits: int, head: int) -> int:
    for threshold, buckets, only_64 in row.steps:
        if memory_bytes > threshold and (pointer_bits == 64 or not only_64):
            return buckets
    return max(row.minimum, memory_bytes // 16384 // head)


def default_size(memory_bytes: int, *, pointer_bits: int, page_size: int, version: Version, family: str) -> TableSize:
    """What the kernel chooses when nothing is given.

    memory_bytes: RAM usable by the kernel (MemTotal), which is a little less than the nominal size: a nominal 4 GiB
    host gets the step below.
    """
    row = _generation(version, family)
    usable = memory_bytes // page_size * page_size
    request = _automatic_buckets(row, usable, pointer_bits, head_bytes(version, pointer_bits))
    buckets = round_buckets(request, pointer_bits, page_size, version)
    return TableSize(max=row.factor * (request if row.unrounded else buckets), buckets=buckets)


def loaded_size(
    hashsize: int | None, *, memory_bytes: int, pointer_bits: int, page_size: int, version: Version, family: str
) -> TableSize:
    """What the kernel has after loading with that hashsize parameter; None or 0: not given.

    A hashsize alone makes max eight times as large: 5000 on 6.1 gives 5120 buckets and 40960 entries, on EL7 40000
    entries.
    """
    if not hashsize:
        return default_size(
            memory_bytes, pointer_bits=pointer_bits, page_size=page_size, version=version, family=family
        )
    buckets = round_buckets(hashsize, pointer_bits, page_size, version)
    given = hashsize if _generation(version, family).unrounded else buckets
    return TableSize(max=_GIVEN_FACTOR * given, buckets=buckets)


def entry_cost(object_bytes: int | None, *, version: Version, family: str, pointer_bits: int) -> EntryCost:
    """What one entry takes, extension area included.

    object_bytes: object size of the conntrack slab (C(/proc/slabinfo), column 4); None when it cannot be read, which
    leaves the planning figure.
    """
    extension = [size for since, size in _EXTENSION if version >= since][-1]
    if object_bytes:
        area = f" + {extension} for the extension area" if extension else ", extensions inside"
        return EntryCost(object_bytes + extension, f"slabinfo {object_bytes}{area}")
    _since, wide, narrow = [row for row in _PLANNED if version >= row[0]][-1]
    planned = wide if pointer_bits == 64 else narrow
    kernel = " ".join(["kernel", show_version(version), family]).strip()
    return EntryCost(planned, f"planning figure for {kernel}, {pointer_bits} bit: {planned}, extension area included")
