# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain-length limit: since 5.15 the kernel refuses an entry whose hash chain is too long, with no log line.

Source: C(MIN_CHAINLEN) and C(MAX_CHAINLEN) in C(net/netfilter/nf_conntrack_core.c) of 5.15, 6.1, 6.12 and 6.18.
"""

from __future__ import annotations

import math

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version

# The limit of one insert is drawn from this range, both ends included; a later row wins, and a family wins over the
# version. March 2023 (6.3) raised it, because hosts with ordinary loads lost connections. The change is in the 6.1
# stable branch, whose patch level distributions hide (Debian's 6.1.0-32 is a late 6.1), so all of 6.1 counts as having
# it; 5.15 was read with the strict range only, and 5.16 to 6.0 ended before.
_WINDOWS = (((5, 15), (8, 31)), ((6, 1), (50, 79)))
# The EL9 tree has the strict range; which minor release got the wide one is not known, so the worse is assumed for all.
_FAMILY_WINDOWS = {"el9": (8, 31)}


def chain_window(version: Version, family: str) -> tuple[int, int] | None:
    """The smallest and the largest limit that the kernel draws; None where chains may grow freely (before 5.15)."""
    if family in _FAMILY_WINDOWS:
        return _FAMILY_WINDOWS[family]
    windows = [window for since, window in _WINDOWS if version >= since]
    return windows[-1] if windows else None


def refused_share(load_factor: float, window: tuple[int, int] | None) -> float:
    """The share, 0 to 1, of new connections that are refused at that load factor.

    The load factor is 2 x entries / buckets, the mean chain length: each entry is in two chains.

    Chain lengths are Poisson distributed; an insert draws one limit L for both of its chains and is refused when either
    already holds more than L + 1 entries (the kernel compares before it counts): 1 - P(length <= L + 1) squared,
    averaged over L.
    """
    if window is None or load_factor <= 0:
        return 0.0
    low, high = window
    term = at_most = math.exp(-load_factor)
    accepted = 0.0
    for length in range(1, high + 2):
        term *= load_factor / length
        at_most += term
        if length > low:
            accepted += min(at_most, 1.0) ** 2
    return max(0.0, 1.0 - accepted / (high - low + 1))
