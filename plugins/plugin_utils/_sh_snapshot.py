# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a host has answered to the snapshot that reading it with Python would have given."""

from __future__ import annotations

import functools
import re

from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import (
    KERNEL_TREES,
    MAX_LINE,
    NOT_REGULAR,
    NUL,
    TOO_LARGE,
    Want,
    filter_lines,
    match_name,
    want,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import MAX_BYTES, encode
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read, Snapshot
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_asked import parse_answers
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_records import Found, Row, collect
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import Record

_WILD = re.compile(r"[*?[]")

# What a link leads to, if it is no regular file.
_LINK_ERRORS = {"missing": "ENOENT", "directory": "EISDIR", "other": NOT_REGULAR}


def parse_snapshot(records: list[Record], reads: tuple[Read, ...], root: str) -> Snapshot:
    """The snapshot of an answer. Raises UnsupportedHostError when the host lacks what reading needs."""
    found = collect(records, root)
    wants = _Wants(reads, found.facts.get("release", ""))
    entries = {}
    for path, row in found.rows.items():
        wanted = wants.of(path)
        entry = _entry(found, path, row, wanted)
        if entry.text or not wanted.is_search:
            entries[path] = entry
    unlisted = {path: Entry(path, "directory", error="EACCES", writable=False) for path in found.unlisted}
    return Snapshot(entries={**entries, **unlisted, **parse_answers(records, reads)}, facts=found.facts)


class _Wants:
    """What the rows of the manifest want of a path."""

    def __init__(self, reads: tuple[Read, ...], release: str) -> None:
        self._plain: dict[str, Want] = {}
        self._wild: list[tuple[str, list[str], Want]] = []
        for read in reads:
            pattern = read.pattern.replace("{release}", release)
            wild = _WILD.search(pattern)
            if wild:
                self._wild.append((pattern[: wild.start()], pattern.split("/"), want(read)))
            elif pattern in self._plain:
                self._plain[pattern] = self._plain[pattern].merge(want(read))
            else:
                self._plain[pattern] = want(read)

    def of(self, path: str) -> Want:
        """Everything that is wanted of the path; nothing but its existence when no row names it."""
        wants = [wanted for start, parts, wanted in self._wild if path.startswith(start) and _matches(path, parts)]
        wants += [self._plain[path]] if path in self._plain else []
        return functools.reduce(Want.merge, wants) if wants else Want(False, None, False)


def _matches(path: str, parts: list[str]) -> bool:
    names = path.split("/")
    return len(names) == len(parts) and all(match_name(name, part) for name, part in zip(names, parts))


def _entry(found: Found, path: str, row: Row, wanted: Want) -> Entry:
    link = found.links.get(path)
    real = link.real if link else ""
    if link and not real:
        return Entry(path, row.kind, mode=row.mode, target=row.target, error="ELOOP", writable=False)
    text, error = None, ""
    if wanted.content and row.kind != "directory":
        text, error = _text(found, path, row, wanted)
    writable = _is_writable(found, path, real or path)
    return Entry(path, row.kind, row.mode, text, row.target, real, error, writable)


def _is_writable(found: Found, path: str, real: str) -> bool:
    row = found.rows.get(real)
    if real.startswith(KERNEL_TREES) and row is not None and not row.mode & 0o222:
        return False
    return path not in found.blocked and not _is_mounted_read_only(found, real)


def _is_mounted_read_only(found: Found, path: str) -> bool:
    """By the innermost mount point; of several mounts on one, the last one counts."""
    deepest, answer = "", False
    for place, read_only in found.mounts:
        if len(place) >= len(deepest) and (path + "/").startswith(place.rstrip("/") + "/"):
            deepest, answer = place, read_only
    return answer


def _text(found: Found, path: str, row: Row, wanted: Want) -> tuple[str | None, str]:
    """The text and why it is missing or incomplete (empty: it is neither)."""
    link = found.links.get(path)
    if link and link.real == "/dev/null":
        return "", ""
    kind = link.kind if link else row.kind
    if kind != "file":
        return None, _LINK_ERRORS.get(kind, NOT_REGULAR)
    if path in found.errors:
        return None, found.errors[path]
    if wanted.lines is not None:
        return _lines(found, path, wanted.lines)
    return _whole(found.texts[path]) if path in found.texts else (None, "ENOENT")


def _lines(found: Found, path: str, lines: frozenset[str]) -> tuple[str, str]:
    data = encode(found.lines.get(path, found.texts.get(path, "")))
    pieces = (
        line[at : at + MAX_LINE] for line in data.splitlines(keepends=True) for at in range(0, len(line), MAX_LINE)
    )
    text, error = filter_lines(pieces, lines)
    return text, TOO_LARGE if path in found.cut else error


def _whole(text: str) -> tuple[str | None, str]:
    data = encode(text)
    if len(data) > MAX_BYTES:
        return None, TOO_LARGE
    return (None, NUL) if b"\0" in data else (text, "")
