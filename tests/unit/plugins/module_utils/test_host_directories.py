# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories: made, removed, left because they are in use, and the way back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._host_files import change_directory
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import ALREADY
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Undo
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DIRECTORY, DONE, SKIPPED, Operation


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    return Tree(str(tmp_path))


def directory(after: str | None, target: str = "/etc/sysctl.d/d") -> Operation:
    return Operation(DIRECTORY, target, None if after else "present", after, "because")


def test_made_and_undone(tmp_path: Path, tree: Tree) -> None:
    undos: list[Undo] = []
    old = os.umask(0o077)
    try:
        outcome = change_directory(tree, directory("present"), undos.append)
    finally:
        os.umask(old)
    path = tmp_path / "etc/sysctl.d/d"
    assert (outcome.status, path.stat().st_mode & 0o777) == (DONE, 0o755)
    again = change_directory(tree, directory("present"), pytest.fail)
    assert (again.status, again.reason) == (DONE, ALREADY)
    for undo in undos * 2:
        undo()
    assert not path.exists()


def test_removed_and_undone(tmp_path: Path, tree: Tree) -> None:
    path = tmp_path / "etc/sysctl.d/d"
    undos: list[Undo] = []
    path.mkdir()
    path.chmod(0o750)
    (path / ".x.1.stateward-tmp").write_text("half")
    assert change_directory(tree, directory(None), undos.append).status == DONE
    assert not path.exists()
    again = change_directory(tree, directory(None), pytest.fail)
    assert (again.status, again.reason) == (DONE, ALREADY)
    for undo in undos * 2:
        undo()
    assert path.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("number", [errno.ENOTEMPTY, errno.EEXIST])
def test_one_that_is_not_empty_stays(tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (tmp_path / "etc/sysctl.d/d").mkdir()

    def refuse(_path: str) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "rmdir", refuse)
    outcome = change_directory(tree, directory(None), lambda _undo: None)
    assert (outcome.status, outcome.reason) == (SKIPPED, "/etc/sysctl.d/d is not empty: it stays")


def test_a_mount_point_is_not_removed(tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc/sysctl.d/d").mkdir()

    def refuse(_path: str) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "rmdir", refuse)
    with pytest.raises(OSError, match="busy"):
        change_directory(tree, directory(None), lambda _undo: None)


def test_a_file_in_place_of_a_directory(tmp_path: Path, tree: Tree) -> None:
    (tmp_path / "etc/sysctl.d/d").write_text("x")
    undos: list[Undo] = []
    with pytest.raises(FileExistsError):
        change_directory(tree, directory("present"), undos.append)
    undos[0]()
    assert (tmp_path / "etc/sysctl.d/d").read_text() == "x"
    with pytest.raises(NotADirectoryError):
        change_directory(tree, directory(None), pytest.fail)


def test_a_link_to_a_directory_counts_as_one(tmp_path: Path, tree: Tree) -> None:
    (tmp_path / "etc/sysctl.d/d").symlink_to("/etc")
    outcome = change_directory(tree, directory("present"), pytest.fail)
    assert (outcome.status, outcome.reason) == (DONE, ALREADY)


READ_ONLY = OSError(errno.EROFS, os.strerror(errno.EROFS))


@pytest.mark.parametrize("after", ["present", None])
def test_a_read_only_file_system_needs_no_undoing(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch, after: str | None
) -> None:
    if after is None:
        (tmp_path / "etc/sysctl.d/d").mkdir()

    def refuse(*_args: object) -> None:
        raise READ_ONLY

    for function in ("mkdir", "rmdir", "fchmod", "fchown"):
        monkeypatch.setattr(os, function, refuse)
    undos: list[Undo] = []
    with pytest.raises(OSError, match="Read-only"):
        change_directory(tree, directory(after), undos.append)
    undos[0]()
