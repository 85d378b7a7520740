# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of a reading answer, put away by what they are about."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import Callable

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import MAX_BYTES, decode, encode
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_errors import cannot_run, find_errno
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import Record
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_texts import Sent, split_texts

# A line of C(ls -ldn); the date is in between, and devices have two numbers in place of the size.
_ROW = re.compile(
    r"(?P<mode>[-bcdlps][-rwxsStT]{9})[.+@]? +\d+ +\S+ +\S+ +(?:(?P<size>\d+)|\d+, *\d+) .*?(?P<path>/.*)", re.DOTALL
)
_ARROW = " -> "
KERNEL_FILES = ("/proc/", "/sys/")
# Of each file; one more than what a text may have, so that too much of it is noticed.
TEXT_BYTES = MAX_BYTES + 1


@dataclass(frozen=True)
class Row:
    """What ls shows of a path. target: what a link says."""

    kind: str
    mode: int
    size: int
    target: str = ""


@dataclass(frozen=True)
class Link:
    """Where a link leads: C(file), C(directory), C(other) or C(missing); real is empty with too many links."""

    kind: str
    real: str = ""


@dataclass
class Found:
    """What the records say, before it is put together; paths are those of the host, without the root.

    rows: everything that exists. names: the files that head was given. texts: whole files, lines: only the wanted lines
    of a file, errors: why there is none. cut: files of which only the end was looked at. blocked: what cannot be
    written. mounts: mount points and whether they are read-only.
    """

    facts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    links: dict[str, Link] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    mounts: list[tuple[str, bool]] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


_FACTS = {"release": "release", "page": "page_size", "euid": "euid", "machine": "machine"}


def collect(records: list[Record], root: str) -> Found:
    """Everything that the records say. Raises UnsupportedHostError when the host lacks what reading needs."""
    found, path = Found(), ""
    for record in records:
        path = _take(found, record, path, root)
    return found


def _take(found: Found, record: Record, path: str, root: str) -> str:
    """Put one record away; the answer is the path that the next records are about."""
    kind, *rest = record.words
    if kind in _FACTS:
        found.facts[_FACTS[kind]] = record.text.strip()
    elif kind == "tool":
        found.facts["tool:" + rest[0]] = record.text
    elif kind == "fault":
        raise cannot_run(record.text)
    elif kind in _TAKE:
        return _TAKE[kind](found, record, path, root)
    return path


def _take_path(_found: Found, record: Record, _path: str, root: str) -> str:
    return record.text[len(root) :]


def _take_error(found: Found, record: Record, path: str, _root: str) -> str:
    found.errors[path] = find_errno(record.text)
    return path


def _take_cut(found: Found, _record: Record, path: str, _root: str) -> str:
    found.cut.add(path)
    return path


def _take_found(found: Found, record: Record, path: str, _root: str) -> str:
    found.lines[path] = record.text
    return path


def _whole_lines(text: str) -> list[str]:
    """The lines of ls; what a newline in the target of a link has torn apart is put together."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and not _ROW.fullmatch(line):
            lines[-1] += "\n" + line
        else:
            lines.append(line)
    return lines


_KINDS = {"-": "file", "d": "directory", "l": "link"}


def _row(match: re.Match[str], target: str = "") -> Row:
    mode = match["mode"]
    return Row(_KINDS.get(mode[0], "other"), _mode_bits(mode), int(match["size"] or 0), target)


def _mode_bits(mode: str) -> int:
    """The permission bits of C(drwxr-xr-x)."""
    bits = 0
    for place, sign in enumerate(mode[1:]):
        if sign in "rwxst":
            bits |= 0o400 >> place
        if sign in "sStT":
            bits |= 0o4000 >> (place // 3)
    return bits


def _split_target(mode: str, path: str) -> tuple[str, str]:
    if not mode.startswith("l"):
        return path, ""
    name, _arrow, target = path.rpartition(_ARROW)
    return name, target


def _take_list(found: Found, record: Record, path: str, root: str) -> str:
    for line in _whole_lines(record.text):
        row = _ROW.fullmatch(line)
        if row:
            name, target = _split_target(row["mode"], row["path"])
            found.rows[name[len(root) :]] = _row(row, target)
    return path


def _take_meta(found: Found, record: Record, path: str, _root: str) -> str:
    row = _ROW.fullmatch(record.text + " /")
    if row:
        found.rows[path] = _row(row)
    return path


def _take_target(found: Found, record: Record, path: str, _root: str) -> str:
    if path in found.rows:
        found.rows[path] = replace(found.rows[path], target=record.text)
    return path


def _take_link(found: Found, record: Record, _path: str, root: str) -> str:
    found.links[record.text[len(root) :]] = Link(record.words[1])
    return record.text[len(root) :]


def _take_real(found: Found, record: Record, path: str, root: str) -> str:
    real = posixpath.normpath(record.text[len(root) :] or "/") if record.text else ""
    found.links[path] = Link(found.links[path].kind, real)
    return path


def _take_blocked(found: Found, record: Record, path: str, root: str) -> str:
    found.blocked.update(line[len(root) :] for line in record.text.split("\n") if line)
    return path


def _take_shut(found: Found, record: Record, path: str, root: str) -> str:
    found.blocked.add(record.text[len(root) :])
    return path


def _take_lines(found: Found, record: Record, path: str, root: str) -> str:
    """What grep says: C(PATH:LINE), or C(grep: PATH: message)."""
    for line in record.text.split("\n"):
        if line.startswith("/"):
            name, _colon, text = line[len(root) :].partition(":")
            found.lines[name] = found.lines.get(name, "") + text + "\n"
        elif line.startswith("grep: /"):
            name, _colon, message = line[len("grep: ") + len(root) :].partition(": ")
            found.errors[name] = find_errno(message)
    return path


def _take_names(found: Found, record: Record, path: str, root: str) -> str:
    """The files that head is given, one in each line; a name may have a newline in it."""
    found.names = [name[len(root) :] for name in re.split(r"\n(?=/)", record.text) if name]
    return path


def _take_texts(found: Found, record: Record, path: str, root: str) -> str:
    """What head prints of them, see _sh_texts."""
    sent = [Sent(encode(root + name), _size(found, name)) for name in found.names]
    try:
        for name, text in split_texts(encode(record.text), sent):
            found.texts[decode(name)[len(root) :]] = decode(text)
    except ValueError as error:
        raise UnsupportedHostError(f"the files of this host cannot be read: {error}") from error
    return path


def _size(found: Found, path: str) -> int | None:
    """How many bytes a text has; unknown of the kernel's files, and of those that only a link leads to."""
    link = found.links.get(path)
    real = link.real if link else path
    row = found.rows.get(real)
    return min(row.size, TEXT_BYTES) if row and row.kind == "file" and not real.startswith(KERNEL_FILES) else None


def _take_complaints(found: Found, record: Record, path: str, root: str) -> str:
    """What head complains about: C(head: PATH: message), or the path in quotes and in words of its own."""
    for line in record.text.split("\n"):
        for name in found.names:
            if any(root + name + end in line for end in (": ", "'")):
                found.errors[name] = find_errno(line.rpartition(": ")[2])
    return path


def _take_mounts(found: Found, record: Record, path: str, root: str) -> str:
    for line in record.text.split("\n"):
        flag, _space, place = line.partition(" ")
        if place and not root:
            found.mounts.append((place, flag == "ro"))
    return path


def _take_unlisted(found: Found, record: Record, path: str, root: str) -> str:
    found.unlisted.append(record.text[len(root) :])
    return path


_TAKE: dict[str, Callable[[Found, Record, str, str], str]] = {
    "path": _take_path,
    "error": _take_error,
    "cut": _take_cut,
    "found": _take_found,
    "list": _take_list,
    "odd": _take_path,
    "meta": _take_meta,
    "target": _take_target,
    "link": _take_link,
    "real": _take_real,
    "blocked": _take_blocked,
    "shut": _take_shut,
    "lines": _take_lines,
    "names": _take_names,
    "texts": _take_texts,
    "complaints": _take_complaints,
    "mounts": _take_mounts,
    "unlisted": _take_unlisted,
}
