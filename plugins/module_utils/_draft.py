# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a host as the plan wants them: a draft that starts as they are and ends as file operations."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    FILE,
    Entry,
    Operation,
    Snapshot,
)

# Directories that every Linux root has; the reading pass does not ask for them.
_ALWAYS_THERE = ("/", "/etc", "/var", "/var/lib", "/usr", "/usr/lib")


@dataclass(frozen=True)
class Change:
    """What one file shall be: its text (None: no such file), why, and its mode if that matters."""

    text: str | None
    reason: str
    mode: int | None


class Draft:
    """Collects changes of files; asks for nothing but the snapshot it was made of."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._changes: dict[str, Change] = {}
        self._removed_directories: list[str] = []
        self.edits: list[Edit] = []
        self.created: list[str] = []

    def text(self, path: str) -> str | None:
        """The text of a file as it stands in the draft; None when it does not exist.

        Raises UnsupportedHostError when it cannot be read.
        """
        if path in self._changes:
            return self._changes[path].text
        entry = self._snapshot.get(path)
        if entry is None:
            return None
        _check_editable(entry)
        return entry.text

    def write(self, path: str, text: str, reason: str, *, mode: int | None = None) -> None:
        """The file shall have exactly this text.

        With a mode it is wholly ours, and no link to a file of somebody else.
        """
        self.text(path)
        entry = self._snapshot.get(path)
        if mode is not None and entry is not None:
            _check_own(entry)
        self._changes[path] = Change(text, reason, mode)

    def write_first(self, path: str, text: str, reason: str, *, mode: int) -> None:
        """The same, before all other files."""
        self.write(path, text, reason, mode=mode)
        self._changes = {path: self._changes.pop(path), **self._changes}

    def edit(self, path: str, text: str, reason: str) -> None:
        """A foreign file shall have this text; the lines that differ are remembered, so that they can be put back."""
        old = self.text(path)
        if old is None:
            self.created.append(path)
        if old != text:
            self.edits.append(find_edit(path, old or "", text))
        self.write(path, text, reason)

    def remove(self, path: str, reason: str) -> None:
        """The file, which is ours, shall not exist."""
        entry = self._snapshot.get(path)
        if entry is not None:
            _check_own(entry)
        if self.text(path) is not None:
            self._changes[path] = Change(None, reason, None)

    def remove_directory(self, path: str) -> None:
        """The directory shall go if it is empty by then."""
        if self._snapshot.exists(path):
            self._removed_directories.append(path)

    def raw(self, path: str) -> str:
        """The text as it stands in the draft, whether or not the file could be edited; empty when there is none."""
        if path in self._changes:
            return self._changes[path].text or ""
        return self._snapshot.text(path) or ""

    def is_text(self, path: str) -> bool:
        """Whether there is a file that can be read."""
        entry = self._snapshot.get(path)
        return path in self._changes or (entry is not None and entry.text is not None)

    def is_gone(self, path: str) -> bool:
        """Whether a file or directory of the host will not be there any more."""
        return path in self._removed_directories or (path in self._changes and self._changes[path].text is None)

    def writes_below(self, directory: str) -> bool:
        """Whether a file in a directory, or deeper, will be there that the draft writes."""
        return any(
            path.startswith(directory + "/") and change.text is not None for path, change in self._changes.items()
        )

    def _differs(self, path: str) -> bool:
        change, entry = self._changes[path], self._snapshot.get(path)
        before = entry.text if entry else None
        return before != change.text or bool(entry and change.mode is not None and entry.mode != change.mode)

    def changed_paths(self) -> tuple[str, ...]:
        return tuple(path for path in self._changes if self._differs(path))

    def operations(self) -> tuple[Operation, ...]:
        """Missing directories, then the files that differ, then directories that go."""
        files = [self._file_operation(path) for path in self.changed_paths()]
        for operation in files:
            self._check_directory(operation)
        return (*self._missing_directories(files), *files, *self._directory_removals())

    def _file_operation(self, path: str) -> Operation:
        change, entry = self._changes[path], self._snapshot.get(path)
        before = entry.text if entry else None
        return Operation(FILE, path, before, change.text, change.reason, mode=change.mode)

    def _check_directory(self, operation: Operation) -> None:
        """Raise UnsupportedHostError where the nearest directory that is there cannot take the file."""
        above = (self._snapshot.get(path) for path in reversed(_parents(operation.target)))
        nearest = next((entry for entry in above if entry), None)
        if nearest is None:
            return
        if nearest.kind in ("file", "other") or (nearest.kind == "link" and nearest.error == "ENOENT"):
            raise UnsupportedHostError(
                f"{nearest.path} is no directory, but {operation.target} belongs there: move it away."
            )
        if not nearest.writable:
            raise UnsupportedHostError(f"{nearest.path} is read-only here: {operation.target} cannot be changed.")

    def _missing_directories(self, files: list[Operation]) -> list[Operation]:
        missing: dict[str, Operation] = {}
        for operation in files:
            for path in _parents(operation.target) if operation.after is not None else ():
                if not self._snapshot.exists(path) and path not in _ALWAYS_THERE and path not in missing:
                    missing[path] = Operation(DIRECTORY, path, None, "present", f"for {operation.target}")
        return list(missing.values())

    def _directory_removals(self) -> list[Operation]:
        return [
            Operation(DIRECTORY, path, "present", None, "made by this collection, removed when empty")
            for path in self._removed_directories
        ]


def _parents(path: str) -> list[str]:
    """The directories above a path, outermost first."""
    parts = posixpath.dirname(path).split("/")
    return ["/".join(parts[: number + 1]) or "/" for number in range(1, len(parts))]


def _check_editable(entry: Entry) -> None:
    if entry.kind == "directory":
        raise UnsupportedHostError(f"{entry.path} is a directory where a file is needed: move it away.")
    if entry.kind == "link" and posixpath.dirname(entry.real or "") != posixpath.dirname(entry.path):
        raise UnsupportedHostError(
            f"{entry.path} is a symbolic link to {entry.target!r}, which leads out of its directory or nowhere: "
            "replace it by a file, or remove it."
        )
    if entry.kind == "other" or entry.text is None:
        raise UnsupportedHostError(f"{entry.path} cannot be read ({entry.error or entry.kind}): repair or remove it.")


def _check_own(entry: Entry) -> None:
    _check_editable(entry)
    if entry.kind == "link":
        raise UnsupportedHostError(
            f"{entry.path} is a symbolic link to {entry.target!r}, but a file of this collection has its place there: "
            "remove the link."
        )


@dataclass(frozen=True)
class Edit:
    """One run of whole lines in a foreign file, before and after.

    line: where C(after) began when it was written, counted from 1; it tells equal lines apart.
    """

    path: str
    before: str
    after: str
    line: int = 0


def _lines(text: str) -> list[str]:
    """With their newlines; unlike str.splitlines() nothing else ends a line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def find_edit(path: str, old: str, new: str) -> Edit:
    """The run of lines in which two texts differ."""
    before, after = _lines(old), _lines(new)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return Edit(path, "".join(before[start : len(before) - end]), "".join(after[start : len(after) - end]), start + 1)


def undo_edit(text: str, edit: Edit) -> str | None:
    """The text without the edit, also when somebody has undone it already.

    None when its lines are gone, or stand in several places and none of them is where they were written.
    """
    lines, wanted = _lines(text), _lines(edit.after)
    places = _places(lines, wanted)
    start = edit.line - 1 if edit.line - 1 in places else places[0] if len(places) == 1 else None
    if start is not None:
        return "".join((*lines[:start], edit.before, *lines[start + len(wanted) :]))
    undone = not places and (not edit.before or bool(_places(lines, _lines(edit.before))))
    return text if undone else None


def _places(lines: list[str], wanted: list[str]) -> list[int]:
    """Where a run of lines stands; an empty one stands nowhere."""
    if not wanted:
        return []
    return [start for start in range(len(lines) - len(wanted) + 1) if lines[start : start + len(wanted)] == wanted]
