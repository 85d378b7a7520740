# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's complaint about a full table, in dmesg or in a log file: text in, how often and when last out."""

from __future__ import annotations

import re
from dataclasses import dataclass

# 2.4 and 2.6.9-2.6.19: ip_conntrack; before 3.5 a full stop at the end; since 4.9 the prefix twice; after 6.14 in a
# network namespace of its own "table full in netns 4026532291", written to the host's log.
_FULL = re.compile(r"(?:ip|nf)_conntrack: table full(?: in netns ([0-9]+))?, dropping packet")
# rsyslog: "message repeated 12 times: [ ... ]"
_REPEATED = re.compile(r"message repeated ([0-9]{1,9}) times: \[")


@dataclass(frozen=True)
class TableFull:
    """count: complaints; the kernel limits their rate, so at least as many packets were lost. last: the last line,
    empty without any. netns: inode numbers of other network namespaces whose table was meant."""

    count: int = 0
    last: str = ""
    netns: frozenset[str] = frozenset()


def parse_table_full(text: str) -> TableFull:
    """Every complaint in a log. Never raises."""
    count, last = 0, ""
    netns: set[str] = set()
    for line in text.split("\n"):
        found = _FULL.search(line)
        if found:
            repeated = _REPEATED.search(line)
            count += int(repeated.group(1)) if repeated else 1
            last = line.strip()
            netns.update(group for group in found.groups() if group)
    return TableFull(count, last, frozenset(netns))
