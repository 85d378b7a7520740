# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways of persisting, by the names that the option has for them."""

from __future__ import annotations

PRELOAD, MODPROBE, SYSCTL = "preload", "modprobe", "sysctl"
LATE_LOAD, IPTABLES_UNLOAD = "late_load", "iptables_unload"


def writes_values(ways: frozenset[str]) -> bool:
    """Whether these ways of persisting bring the sysctl file.

    hashsize as a module option makes the kernel choose max = 8 x that, and a late hook has nothing to apply without a
    sysctl file.
    """
    return bool(ways & {SYSCTL, MODPROBE, LATE_LOAD})
