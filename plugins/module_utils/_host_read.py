# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host: patterns become paths, paths become entries. Nothing here raises for a single path."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Iterable

from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import WANTED_TOOLS, find_tool
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import (
    MAX_BYTES,
    NotRegularError,
    Tree,
    decode,
    encode,
    errno_name,
    open_regular,
    read_bytes,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read, Snapshot

# NUL: a text never has that byte, and a shell cannot hold it.
TOO_LARGE, NOT_REGULAR, NUL = "TOO_LARGE", "NOT_REGULAR", "NUL"

# A line is looked at in pieces of at most this many bytes, so that a file without line ends stays bounded.
MAX_LINE = 65536

# Here the mode says whether the kernel takes a write; access(2) lets root through.
KERNEL_TREES = ("/proc/sys/", "/sys/")

_KINDS = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"), (stat.S_ISLNK, "link"))

_MISSING = (errno.ENOENT, errno.ENOTDIR)


@dataclass(frozen=True)
class Want:
    """What all patterns together want of one path; lines None: the whole text. is_search: all are. tail: see Read."""

    content: bool
    lines: frozenset[str] | None
    is_search: bool
    tail: int = 0

    def merge(self, other: Want) -> Want:
        is_search = self.is_search and other.is_search
        if not (self.content and other.content):
            return replace(self if self.content else other, is_search=is_search)
        if self.lines is None or other.lines is None:
            return Want(True, None, is_search)
        tail = max(self.tail, other.tail) if self.tail and other.tail else 0
        return Want(True, self.lines | other.lines, is_search, tail)


def want(read: Read) -> Want:
    """What one row of the manifest wants of each path that it matches."""
    return Want(read.content, frozenset(read.lines) if read.lines else None, read.is_search, read.tail)


def read_tree(tree: Tree, reads: tuple[Read, ...]) -> Snapshot:
    """Every path that the patterns match, and the facts of the host. Raises nothing for a path that cannot be read."""
    facts = read_facts(tree)
    wants: dict[str, Want] = {}
    unlisted: dict[str, Entry] = {}
    for read in reads:
        for path in _expand(tree, read.pattern.replace("{release}", facts["release"]), unlisted):
            wants[path] = wants[path].merge(want(read)) if path in wants else want(read)
    entries = {}
    for path, wanted in wants.items():
        entry = _read_entry(tree, path, wanted)
        if entry is not None and (entry.text or not wanted.is_search):
            entries[path] = entry
    return Snapshot(entries={**entries, **unlisted}, facts=facts)


def read_facts(tree: Tree) -> dict[str, str]:
    """The facts that Snapshot lists; a tool that the host lacks has none."""
    facts = {
        "release": _read_release(tree),
        "machine": os.uname().machine,
        "page_size": _read_page_size(),
        "euid": str(os.geteuid()),
        "time": time_stamp(),
    }
    tools = ((name, find_tool(tree, name)) for name in WANTED_TOOLS)
    return {**facts, **{"tool:" + name: path for name, path in tools if path}}


def time_stamp() -> str:
    """What names a copy that is made now, in UTC."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def _read_release(tree: Tree) -> str:
    # The same as uname -r on a host; a tree that stands for another host brings its own.
    entry = _read_entry(tree, "/proc/sys/kernel/osrelease", Want(True, None, False))
    return entry.text.strip() if entry and entry.text else os.uname().release


def _read_page_size() -> str:
    try:
        return str(os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError):
        return ""


# ---------------------------------------------------------------------------------------------- patterns


def _expand(tree: Tree, pattern: str, unlisted: dict[str, Entry]) -> list[str]:
    """The paths that a pattern may mean; a directory that cannot be listed is put into unlisted."""
    paths = [""]
    for part in pattern.strip("/").split("/"):
        if re.search(r"[*?[]", part):
            paths = [path + "/" + name for path in paths for name in _list(tree, path, part, unlisted)]
        else:
            paths = [path + "/" + part for path in paths]
    return paths


def _list(tree: Tree, directory: str, part: str, unlisted: dict[str, Entry]) -> list[str]:
    try:
        names = os.listdir(tree.host_path(tree.resolve(directory)))
    except OSError as error:
        if error.errno not in _MISSING:
            unlisted[directory] = Entry(directory, "directory", error=errno_name(error.errno), writable=False)
        return []
    return sorted(name for name in names if match_name(name, part))


def match_name(name: str, part: str) -> bool:
    """Whether one name matches one component of a pattern; as in a shell, a leading dot only by a dot."""
    return fnmatch.fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))


# ---------------------------------------------------------------------------------------------- entries


def _read_entry(tree: Tree, path: str, wanted: Want) -> Entry | None:
    try:
        status = os.lstat(tree.locate(path))
    except OSError as error:
        if error.errno in _MISSING:
            return None
        return Entry(path, "other", error=errno_name(error.errno), writable=False)
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "other")
    entry = Entry(path, kind, mode=stat.S_IMODE(status.st_mode))
    try:
        if kind == "link":
            entry = replace(entry, target=os.readlink(tree.locate(path)))
        return _complete(tree, entry, wanted)
    except OSError as error:
        return replace(entry, error=errno_name(error.errno), writable=False)


def _complete(tree: Tree, entry: Entry, wanted: Want) -> Entry:
    """The entry with its link resolved, its text read and its writability found. Raises OSError ELOOP."""
    if entry.kind == "link":
        entry = replace(entry, real=tree.resolve(entry.path))
    real = tree.host_path(entry.real or tree.resolve(entry.path))
    entry = replace(entry, writable=_is_writable(entry.real or entry.path, real))
    if not wanted.content or entry.kind == "directory":
        return entry
    if entry.real == "/dev/null":
        # The usual mask of a drop-in, sysctl.d(5): a device, but surely empty.
        return replace(entry, text="")
    text, problem = _read_text(real, wanted)
    return replace(entry, text=text, error=problem)


def _is_writable(path: str, host_path: str) -> bool:
    if path.startswith(KERNEL_TREES) and not _has_write_bit(host_path):
        return False
    return os.access(host_path, os.W_OK)


def _has_write_bit(host_path: str) -> bool:
    try:
        return bool(os.stat(host_path).st_mode & 0o222)
    except OSError:
        return False


def _read_text(host_path: str, wanted: Want) -> tuple[str | None, str]:
    """The text and why it is missing or incomplete (empty: it is neither)."""
    try:
        descriptor = open_regular(host_path)
        with os.fdopen(descriptor, "rb", buffering=MAX_LINE) as stream:
            if wanted.lines is not None:
                is_cut = _skip_to_tail(descriptor, wanted.tail)
                text, problem = filter_lines(iter(lambda: stream.readline(MAX_LINE), b""), wanted.lines)
                return text, TOO_LARGE if is_cut else problem
            data = read_bytes(descriptor)
            return (None, NUL) if b"\0" in data else (decode(data), "")
    except NotRegularError:
        return None, NOT_REGULAR
    except OSError as error:
        return None, TOO_LARGE if error.errno == errno.EFBIG else errno_name(error.errno)


def _skip_to_tail(descriptor: int, tail: int) -> bool:
    """Go to so many bytes before the end; whether something was skipped. tail: 0 skips nothing."""
    size = os.fstat(descriptor).st_size
    if not tail or size <= tail:
        return False
    os.lseek(descriptor, size - tail, os.SEEK_SET)
    return True


def filter_lines(stream: Iterable[bytes], wanted: frozenset[str]) -> tuple[str, str]:
    """The lines that contain a wanted string, each with a line end; of too many, the last ones.

    The end of a log is what is new.
    """
    needles = [encode(text) for text in sorted(wanted)]
    kept: deque[bytes] = deque()
    size, problem = 0, ""
    for line in stream:
        if any(needle in line for needle in needles):
            kept.append(line if line.endswith(b"\n") or len(line) == MAX_LINE else line + b"\n")
            size += len(kept[-1])
        while size > MAX_BYTES:
            size -= len(kept.popleft())
            problem = TOO_LARGE
    return decode(b"".join(kept)), problem
