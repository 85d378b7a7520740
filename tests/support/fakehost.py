# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory that behaves as a kernel does: what the collection plans is applied to it, and read back from it."""

from __future__ import annotations

import errno
import fnmatch
import posixpath
from dataclasses import dataclass, replace

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    DONE,
    FAILED,
    FILE,
    MODULE,
    PLANNED,
    ROLLED_BACK,
    SKIPPED,
    Applied,
    Entry,
    Host,
    Operation,
    Outcome,
    Read,
    Snapshot,
)
from ansible_collections.stateward.conntrack.tests.support.kernel_model import KernelModel, file_entry
from ansible_collections.stateward.conntrack.tests.support.modprobe import load_module
from ansible_collections.stateward.conntrack.tests.support.tree import (
    canonical,
    real_nodes,
    resolve,
    see_through_links,
)

__all__ = ["FakeHost", "KernelModel"]


@dataclass(eq=False)
class _StaleError(Exception):
    """The host is not as the operation expects it."""

    reason: str


@dataclass(eq=False)
class _SkippedError(Exception):
    """The operation does not apply here."""

    reason: str


class FakeHost(Host):
    """A host made from a snapshot.

    fail_at: the operation of this number fails (counted from 0 within one apply). locked: another run holds the lock.
    applied: every operation that was carried out, in order. reads: how many reading passes there were.
    """

    def __init__(self, snapshot: Snapshot, *, fail_at: int | None = None, locked: bool = False) -> None:
        self.nodes = real_nodes(snapshot.entries)
        self.facts = dict(snapshot.facts)
        self.kernel = KernelModel.of(snapshot)
        self.fail_at = fail_at
        self.locked = locked
        self.applied: list[Operation] = []
        self.reads = 0

    @property
    def snapshot(self) -> Snapshot:
        """Everything that the host has now."""
        return Snapshot(entries=see_through_links(self.nodes), facts=dict(self.facts))

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        self.reads += 1
        everything = self.snapshot
        found: dict[str, Entry] = {}
        for read in reads:
            for entry in _matching(everything, read.pattern.replace("{release}", self.facts["release"])):
                if entry.path not in found or found[entry.path].text is None:
                    found[entry.path] = _as_asked(entry, read)
        return Snapshot(entries=found, facts=everything.facts)

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        if self.locked:
            raise LockedError("another run holds the lock of this host")
        outcomes: list[Outcome] = []
        undo: list[tuple[int, dict[str, Entry]]] = []
        for number, operation in enumerate(operations):
            before = dict(self.nodes)
            try:
                outcomes.append(self._carry_out(number, operation))
            except (OSError, _StaleError) as error:
                return self._give_up(operations, outcomes, undo, error, reads)
            if outcomes[-1].status == DONE:
                undo.append((number, before))
        return Applied(outcomes=tuple(outcomes), snapshot=self.read(reads))

    # -------------------------------------------------------------------------------------------- one operation

    def _carry_out(self, number: int, operation: Operation) -> Outcome:
        if number == self.fail_at:
            raise OSError(errno.EIO, "injected failure")
        carry_out = {DIRECTORY: self._directory, FILE: self._file, MODULE: self._module}.get(
            operation.kind, self._value
        )
        try:
            actual = carry_out(operation)
        except _SkippedError as skipped:
            return Outcome(operation, SKIPPED, skipped.reason)
        self.applied.append(operation)
        return Outcome(operation, DONE, actual=actual)

    def _directory(self, operation: Operation) -> None:
        path = canonical(self.nodes, operation.target)
        if ("present" if path in self.nodes else None) != operation.before:
            raise _StaleError("the directory has come or gone since it was read")
        self._check_parent(path)
        if operation.after is not None:
            self.nodes[path] = Entry(path, "directory", mode=operation.mode or 0o755)
        elif any(other.startswith(path + "/") for other in self.nodes):
            raise _SkippedError("the directory is not empty")
        else:
            del self.nodes[path]

    def _file(self, operation: Operation) -> None:
        path = self._file_behind(operation.target)
        old = self.nodes.get(path)
        if (old.text if old else None) != operation.before:
            raise _StaleError("the file has changed since it was read")
        self._check_parent(path)
        if operation.after is None:
            del self.nodes[path]
            return
        mode = operation.mode if operation.mode is not None else (old.mode if old else 0o644)
        self.nodes[path] = file_entry(path, operation.after, mode)

    def _file_behind(self, target: str) -> str:
        path = canonical(self.nodes, target)
        real = resolve(self.nodes, path)
        if posixpath.dirname(real) != posixpath.dirname(path):
            raise OSError(errno.ELOOP, "a symbolic link that leaves its directory")
        return real

    def _check_parent(self, path: str) -> None:
        parent = self.nodes.get(posixpath.dirname(path))
        if parent is None or parent.kind != "directory":
            raise OSError(errno.ENOENT, "no such directory")
        if not parent.writable:
            raise OSError(errno.EROFS, "read-only file system")

    def _module(self, operation: Operation) -> None:
        load_module(self.nodes, self.facts, self.kernel, operation.target)

    def _value(self, operation: Operation) -> str:
        entry = self.nodes.get(operation.target)
        if entry is None and operation.optional:
            raise _SkippedError("this kernel has no such key")
        found = entry.text if entry else None
        self.kernel.write(self.nodes, operation.target, operation.after or "")
        actual = (self.nodes[operation.target].text or "").strip()
        if actual != (operation.after or "").strip():
            self._put_back(operation, found)
            raise OSError(errno.EIO, f"wrote {operation.after}, read back {actual}")
        return actual

    # -------------------------------------------------------------------------------------------- undoing

    def _give_up(
        self,
        operations: tuple[Operation, ...],
        outcomes: list[Outcome],
        undo: list[tuple[int, dict[str, Entry]]],
        error: OSError | _StaleError,
        reads: tuple[Read, ...],
    ) -> Applied:
        reason = error.reason if isinstance(error, _StaleError) else _describe(error)
        for number, before in reversed(undo):
            outcomes[number] = self._undo(operations[number], before)
        failed = operations[len(outcomes)]
        outcomes.append(Outcome(failed, FAILED, reason))
        outcomes += [Outcome(later, PLANNED, "not reached") for later in operations[len(outcomes) :]]
        return Applied(
            outcomes=tuple(outcomes),
            snapshot=self.read(reads),
            error=f"{failed.target}: {reason}; everything done before it was rolled back",
            stale=isinstance(error, _StaleError),
        )

    def _undo(self, operation: Operation, before: dict[str, Entry]) -> Outcome:
        if operation.kind == MODULE:
            return Outcome(operation, DONE, "a loaded module is never unloaded")
        if operation.kind in (DIRECTORY, FILE):
            path = (
                canonical(self.nodes, operation.target)
                if operation.kind == DIRECTORY
                else self._file_behind(operation.target)
            )
            self.nodes.pop(path, None)
            if path in before:
                self.nodes[path] = before[path]
        else:
            self._put_back(operation, before[operation.target].text)
        return Outcome(operation, ROLLED_BACK, "a later operation failed")

    def _put_back(self, operation: Operation, text: str | None) -> None:
        if text is not None:
            self.kernel.write(self.nodes, operation.target, text)


def _describe(error: OSError) -> str:
    return f"{errno.errorcode[error.errno or errno.EIO]}: {error.strerror}"


def _matching(snapshot: Snapshot, pattern: str) -> list[Entry]:
    """As a shell expands it: a name that begins with a dot is not matched by a pattern that does not."""
    if not any(sign in pattern for sign in "*?["):
        entry = snapshot.get(pattern)
        return [entry] if entry else []
    parts = pattern.split("/")
    entries = snapshot.glob(pattern)
    return [entry for entry in entries if all(_fits(name, part) for name, part in zip(entry.path.split("/"), parts))]


def _fits(name: str, part: str) -> bool:
    return fnmatch.fnmatchcase(name, part) and (not name.startswith(".") or part.startswith("."))


def _as_asked(entry: Entry, read: Read) -> Entry:
    if not read.content or entry.text is None:
        return replace(entry, text=None)
    if not read.lines:
        return entry
    lines = entry.text.splitlines(keepends=True)
    return replace(entry, text="".join(line for line in lines if any(word in line for word in read.lines)))
