# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the reading script, made from the rows of the manifest."""

from __future__ import annotations

import posixpath
import re
from typing import Iterable

from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import WANTED_TOOLS
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Read
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote, quote_pattern

_WILD = re.compile(r"[*?[]")


def reading_variables(reads: tuple[Read, ...]) -> str:
    """The assignments that read.sh wants to find."""
    variables = {
        "WANTED_OTHERS": _join(
            read.pattern for read in reads if not read.is_search and (read.lines or not read.content)
        ),
        "WANTED_TEXTS": _join(read.pattern for read in reads if read.content and not read.lines),
        "WANTED_FOLDERS": _join(dict.fromkeys(filter(None, (_watched(read.pattern) for read in reads)))),
        "SEARCHES": "".join(_call("search", lines, patterns) for lines, patterns in _by_lines(reads).items()),
        "PICKS": "".join(_call("pick", read.lines, [read.pattern]) for read in reads if read.is_search),
        "WANTED_TOOLS": "\n".join(WANTED_TOOLS),
    }
    return "".join(f"{name}={quote(value)}\n" for name, value in variables.items())


def _join(patterns: Iterable[str]) -> str:
    return " ".join(quote_pattern(pattern) for pattern in patterns)


def _watched(pattern: str) -> str:
    """The directory in which a pattern first looks for names; empty for a plain path."""
    found = _WILD.search(pattern)
    return posixpath.dirname(pattern[: found.start()] + "x") if found else ""


def _by_lines(reads: tuple[Read, ...]) -> dict[tuple[str, ...], list[str]]:
    """The plain files of which only lines are wanted, by the wanted strings: one grep for each row."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for read in reads:
        if read.content and read.lines and not read.is_search:
            groups.setdefault(read.lines, []).append(read.pattern)
    return groups


def _call(function: str, lines: tuple[str, ...], patterns: list[str]) -> str:
    needles = quote("\n".join(line.strip("\n") for line in lines))
    return f"{function} {needles} {_join(patterns)}\n"
