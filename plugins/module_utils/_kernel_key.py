# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the key table: what is known of a sysctl key of connection tracking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version

TIMEOUT, SETTING = "timeout", "setting"
NF, IP = "nf_conntrack", "ip_conntrack"

# A later row wins; None: kernels from this version (or build) on lack the key.
Timeline = Tuple[Tuple[Version, Optional[int]], ...]
Backports = Tuple[Tuple[str, int, Optional[int]], ...]


@dataclass(frozen=True)
class Key:
    """One sysctl key.

    name: what options call it; group: C(timeout) or C(setting). nf, ip: suffix after C(nf_conntrack_) and
    C(ip_conntrack_); ip is None where the old dialect has no such key. defaults: value from each kernel version on,
    ascending; none where it depends on the host. first, last: kernels that have it; last is None for the newest. low,
    high: what may be asked for, in unit. scope: C(netns) for a value of its own in each network namespace, C(global)
    for one per kernel. tracker: empty, or the part of the kernel that may be left out by configuration or not be loaded
    yet. note: what a person should know when the key is missing. backports: family, first build number, default there
    (None: missing there).
    """

    name: str
    group: str
    nf: str
    ip: str | None
    defaults: Timeline
    unit: str
    first: Version
    last: Version | None
    low: int
    high: int
    scope: str
    tracker: str
    note: str
    backports: Backports = ()


# Ticks are a signed 32-bit number and the fastest clock of a distribution kernel is 1000 Hz (EL5 to EL7): larger values
# are refused, or wrap without an error on EL5 and EL6. 0 and -1 are accepted by the kernel and make entries vanish at
# once: never asked for.
LONGEST_SECONDS = 2147483
