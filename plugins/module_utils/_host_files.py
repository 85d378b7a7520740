# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories of a host: written, made and removed, so that each can be undone."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from ansible_collections.stateward.conntrack.plugins.module_utils._atomic import (
    FileState,
    apply_status,
    capture_file,
    capture_status,
    clean_temporaries,
    open_directory,
    remove_file,
    replace_file,
    restore_file,
    sync_directory,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import StaleError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import (
    ALREADY,
    EDITED,
    GONE,
    LINK_DANGLING,
    LINK_FOREIGN,
    LINK_KEPT,
    LINK_OUTSIDE,
    MADE,
    NOT_EMPTY,
    OVERWRITTEN,
    STALE,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Journal
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import find_tool, run_tool
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree, decode, encode
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DONE, SKIPPED, Operation, Outcome

# ---------------------------------------------------------------------------------------------- files


def change_file(tree: Tree, operation: Operation, journal: Journal) -> Outcome:
    """Write or remove a whole file. Raises StaleError when it is neither as it was read nor as it shall be."""
    wanted = None if operation.after is None else encode(operation.after)
    try:
        directory, name = _place(tree, operation)
        with open_directory(directory) as opened:
            clean_temporaries(opened)
            found = capture_file(opened, name)
            if _is_done(found, wanted, operation.mode):
                return Outcome(operation, DONE, ALREADY)
            _check_unchanged(operation, found)
            journal(lambda: _restore(directory, name, found))
            _write(opened, name, _state(found, wanted, operation.mode), operation.target)
    except FileNotFoundError:
        if wanted is None:
            return Outcome(operation, DONE, ALREADY)
        raise
    return Outcome(operation, DONE, _relabel(tree, operation.target) if found is None else "")


def _place(tree: Tree, operation: Operation) -> tuple[str, str]:
    """The operating system's path of the directory, and the name in it. Raises UnsupportedHostError for most links."""
    directory = tree.resolve(operation.directory)
    name = posixpath.basename(operation.target)
    try:
        status = os.lstat(tree.locate(operation.target))
    except (FileNotFoundError, NotADirectoryError):
        return tree.host_path(directory), name
    if stat.S_ISLNK(status.st_mode):
        name = _follow(tree, operation, directory, status.st_uid)
    return tree.host_path(directory), name


def _follow(tree: Tree, operation: Operation, directory: str, owner: int) -> str:
    """The name that a link stands for, when it is root's (or our own) and stays in its directory."""
    real = tree.resolve(operation.target)
    said = {"target": operation.target, "real": real, "owner": owner}
    if posixpath.dirname(real) != directory:
        raise UnsupportedHostError(LINK_OUTSIDE.format(**said))
    if owner not in (0, os.geteuid()):
        raise UnsupportedHostError(LINK_FOREIGN.format(**said))
    if not os.path.lexists(tree.host_path(real)):
        raise UnsupportedHostError(LINK_DANGLING.format(**said))
    if operation.after is None:
        raise UnsupportedHostError(LINK_KEPT.format(**said))
    return posixpath.basename(real)


def _is_done(found: FileState | None, wanted: bytes | None, mode: int | None) -> bool:
    if found is None or wanted is None:
        return found is None and wanted is None
    return found.data == wanted and mode in (None, found.mode)


def _check_unchanged(operation: Operation, found: FileState | None) -> None:
    text = None if found is None else decode(found.data)
    if text not in (operation.before, operation.after):
        happened = GONE if text is None else MADE if operation.before is None else EDITED
        raise StaleError(STALE.format(target=operation.target, happened=happened))


def _state(found: FileState | None, wanted: bytes | None, mode: int | None) -> FileState | None:
    if wanted is None:
        return None
    if found is None:
        return FileState(wanted, 0o644 if mode is None else mode)
    return FileState(wanted, found.mode if mode is None else mode, found.uid, found.gid, found.label)


def _write(directory: int, name: str, state: FileState | None, target: str) -> None:
    if state is None:
        remove_file(directory, name)
        return
    replace_file(directory, name, state)
    written = capture_file(directory, name)
    if written is None or written.data != state.data:
        raise StaleError(OVERWRITTEN.format(target=target))


def _restore(directory: str, name: str, found: FileState | None) -> None:
    with open_directory(directory) as opened:
        clean_temporaries(opened)
        restore_file(opened, name, found)


def _relabel(tree: Tree, target: str) -> str:
    """Give something new the label of its path; tells what went wrong, empty when nothing did."""
    # The policy knows the paths of the running system only, not those of a copy below another root.
    tool = find_tool(tree, "restorecon") if tree.root == "/" else ""
    return run_tool(tree, tool, target) if tool else ""


# ---------------------------------------------------------------------------------------------- directories


def change_directory(tree: Tree, operation: Operation, journal: Journal) -> Outcome:
    """Make a directory (0755, whatever the umask), or remove it if it is empty."""
    path = tree.locate(operation.target)
    if operation.after is None:
        return _remove_directory(operation, path, journal)
    if os.path.isdir(tree.host_path(tree.resolve(operation.target))):
        return Outcome(operation, DONE, ALREADY)
    made = [path]
    journal(lambda: _unmake_directories(made))
    try:
        os.mkdir(path)
    except FileExistsError:
        # Not ours to remove.
        made.clear()
        raise
    _finish_directory(path, FileState(b"", 0o755))
    return Outcome(operation, DONE, _relabel(tree, operation.target))


def _remove_directory(operation: Operation, path: str, journal: Journal) -> Outcome:
    try:
        with open_directory(path) as opened:
            clean_temporaries(opened)
            found = capture_status(opened)
    except FileNotFoundError:
        return Outcome(operation, DONE, ALREADY)
    journal(lambda: _remake_directory(path, found))
    try:
        os.rmdir(path)
    except OSError as error:
        # rmdir(2) allows either number.
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return Outcome(operation, SKIPPED, NOT_EMPTY.format(target=operation.target))
        raise
    return Outcome(operation, DONE)


def _unmake_directories(paths: list[str]) -> None:
    for path in paths:
        # Looked at first: a read-only file system refuses before it says that there is nothing.
        if os.path.lexists(path):
            os.rmdir(path)


def _remake_directory(path: str, state: FileState) -> None:
    if not os.path.lexists(path):
        os.mkdir(path)
    _finish_directory(path, state)


def _finish_directory(path: str, state: FileState) -> None:
    with open_directory(path) as opened:
        if capture_status(opened) != state:
            apply_status(opened, state)
    with open_directory(posixpath.dirname(path)) as parent:
        sync_directory(parent)
