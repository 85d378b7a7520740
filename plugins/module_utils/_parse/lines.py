# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact edits of foreign files: one line, or one marked block; every other byte stays as it is.

A line ends with a newline and nothing else, as for all who read these files; a carriage return before it is kept.
"""

from __future__ import annotations

import re

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import COMMANDS, is_continued

_MODPROBE = re.compile(r"[ \t]*(?:" + "|".join(COMMANDS) + r")[ \t]")

# Added to the begin line when the file did not end with a newline, so that removing the block can restore that.
_OPEN_END = " (the file had no newline at its end)"


def line_ending(text: str) -> str:
    """The ending of the first line: CRLF or newline; newline for a text without any."""
    position = text.find("\n")
    return "\r\n" if position > 0 and text[position - 1] == "\r" else "\n"


def comment_out(text: str, line: int, marker: str) -> str:
    """Put the marker before a line (counted from 1).

    A modprobe directive that goes on after a backslash gets the marker before each of its physical lines. Raises
    ValueError when there is no such line: the caller's numbers are of another text.
    """
    lines = text.split("\n")
    total = len(lines) - (lines[-1] == "")
    if not 1 <= line <= total:
        raise ValueError(f"there is no line {line}")
    last = line
    if _MODPROBE.match(lines[line - 1]):
        while last < total and is_continued(lines[last - 1]):
            last += 1
    for index in range(line - 1, last):
        lines[index] = marker + lines[index]
    return "\n".join(lines)


def replace_block(text: str, begin: str, end: str, body: str) -> str:
    """Put the body between the begin and end lines, over what was there; a new block goes to the end of the text.

    begin and end are whole lines without their ending and must not occur in body, which gets the file's line endings
    and a final one if it lacks it. Of several blocks the last one is replaced: it is the one that counts.
    """
    spans = _blocks(text, begin, end)
    if spans:
        start, stop = spans[-1]
        first = text.index("\n", start) + 1
        last = text.rindex(end, first, stop)
        return text[:first] + _with_ending(body, line_ending(text[start:first])) + text[last:]
    ending = line_ending(text)
    closed = not text or text.endswith("\n")
    opening = begin + ending if closed else ending + begin + _OPEN_END + ending
    return text + opening + _with_ending(body, ending) + end + ending


def _with_ending(body: str, ending: str) -> str:
    inner = body if not body or body.endswith("\n") else body + "\n"
    return inner.replace("\r\n", "\n").replace("\n", ending)


def remove_block(text: str, begin: str, end: str) -> str:
    """Remove every block with these begin and end lines.

    Gives back, byte for byte, the text to which replace_block() appended one.
    """
    for start, stop in reversed(_blocks(text, begin, end)):
        head = text[:start]
        if text.startswith(begin + _OPEN_END, start) and head.endswith("\n"):
            # The ending of the line before is ours. Its kind is judged without itself, as it was when it was added.
            head = head[: -len(line_ending(head[:-1]))]
        text = head + text[stop:]
    return text


def _blocks(text: str, begin: str, end: str) -> list[tuple[int, int]]:
    """Start and stop of every block: an end line and the nearest begin line before it.

    Begin or end lines alone are foreign text.
    """
    spans = []
    opened = -1
    position = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", text):
        content = line.rstrip("\r\n")
        if content in (begin, begin + _OPEN_END) and line.endswith("\n"):
            opened = position
        elif content == end and opened >= 0:
            spans.append((opened, position + len(line)))
            opened = -1
        position += len(line)
    return spans
