# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_memory; documented in conntrack_memory.yml."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import TableSize, table_bytes
from ansible_collections.stateward.conntrack.plugins.plugin_utils._numbers import whole_number

_NAME = "conntrack_memory"


def conntrack_memory(max: Any, hashsize: Any = None, entry_bytes: Any = 384, bucket_bytes: Any = 8) -> int:
    """Bytes of a full table: max x entry + buckets x head. Raises AnsibleFilterError for bad input."""
    entries = whole_number(_NAME, "max", max, least=0)
    buckets = entries if hashsize is None else whole_number(_NAME, "hashsize", hashsize, least=0)
    entry = whole_number(_NAME, "entry_bytes", entry_bytes)
    return table_bytes(TableSize(entries, buckets), entry, whole_number(_NAME, "bucket_bytes", bucket_bytes))


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., int]]:
        return {_NAME: conntrack_memory}
