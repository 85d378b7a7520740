# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of hosts, which may be hostile, made fit for one line, for a spreadsheet, and figures as people write them."""

from __future__ import annotations

import re
from typing import Any

_UNITS = (("TiB", 1024**4), ("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))

# What spreadsheets take as the beginning of a formula or of a command, also in its full-width form.
_STARTERS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# A cell begins where the text does, and where a program with another idea of the separator would begin one.
_FORMULA = re.compile(f"(^|[,;|\"'])(\\s*)(?=[{_STARTERS}])")


def clean(value: Any) -> str:
    """The text in one line; what does not print, or turns the direction of writing, is shown as its escape."""
    text = " ".join(str(value).split())
    return text if text.isprintable() else "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def neutralize(value: Any) -> str:
    """The text as a cell that no spreadsheet executes: an apostrophe before whatever it would take as a formula."""
    return _FORMULA.sub(r"\1\2'", clean(value))


def number_text(value: float | None) -> str:
    """A count with its thousands apart; a dash for nothing."""
    return "-" if value is None else f"{value:,}"


def percent_text(value: float | None) -> str:
    """A percentage with one digit; a dash for nothing."""
    return "-" if value is None else f"{value:.1f} %"


def size_text(size: int | None) -> str:
    """Bytes in the unit that people would choose; a dash for nothing."""
    if size is None:
        return "-"
    unit, factor = next((each for each in _UNITS if size >= each[1]), ("B", 1))
    return f"{size / factor:.1f} {unit}" if factor > 1 else f"{size} B"
