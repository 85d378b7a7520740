# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs of a host have printed over sh, as their entries in a snapshot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._host_commands import FAILED, TIMED_OUT
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import MAX_LINE, filter_lines
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import encode
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import Record

# What the function limited of ask.sh says at the end of a program, and before that when the time was over.
_END = re.compile(r"(.*?)\n@ (\d+)(?:\n|\Z)", re.DOTALL)
_TIME = "\n@time\n"

# What a shell says of a program that it could not start (POSIX, exit status for commands).
NOT_STARTED = (126, 127)


@dataclass(frozen=True)
class End:
    """How a program ended. words: its complaints. is_late: it was ended, because the time was over."""

    status: int
    words: str
    is_late: bool


def parse_ends(said: str) -> list[End]:
    """The ends of the programs that were run one after the other."""
    return [End(int(status), words.replace(_TIME, ""), _TIME in words) for words, status in _END.findall(said)]


def parse_answers(records: list[Record], reads: tuple[Read, ...]) -> dict[str, Entry]:
    """An entry for each program that the host has."""
    rows = {read.pattern: read for read in reads if read.command}
    entries, name, text = {}, "", ""
    for record in records:
        if record.kind == "command":
            name = record.text
        elif record.kind == "printed":
            text = record.text
        elif record.kind == "ended" and name in rows:
            entries[name] = _entry(rows[name], text, record.text)
    return entries


def _entry(read: Read, printed: str, said: str) -> Entry:
    ends = parse_ends(said)
    if not ends or ends[0].status in NOT_STARTED:
        return Entry(read.pattern, "command", error=FAILED, writable=False)
    pieces = (
        line[at : at + MAX_LINE]
        for line in encode(printed).splitlines(keepends=True)
        for at in range(0, len(line), MAX_LINE)
    )
    text, error = filter_lines(pieces, frozenset(read.lines or ("",)))
    if ends[0].is_late:
        error = TIMED_OUT
    elif ends[0].status:
        error = FAILED
    return Entry(read.pattern, "command", text=text, error=error, writable=False)
