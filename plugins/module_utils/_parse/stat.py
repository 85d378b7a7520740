# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The counters of connection tracking: /proc/net/stat/{ip,nf}_conntrack, or what C(conntrack -S) prints.

Text in, sums over all CPUs out, by name. No function here raises, whatever the text.
"""

from __future__ import annotations

import re
from typing import Mapping

# Both texts show the same counters under different names; one name for each, that of the kernel's message or manual.
# 5.15: the column delete_list became chainlength, which conntrack(8) calls chaintoolong.
_NAMES: Mapping[str, str] = {
    "chainlength": "chaintoolong",
    "clashres": "clash_resolve",
    "error": "icmp_error",
}

# The number of entries of the whole network namespace, repeated on every line.
ENTRIES = "entries"

_COLUMN = re.compile(r"[a-z][a-z_]*\Z")
_HEX = re.compile(r"[0-9a-fA-F]{1,16}\Z")
_PAIR = re.compile(r"\b([a-z][a-z_]*)=([0-9]{1,20})(?![^ \t\n])")


def parse_stat(text: str) -> dict[str, int]:
    """/proc/net/stat: a header, then one line of hexadecimal numbers for each possible CPU.

    A column that this kernel lacks is missing from the result. C(entries) is taken once, everything else is summed.
    Empty when there is no header.
    """
    header, *lines = text.split("\n")
    names = header.split()
    if names[:1] != [ENTRIES] or not all(_COLUMN.match(name) for name in names):
        return {}
    totals: dict[str, int] = {}
    for line in lines:
        words = line.split()
        if words and all(_HEX.match(word) for word in words):
            _add(totals, {name: int(word, 16) for name, word in zip(names, words)})
    return totals


def parse_stat_output(text: str) -> dict[str, int]:
    """What C(conntrack -S) prints: C(cpu=0 found=5 ...), decimal, one line for each CPU."""
    totals: dict[str, int] = {}
    for line in text.split("\n"):
        pairs = {name: int(value) for name, value in _PAIR.findall(line)}
        if "cpu" in pairs:
            _add(totals, {name: value for name, value in pairs.items() if name != "cpu"})
    return totals


def _add(totals: dict[str, int], row: Mapping[str, int]) -> None:
    for name, value in row.items():
        known = _NAMES.get(name, name)
        totals[known] = value if name == ENTRIES else totals.get(known, 0) + value
