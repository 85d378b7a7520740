# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with [sections] (TuneD profiles, firewalld.conf without any): text in, items out. Nothing here raises."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import BLANKS

_SECTION = re.compile(r"\[([^\]]*)\]")
_INLINE_COMMENT = re.compile(r"[ \t]#.*")


@dataclass(frozen=True)
class Item:
    """One C(key = value); section is empty before the first header. Keys keep their case. line: from 1."""

    section: str
    key: str
    value: str
    line: int


def parse_sections(text: str) -> tuple[Item, ...]:
    """Every item in its order, as TuneD reads them.

    C(#) and C(;) in first place make comments, a blank and C(#) end a value; quotes around a value are removed.
    """
    found = []
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        body = line.lstrip("\ufeff").strip(BLANKS)
        header = _SECTION.match(body)
        if header:
            section = header.group(1).strip(BLANKS)
        elif body and body[0] not in "#;" and "=" in body:
            key, _equals, value = body.partition("=")
            value = strip_quotes(_INLINE_COMMENT.sub("", value))
            found.append(Item(section, key.strip(BLANKS), value, number))
    return tuple(found)


def strip_quotes(text: str) -> str:
    """The text without blanks around it and without one pair of equal quotes."""
    body = text.strip(BLANKS)
    quoted = len(body) > 1 and body[0] == body[-1] and body[0] in "'\""
    return body[1:-1] if quoted else body
