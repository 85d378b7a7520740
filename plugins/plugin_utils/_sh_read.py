# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the reading script, made from the rows of the manifest."""

from __future__ import annotations

import posixpath
import re
from typing import Iterable

from ansible_collections.stateward.conntrack.plugins.module_utils._host_commands import COMMAND_SECONDS
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import MAX_LINE
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import WANTED_TOOLS
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import MAX_BYTES
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Read
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote, quote_pattern
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_records import TEXT_BYTES

_WILD = re.compile(r"[*?[]")


def reading_variables(reads: tuple[Read, ...], extras: str = "") -> str:
    """The assignments that read.sh and ask.sh want to find. extras: calls at the end of the reading."""
    files = tuple(read for read in reads if not read.command)
    searched = [read for read in files if read.is_search]
    variables = {
        "WANTED_OTHERS": _join(
            read.pattern for read in files if not read.is_search and (read.lines or not read.content)
        ),
        "WANTED_TEXTS": _join(read.pattern for read in files if read.content and not read.lines),
        "WANTED_FOLDERS": _join(dict.fromkeys(filter(None, (_watched(read.pattern) for read in files)))),
        "SEARCHES": "".join(_search(tail, reads) for tail, reads in _by_tail(files).items()),
        "PICKS": _call("pick", searched),
        "PICKED_PROCESSES": _join(read.pattern for read in searched if _is_of_processes(read)),
        "WANTED_TOOLS": "\n".join(WANTED_TOOLS),
        "EXTRAS": "".join(_ask(read) for read in reads if read.command) + extras,
        "TEXT_BYTES": str(TEXT_BYTES),
        # The reader of the answer keeps as much as that, in whole lines.
        "KEEP_BYTES": str(MAX_BYTES + MAX_LINE),
    }
    return "".join(f"{name}={quote(value)}\n" for name, value in variables.items())


def asks_more(reads: tuple[Read, ...]) -> bool:
    """Whether these need ask.sh."""
    return any(read.command or read.tail for read in reads)


def _join(patterns: Iterable[str]) -> str:
    return " ".join(quote_pattern(pattern) for pattern in patterns)


def _watched(pattern: str) -> str:
    """The directory in which a pattern first looks for names; empty for a plain path."""
    found = _WILD.search(pattern)
    return posixpath.dirname(pattern[: found.start()] + "x") if found else ""


def _by_tail(reads: tuple[Read, ...]) -> dict[int, list[Read]]:
    """The plain files of which only lines are wanted, by the tail of which: one grep for each row."""
    groups: dict[int, list[Read]] = {}
    for read in reads:
        if read.content and read.lines and not read.is_search:
            groups.setdefault(read.tail, []).append(read)
    return groups


def _search(tail: int, reads: list[Read]) -> str:
    return _call(f"search_end {tail}" if tail else "search", reads)


def _call(function: str, reads: list[Read]) -> str:
    """One call for all of them, with everything that any of them wants: the reader keeps of each what it asked for."""
    if not reads:
        return ""
    lines = tuple(dict.fromkeys(line for read in reads for line in read.lines))
    patterns = (read.pattern for read in reads if not _is_of_processes(read))
    return f"{function} {_needles(lines)} {_join(patterns)}\n"


def _is_of_processes(read: Read) -> bool:
    """Whether there is one for each process."""
    return read.pattern.startswith("/proc/[0-9]*/")


def _ask(read: Read) -> str:
    words = (read.pattern, int(COMMAND_SECONDS), *read.command)
    entry, *command = (quote(str(word)) for word in words)
    call = f"ask {entry} {_needles(read.lines)} {' '.join(command)}\n"
    return f'if [ -e "$ROOT"{quote(read.given)} ]; then\n{call}fi\n' if read.given else call


def _needles(lines: tuple[str, ...]) -> str:
    return quote("\n".join(line.strip("\n") for line in lines))
