# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into the sizing of a table and what comes out, and how its figures are written for people."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import (
    EntryCost,
    TableSize,
    default_size,
    head_bytes,
    round_buckets,
    table_bytes,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version

# A 32-bit kernel keeps its own data in the part of RAM that it maps directly (the usual split of 3 to 1 GiB).
_LOW_MEMORY = 896 << 20


@dataclass(frozen=True)
class Request:
    """What is asked for.

    profile: its name, for the reasons; empty where none was chosen. max, hashsize: a number, C(auto) or C(keep).
    memory_limit: bytes, when the user gave one; memory_share: of RAM, the profile's, when not. headroom: factor over
    the need. connections: at the same time; connection_rate: new ones per second, each of which stays lifetime_seconds,
    the timeout lifetime_name. floor: entries, the profile's.
    """

    profile: str
    max: int | str
    hashsize: int | str
    entries_per_bucket: float
    memory_limit: int | None
    memory_share: float
    headroom: float
    connections: int | None
    connection_rate: int | None
    lifetime_seconds: int
    lifetime_name: str
    floor: int
    allow_lower: bool
    force: bool


@dataclass(frozen=True)
class Machine:
    """The host as far as sizing needs it. max, hashsize: None while the module is not loaded; count: entries in use."""

    version: Version
    family: str
    memory_bytes: int
    pointer_bits: int
    page_size: int
    entry: EntryCost
    max: int | None
    hashsize: int | None
    count: int

    @property
    def kernel_memory(self) -> int:
        """Bytes of RAM that the kernel can use for its own data; 0 when the amount of RAM is not known."""
        return self.memory_bytes if self.pointer_bits == 64 else min(self.memory_bytes, _LOW_MEMORY)

    @property
    def bucket_bytes(self) -> int:
        return head_bytes(self.version, self.pointer_bits)

    @property
    def default(self) -> TableSize:
        """What the kernel chooses by itself."""
        return default_size(
            self.memory_bytes,
            pointer_bits=self.pointer_bits,
            page_size=self.page_size,
            version=self.version,
            family=self.family,
        )

    def rounded(self, buckets: int) -> int:
        """What the kernel makes of that bucket count."""
        return round_buckets(buckets, self.pointer_bits, self.page_size, self.version)

    def table_bytes(self, size: TableSize) -> int:
        """Memory of that table when it is full."""
        return table_bytes(size, self.entry.bytes, self.bucket_bytes)


@dataclass(frozen=True)
class Sizing:
    """The result.

    max, hashsize: what to set, None to leave it to the kernel at load. memory_bytes: of the full table. load_factor:
    mean chain length when full, 2 x max / buckets. Both are None where max = 0 sets no limit; memory_limit_bytes is
    None where RAM is unknown. reasons: a line per step; warnings: sentences for the person who runs it.
    """

    max: int | None
    hashsize: int | None
    entry_bytes: int
    memory_bytes: int | None
    memory_limit_bytes: int | None
    load_factor: float | None
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """The value that one step came to, and what it has to say."""

    value: int | None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def in_mib(size: int) -> str:
    """Bytes as MiB: 411041792 is 392.0 MiB, 5000 is 0.0048 MiB."""
    number = size / (1 << 20)
    return f"{number:,.1f} MiB" if number >= 1 else f"{number:.2g} MiB"


def show_number(number: float) -> str:
    """A factor or ratio without needless digits: 2.0 is 2."""
    return f"{number:,.4g}"


def power_of_two_above(number: int) -> int:
    """The smallest power of two that is not below number."""
    return 1 << max(0, number - 1).bit_length()
