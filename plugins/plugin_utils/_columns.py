# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text in the columns of a terminal, where a character takes none, one or two of them."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Sequence


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row, all of one width with two blanks at its end, the cells below each other."""
    widths = [max(map(width_of, column)) + 2 for column in zip(*rows)]
    return ["".join(cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths)) for row in rows]


def cut(text: str, width: int) -> str:
    """The text with its end cut off where it is too wide."""
    if width_of(text) <= width:
        return text
    ends = itertools.accumulate(map(width_of, text))
    return text[: sum(end <= width - 2 for end in ends)].rstrip() + ".."


def width_of(text: str) -> int:
    """The columns of a terminal that the text takes: two for a wide character, none for what stands above another."""
    return sum(_width(each) for each in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
