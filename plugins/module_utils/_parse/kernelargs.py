# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kernel, kmod and command line share: how names, words and integers of module parameters are read."""

from __future__ import annotations

import re

# C's isspace(). Python's own idea of white space is wider than the kernel's.
BLANKS = " \t\r\n\v\f"

# lib/cmdline.c next_arg(): blanks separate, a double quote anywhere protects them, a missing one lasts to the end.
_WORD = re.compile(r'(?:[^ \t\r\n\v\f"]|"[^"]*(?:"|\Z))+')

# lib/kstrtox.c: one optional plus sign; 0x is hex, a leading 0 octal; nothing may follow. The length keeps int() cheap.
_UNSIGNED = re.compile(r"\+?(0[xX][0-9a-fA-F]{1,16}|0[0-7]{0,22}|[1-9][0-9]{0,19})")

_UINT_MAX = 4294967295


def normalize_name(name: str) -> str:
    """The name of a module or parameter with C(_) for C(-): kmod and the kernel hold both for equal."""
    return name.replace("-", "_")


def split_words(text: str) -> tuple[str, ...]:
    """The words of a command line or of module options, quotes still in place."""
    return tuple(_WORD.findall(text))


def split_pair(word: str) -> tuple[str, str | None]:
    """Name and value of one word, without their double quotes; the value is None when there is no C(=).

    As in the kernel's next_arg() an C(=) in first place does not count: it is part of a name that no module has.
    """
    if word.startswith('"'):
        word = _drop_quotes(word)
    position = word.find("=", 1)
    if position < 0:
        return word, None
    return word[:position], _drop_quotes(word[position + 1 :])


def _drop_quotes(text: str) -> str:
    if not text.startswith('"'):
        return text
    return text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]


def unsigned_int(text: str) -> int | None:
    """The value of an unsigned integer module parameter (hashsize); None when the kernel refuses it."""
    match = _UNSIGNED.fullmatch(text)
    if not match:
        return None
    number = c_integer(match.group(1))
    return number if number <= _UINT_MAX else None


def c_integer(digits: str) -> int:
    """The value of digits that are already known to be C notation: 0x hex, leading 0 octal, else decimal."""
    if digits[:2] in ("0x", "0X"):
        return int(digits[2:], 16)
    return int(digits, 8) if digits.startswith("0") else int(digits)
