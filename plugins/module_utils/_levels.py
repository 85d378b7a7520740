# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The levels of a verdict, and figures as people write them."""

from __future__ import annotations

OK, WARNING, CRITICAL = "ok", "warning", "critical"


def percent(share: float) -> str:
    """A share of 1 as percent: 0.054 is 5.4 %, 0.00002 is 0.002 %."""
    return f"{100 * share:.3g} %"


def decimal(number: float) -> str:
    """A load factor: 2.0 is 2, 7.4321 is 7.43, 1024.0 is 1,024."""
    return f"{number:.3g}" if number < 1000 else f"{number:,.0f}"


def days(seconds: int) -> str:
    """The seconds, and what they are in days or hours once they are many."""
    for unit, size in (("days", 86400), ("hours", 3600)):
        if seconds >= 2 * size:
            return f"{seconds} s ({seconds / size:.3g} {unit})"
    return f"{seconds} s"
