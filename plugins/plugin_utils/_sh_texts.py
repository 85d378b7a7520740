# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(head) prints of several files, taken apart."""

from __future__ import annotations

import re
from typing import Iterator, Mapping

# Before each file but the first, head puts a newline of its own.
_HEADING = re.compile(rb"\n==> (/.*?) <==\n", re.DOTALL)


def split_texts(output: bytes, sizes: Mapping[bytes, int | None]) -> Iterator[tuple[bytes, bytes]]:
    """The name and the text of each file, in the order in which they come.

    output: of C(head -c NUMBER /dev/null FILE... /dev/null). sizes: of all names that may occur, None where it is not
    known. A text may look like a heading itself; where the size says so, it is none. A file that has another size by
    now ends at the next heading with a name that may occur.
    """
    heading = _HEADING.search(output)
    while heading and heading[1] in sizes:
        start, size = heading.end(), sizes[heading[1]]
        following = _HEADING.match(output, start + size) if size is not None else None
        following = following or _next_heading(output, start, sizes)
        yield heading[1], output[start : following.start() if following else len(output)]
        heading = following


def _next_heading(output: bytes, start: int, sizes: Mapping[bytes, int | None]) -> re.Match[bytes] | None:
    found = _HEADING.finditer(output, start)
    return next((each for each in found if each[1] in sizes or each[1] == b"/dev/null"), None)
