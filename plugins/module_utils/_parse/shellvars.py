# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables in files that a shell sources (/etc/sysconfig/*, /etc/conf.d/*): read one, set one.

Nothing here raises and nothing is executed: C($NAME) in a value stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import line_ending

_PLAIN = re.compile(r"[^ \t\r\n;&|<>()'\"\\]+")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_IN_DOUBLE = re.compile(r'\\(["\\$`])|\\\r?\n')
_NEEDS_ESCAPE = re.compile(r'(["\\$`])')
_BARE = re.compile(r"[A-Za-z0-9_./:,@%+-]*")
_NEXT_ASSIGNMENT = re.compile(r"\n[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True)
class Variable:
    """An assignment.

    line: its first physical line, from 1. raw: its lines as written.
    quote: how the value begins: C("), C(') or empty.
    """

    name: str
    value: str
    line: int
    quote: str
    raw: str


@dataclass(frozen=True)
class _Span:
    """Where a value stands: text[start:stop], quotes included."""

    start: int
    stop: int
    value: str


def read_variable(text: str, name: str) -> Variable | None:
    """The last assignment of a variable that is not commented out; None without one."""
    span = _last_span(text, name)
    if span is None:
        return None
    first = text.rfind("\n", 0, span.start) + 1
    quote = text[span.start : span.start + 1]
    return Variable(
        name=name,
        value=span.value,
        line=text.count("\n", 0, first) + 1,
        quote=quote if quote in ("'", '"') else "",
        raw=text[first : _line_stop(text, span.stop)],
    )


def set_variable(text: str, name: str, value: str) -> str:
    """The text with the last assignment of the variable changed, or with a new last line when there is none.

    Quotes, indentation, a comment behind it and line endings stay. A text that has the value already is not changed.
    """
    span = _last_span(text, name)
    if span is None:
        return _append(text, name + "=" + _quoted(value, '"'))
    if span.value == value:
        return text
    return text[: span.start] + _quoted(value, text[span.start : span.start + 1]) + text[span.stop :]


def unquote(word: str) -> str:
    """The value that a shell gives to a word: quotes and escapes resolved, everything after the word ignored."""
    return _read_value(word, 0).value


def _append(text: str, line: str) -> str:
    ending = line_ending(text)
    separator = "" if not text or text.endswith("\n") else ending
    return text + separator + line + ending


def _quoted(value: str, quote: str) -> str:
    if quote == "'" and "'" not in value:
        return "'" + value + "'"
    if quote not in ("'", '"') and _BARE.fullmatch(value):
        return value
    return '"' + _NEEDS_ESCAPE.sub(r"\\\1", value) + '"'


def _last_span(text: str, name: str) -> _Span | None:
    pattern = re.compile(r"^[ \t]*(?:export[ \t]+)?" + re.escape(name) + "=", re.MULTILINE)
    span = None
    match = pattern.search(text)
    while match:
        span = _read_value(text, match.end())
        match = pattern.search(text, span.stop)
    return span


def _line_stop(text: str, position: int) -> int:
    """The end of the line that position is in, without its ending."""
    stop = text.find("\n", position)
    stop = len(text) if stop < 0 else stop
    return stop - 1 if stop > position and text[stop - 1] == "\r" else stop


def _read_value(text: str, start: int) -> _Span:
    """The word at start.

    It may span lines only when its quotes are closed and no line in it looks like another assignment: a forgotten
    quote must not swallow the rest of the file.
    """
    span = _read_word(text, start)
    if span and not _NEXT_ASSIGNMENT.search(text, start, span.stop):
        return span
    stop = _line_stop(text, start)
    return _read_word(text[:stop], start) or _read_open_word(text, start, stop)


def _read_word(text: str, start: int) -> _Span | None:
    """A shell word: quoted, escaped and plain parts without a blank between them. None when a quote is not closed."""
    parts: list[str] = []
    position = start
    while position < len(text):
        match = _part(text, position)
        if match is None:
            return None if text[position] in "'\"" else _Span(start, position, "".join(parts))
        parts.append(_part_value(match))
        position = match.end()
    return _Span(start, position, "".join(parts))


def _part(text: str, position: int) -> re.Match[str] | None:
    for pattern in (_PLAIN, _DOUBLE, _SINGLE, _ESCAPED):
        match = pattern.match(text, position)
        if match:
            return match
    return None


def _part_value(match: re.Match[str]) -> str:
    if match.re is _DOUBLE:
        return _IN_DOUBLE.sub(lambda escaped: escaped.group(1) or "", match.group(1))
    if match.re is _PLAIN:
        return match.group()
    return "" if match.re is _ESCAPED and match.group(1) == "\n" else match.group(1)


def _read_open_word(text: str, start: int, stop: int) -> _Span:
    """A value whose quote is never closed: all of the line counts."""
    value = text[start:stop]
    return _Span(start, stop, value[1:] if value[:1] in ("'", '"') else value)
