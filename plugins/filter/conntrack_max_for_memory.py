# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_max_for_memory; documented in conntrack_max_for_memory.yml."""

from __future__ import annotations

import math
from typing import Any, Callable

from ansible_collections.stateward.conntrack.plugins.plugin_utils._numbers import ratio, whole_number

_NAME = "conntrack_max_for_memory"


def conntrack_max_for_memory(
    memory: Any, entry_bytes: Any = 384, bucket_bytes: Any = 8, entries_per_bucket: Any = 1
) -> int:
    """The most entries n with n x entry + ceil(n / ratio) x head within memory bytes.

    Raises AnsibleFilterError for bad input.
    """
    size = whole_number(_NAME, "the memory", memory, least=0)
    entry = whole_number(_NAME, "entry_bytes", entry_bytes)
    bucket = whole_number(_NAME, "bucket_bytes", bucket_bytes)
    per_bucket = ratio(_NAME, "entries_per_bucket", entries_per_bucket)
    buckets = math.floor(size / (entry * per_bucket + bucket))  # all of them with their full share of entries
    one_more = min(math.floor((buckets + 1) * per_bucket), (size - (buckets + 1) * bucket) // entry)
    return max(math.floor(buckets * per_bucket), one_more)


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., int]]:
        return {_NAME: conntrack_max_for_memory}
