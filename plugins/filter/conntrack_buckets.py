# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_buckets; documented in conntrack_buckets.yml."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import round_buckets
from ansible_collections.stateward.conntrack.plugins.plugin_utils._numbers import whole_number

_NAME = "conntrack_buckets"
_ROUNDING_KERNEL = (2, 6, 24)  # the first that rounds; all later ones do the same


def conntrack_buckets(wanted: Any, page_size: Any = 4096, pointer_bits: Any = 64) -> int:
    """The bucket count that the kernel makes of the wanted one. Raises AnsibleFilterError for bad input."""
    buckets = whole_number(_NAME, "the bucket count", wanted)
    page = whole_number(_NAME, "page_size", page_size, least=1024)
    bits = whole_number(_NAME, "pointer_bits", pointer_bits)
    if page & (page - 1):
        raise AnsibleFilterError(f"{_NAME}: page_size must be a power of two, not {page}.")
    if bits not in (32, 64):
        raise AnsibleFilterError(f"{_NAME}: pointer_bits must be 32 or 64, not {bits}.")
    return round_buckets(buckets, bits, page, _ROUNDING_KERNEL)


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., int]]:
        return {_NAME: conntrack_buckets}
