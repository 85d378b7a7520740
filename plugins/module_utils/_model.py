# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What flows through the collection: raw texts of a host, operations on it, and their outcomes.

Everything here is frozen data; nothing here reads, writes or decides.
"""

from __future__ import annotations

import bisect
import fnmatch
import itertools
import posixpath
import re
from dataclasses import dataclass, field
from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery, FlowWish

# ---------------------------------------------------------------------------------------------- raw reading


@dataclass(frozen=True)
class Read:
    """One thing to be read from a host.

    pattern: an absolute path; C(*), C(?) and C([...]) match inside one path component; C({release}) stands for
        C(uname -r).
    content: whether the content is wanted, or only the existence, type and mode.
    lines: keep only lines that contain one of these fixed strings (for large files); empty keeps the whole text.
    tail: with lines, how many bytes at the end of the file are looked at; 0 for all.
    command: instead of a file, what this program prints on its standard output: its name and its arguments, without a
        shell. Then pattern is only the name of the entry, C(command:NAME); a program that the host lacks gives no
        entry.
    given: with command, the path that must be there for the program to be run.
    """

    pattern: str
    content: bool = True
    lines: tuple[str, ...] = ()
    tail: int = 0
    command: tuple[str, ...] = ()
    given: str = ""

    @property
    def is_search(self) -> bool:
        """Lines of many files are searched for: a file without any has no entry."""
        return bool(self.lines) and any(sign in self.pattern for sign in "*?[")


@dataclass(frozen=True)
class Entry:
    """One path of a host as it was found.

    kind: by lstat: file, directory, link, other; command for what a program printed.
    text: content, decoded as UTF-8 with surrogateescape so that any byte survives; of a link, that of its target; None
        when it was not asked for or could not be read.
    error: when the text could not be read, the errno name (C(EACCES), C(EIO), C(ENOENT) for a dangling link, C(EISDIR)
        for one to a directory ...), C(TOO_LARGE), C(NUL) for a text with a NUL byte, or C(NOT_REGULAR) for a FIFO,
        socket or device, which is never opened. With Read.lines, C(TOO_LARGE) means that text has only the last of the
        lines, or that only the end of the file was looked at. A link to /dev/null has an empty text.
    target: what a symbolic link says, unresolved. real: the resolved path of a link.
    mode: permission bits of the path itself; writable: whether the reading user could open it for writing (below
        /proc/sys and /sys, mode 0444 as root counts as not).
    """

    path: str
    kind: str
    mode: int = 0
    text: str | None = None
    target: str = ""
    real: str = ""
    error: str = ""
    writable: bool = True


@dataclass(frozen=True)
class Snapshot:
    """The raw texts of a host, as they came out of one reading pass.

    entries: by path; a path that does not exist has no entry.
    facts: C(release), C(machine), C(page_size) (decimal, empty if unknown), C(euid), C(time) (UTC,
        C(YYYYmmddTHHMMSSZ)) and C(tool:NAME) -> absolute path of each wanted tool that the host has.
    """

    entries: Mapping[str, Entry]
    facts: Mapping[str, str] = field(default_factory=dict)
    _paths: list[str] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        self._paths.extend(sorted(self.entries))

    def get(self, path: str) -> Entry | None:
        return self.entries.get(path)

    def exists(self, path: str) -> bool:
        return path in self.entries

    def text(self, path: str) -> str | None:
        """The content of path; None when it is missing or could not be read."""
        entry = self.entries.get(path)
        return entry.text if entry else None

    def glob(self, pattern: str) -> Iterator[Entry]:
        """Entries whose path matches the pattern, each component on its own, in byte order of their names."""
        literal = re.split(r"[*?[]", pattern, maxsplit=1)[0]
        depth = pattern.count("/")
        for path in itertools.islice(self._paths, bisect.bisect_left(self._paths, literal), None):
            if not path.startswith(literal):
                return
            if path.count("/") == depth and _match_components(path, pattern):
                yield self.entries[path]

    def overlay(self, operations: tuple[Operation, ...]) -> Snapshot:
        """The snapshot as it will be after the file operations: what the boot model looks at."""
        entries = dict(self.entries)
        for operation in operations:
            if operation.kind == FILE:
                _overlay_file(entries, operation)
        return Snapshot(entries=entries, facts=self.facts)


def _match_components(path: str, pattern: str) -> bool:
    parts = zip(path.split("/"), pattern.split("/"))
    return all(fnmatch.fnmatchcase(name, part) for name, part in parts)


def _overlay_file(entries: dict[str, Entry], operation: Operation) -> None:
    old = entries.get(operation.target)
    if operation.after is None:
        entries.pop(operation.target, None)
        return
    mode = operation.mode if operation.mode is not None else (old.mode if old else 0o644)
    entries[operation.target] = Entry(operation.target, "file", mode=mode, text=operation.after)
    for path, entry in list(entries.items()):
        if entry.kind == "link" and entry.real == operation.target:
            entries[path] = Entry(
                path, "link", mode=entry.mode, text=operation.after, target=entry.target, real=entry.real
            )


# ---------------------------------------------------------------------------------------------- operations

DIRECTORY, FILE, MODULE, VALUE = "directory", "file", "module", "value"

PLANNED, DONE, SKIPPED, FAILED, ROLLED_BACK = "planned", "done", "skipped", "failed", "rolled_back"


@dataclass(frozen=True)
class Operation:
    """One change, complete enough to be applied, shown and undone without knowing anything else.

    kind and target:
        C(directory): path; before and after are None or C(present); removed only when empty.
        C(file): path; before and after are the whole text, None for "no such file".
        C(module): kernel module name; loaded with modprobe; before None, after C(loaded).
        C(value): a file below /proc/sys or /sys; before is what the kernel was found to say (None: its module is not
            loaded yet), after the text that must be read back. A kernel value is no precondition: another one is
            overwritten, and put back by a rollback.
    name: what a person calls it (C(max), C(hashsize), C(tcp_established)); empty for files.
    mode: of a file; None keeps the mode of the file that is there (0644 for a new one).
    optional: a value whose file turns out not to exist is skipped instead of failed.
    """

    kind: str
    target: str
    before: str | None
    after: str | None
    reason: str
    name: str = ""
    mode: int | None = None
    optional: bool = False

    @property
    def directory(self) -> str:
        return posixpath.dirname(self.target)


@dataclass(frozen=True)
class Outcome:
    """What became of one operation. reason explains everything but done; actual is what was read back (values)."""

    operation: Operation
    status: str
    reason: str = ""
    actual: str | None = None


@dataclass(frozen=True)
class Applied:
    """The result of applying a list of operations: their outcomes, and the host as read back afterwards.

    error: empty when all went well, else one sentence; then everything that was done has been rolled back.
    stale: the failure was a precondition: the host had changed since it was read.
    """

    outcomes: tuple[Outcome, ...]
    snapshot: Snapshot
    error: str = ""
    stale: bool = False


class Host:
    """The only seam to a machine. One implementation runs on the target, one speaks sh from the controller."""

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        """Read everything in one pass. Never raises for a single path; says what is wrong in its entry."""
        raise NotImplementedError

    def read_ahead(self, reads: tuple[Read, ...], wish: FlowWish) -> Snapshot:
        """As read(). A host that is far away counts flows in the same execution, which count_flows() then knows."""
        del wish
        return self.read(reads)

    def count_flows(self, query: FlowQuery) -> FlowCounts:
        """Count the flows of one source in a single pass on the host itself; the listing never leaves it.

        Never raises.
        """
        raise NotImplementedError

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        """Apply in order under the host's lock, read every value back, undo all in reverse on the first failure.

        Raises LockedError when another run holds the lock.
        """
        raise NotImplementedError
