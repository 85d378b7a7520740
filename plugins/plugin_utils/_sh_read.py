# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading script, made from the rows of the manifest, and the snapshot that its answer gives."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import (
    KERNEL_TREES,
    NOT_REGULAR,
    NUL,
    TOO_LARGE,
    Want,
    filter_lines,
    want,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import WANTED_TOOLS
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import MAX_BYTES, decode, encode
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read, Snapshot
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_errors import find_errno
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote, quote_pattern
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import Record

_WILD = re.compile(r"[*?[]")

# ---------------------------------------------------------------------------------------------- the script


def reading_variables(reads: tuple[Read, ...]) -> str:
    """The assignments that read.sh wants to find."""
    variables = {
        "WANTED_PATHS": _join(read.pattern for read in reads if not read.is_search),
        "WANTED_TEXTS": _join(read.pattern for read in reads if read.content and not read.lines),
        "WANTED_FOLDERS": _join(dict.fromkeys(filter(None, (_watched(read.pattern) for read in reads)))),
        "SEARCHES": "".join(_call("search", lines, patterns) for lines, patterns in _by_lines(reads).items()),
        "PICKS": "".join(_call("pick", read.lines, [read.pattern]) for read in reads if read.is_search),
        "WANTED_TOOLS": "\n".join(WANTED_TOOLS),
    }
    return "".join(f"{name}={quote(value)}\n" for name, value in variables.items())


def _join(patterns: Iterator[str] | dict[str, None]) -> str:
    return " ".join(quote_pattern(pattern) for pattern in patterns)


def _watched(pattern: str) -> str:
    """The directory in which a pattern first looks for names; empty for a plain path."""
    found = _WILD.search(pattern)
    return posixpath.dirname(pattern[: found.start()] + "x") if found else ""


def _by_lines(reads: tuple[Read, ...]) -> dict[tuple[str, ...], list[str]]:
    """The plain files of which only lines are wanted, by the wanted strings: one grep for each row."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for read in reads:
        if read.content and read.lines and not read.is_search:
            groups.setdefault(read.lines, []).append(read.pattern)
    return groups


def _call(function: str, lines: tuple[str, ...], patterns: list[str]) -> str:
    needles = quote("\n".join(line.strip("\n") for line in lines))
    return f"{function} {needles} {_join(iter(patterns))}\n"


# ---------------------------------------------------------------------------------------------- the answer


@dataclass
class _Found:
    """What the records say, before it is put together; paths are those of the host, without the root."""

    facts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, tuple[str, int, int, str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    links: dict[str, tuple[str, str]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    mounts: list[tuple[str, bool]] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


def parse_snapshot(records: list[Record], reads: tuple[Read, ...], root: str) -> Snapshot:
    """The snapshot of an answer. Raises UnsupportedHostError when the host lacks what reading needs."""
    found = _Found()
    path = ""
    for record in records:
        path = _take(found, record, path, root)
    wants = _Wants(reads, found.facts.get("release", ""))
    entries = {}
    for path, row in found.rows.items():
        entry = _entry(found, path, row, wants.of(path))
        if entry is not None:
            entries[path] = entry
    for path in found.unlisted:
        entries[path] = Entry(path, "directory", error="EACCES", writable=False)
    return Snapshot(entries=entries, facts=found.facts)


_FACTS = {"release": "release", "page": "page_size", "euid": "euid", "machine": "machine", "time": "time"}


def _take(found: _Found, record: Record, path: str, root: str) -> str:
    """Put one record away; the answer is the path that the next records are about."""
    kind, *rest = record.words
    if kind in _FACTS:
        found.facts[_FACTS[kind]] = record.text.strip()
    elif kind == "tool":
        found.facts["tool:" + rest[0]] = record.text
    elif kind == "fault":
        raise UnsupportedHostError(f"{record.text} could not be run on this host, and nothing can be read without it")
    elif kind in _TAKE:
        return _TAKE[kind](found, record, path, root)
    return path


def _take_path(found: _Found, record: Record, path: str, root: str) -> str:
    return record.text[len(root) :]


def _take_text(found: _Found, record: Record, path: str, root: str) -> str:
    found.texts[path] = record.text
    return path


def _take_error(found: _Found, record: Record, path: str, root: str) -> str:
    found.errors[path] = find_errno(record.text)
    return path


def _take_list(found: _Found, record: Record, path: str, root: str) -> str:
    for line in _whole_lines(record.text):
        row = _ROW.fullmatch(line)
        if row:
            name, target = _split_target(row["mode"], row["path"])
            found.rows[name[len(root) :]] = (row["mode"], _mode_bits(row["mode"]), int(row["size"] or 0), target)
    return path


def _take_meta(found: _Found, record: Record, path: str, root: str) -> str:
    row = _ROW.fullmatch(record.text + " /")
    if row:
        found.rows[path] = (row["mode"], _mode_bits(row["mode"]), int(row["size"] or 0), "")
    return path


def _take_target(found: _Found, record: Record, path: str, root: str) -> str:
    if path in found.rows:
        found.rows[path] = (*found.rows[path][:3], record.text)
    return path


def _take_link(found: _Found, record: Record, path: str, root: str) -> str:
    found.links[record.text[len(root) :]] = (record.words[1], "")
    return record.text[len(root) :]


def _take_real(found: _Found, record: Record, path: str, root: str) -> str:
    real = posixpath.normpath(record.text[len(root) :] or "/") if record.text else ""
    found.links[path] = (found.links[path][0], real)
    return path


def _take_blocked(found: _Found, record: Record, path: str, root: str) -> str:
    found.blocked.update(line[len(root) :] for line in record.text.split("\n") if line)
    return path


def _take_locked(found: _Found, record: Record, path: str, root: str) -> str:
    found.blocked.add(record.text[len(root) :])
    return path


def _take_lines(found: _Found, record: Record, path: str, root: str) -> str:
    """What grep says: C(PATH:LINE), or C(grep: PATH: message)."""
    for line in record.text.split("\n"):
        if line.startswith("/"):
            name, _colon, text = line[len(root) :].partition(":")
            found.lines[name] = found.lines.get(name, "") + text + "\n"
        elif line.startswith("grep: /"):
            name, _colon, message = line[len("grep: ") + len(root) :].partition(": ")
            found.errors[name] = find_errno(message)
    return path


def _take_mounts(found: _Found, record: Record, path: str, root: str) -> str:
    for line in record.text.split("\n"):
        flag, _space, place = line.partition(" ")
        if place and not root:
            found.mounts.append((place, flag == "ro"))
    return path


def _take_unlisted(found: _Found, record: Record, path: str, root: str) -> str:
    found.unlisted.append(record.text[len(root) :])
    return path


_TAKE = {
    "path": _take_path,
    "text": _take_text,
    "error": _take_error,
    "list": _take_list,
    "odd": _take_path,
    "meta": _take_meta,
    "target": _take_target,
    "link": _take_link,
    "real": _take_real,
    "blocked": _take_blocked,
    "locked": _take_locked,
    "lines": _take_lines,
    "mounts": _take_mounts,
    "unlisted": _take_unlisted,
}
