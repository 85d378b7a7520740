# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which a value becomes part of a shell script."""

from __future__ import annotations

import re

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
_WILD = re.compile(r"(\*|\?|\[[^]]+\]|\{release\})")

# What stands unquoted in a pattern: what the shell expands itself.
_EXPANDED = {"{release}": '"$RELEASE"'}


def quote(text: str) -> str:
    """A word that every POSIX shell takes as exactly this text: nothing in it is expanded, split or run.

    Bytes that are no UTF-8 come as surrogates, as everywhere in the collection. Raises UnsupportedHostError for a NUL,
    which no shell can hold.
    """
    if "\0" in text:
        raise UnsupportedHostError("a text with a NUL byte in it cannot be handed over to a shell")
    if _PLAIN.fullmatch(text):
        return text
    # Between single quotes only a single quote is special. Double quotes around it keep backslashes out of the script:
    # a connection plugin quotes it once more, and every quote and backslash multiplies.
    return "'" + text.replace("'", "'\"'\"'") + "'"


def quote_pattern(pattern: str) -> str:
    """A word that the shell expands as pathname pattern below $ROOT; everything but its wildcards is quoted."""
    parts = _WILD.split(pattern)
    return '"$ROOT"' + "".join(_quote_part(part) for part in parts if part)


def _quote_part(part: str) -> str:
    if part in _EXPANDED:
        return _EXPANDED[part]
    return part if _WILD.fullmatch(part) else quote(part)
