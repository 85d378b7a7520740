# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: preconditions, links, labels, and the way back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_files, _host_tools
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import StaleError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_files import change_file
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import ALREADY
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Undo
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import NotRegularError, Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DONE, FILE, Operation

TARGET = "/etc/sysctl.d/90-conntrack.conf"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    return Tree(str(tmp_path))


def file(before: str | None, after: str | None, *, target: str = TARGET, mode: int | None = None) -> Operation:
    return Operation(FILE, target, before, after, "because", mode=mode)


def state(path: Path) -> tuple[bytes, int] | None:
    return (path.read_bytes(), path.stat().st_mode & 0o7777) if path.exists() else None


@pytest.mark.parametrize(
    ("found", "before", "after", "expected"),
    [
        (None, None, "new", "new"),
        ("old", "old", "new", "new"),
        ("old", "old", None, None),
        ("new", "old", "new", "new"),
        ("new", None, "new", "new"),
        (None, "old", None, None),
        ("a\r\nb", "a\r\nb", "a\nb", "a\nb"),
        ("\udcff", "\udcff", "\udcfe", "\udcfe"),
    ],
)
def test_written_and_undone(
    tmp_path: Path, tree: Tree, found: str | None, before: str | None, after: str | None, expected: str | None
) -> None:
    path = Path(str(tmp_path) + TARGET)
    undos: list[Undo] = []
    if found is not None:
        path.write_bytes(found.encode("utf-8", "surrogateescape"))
    old = state(path)
    outcome = change_file(tree, file(before, after), undos.append)
    assert (outcome.status, outcome.reason) == (DONE, ALREADY if found == after else "")
    now = state(path)
    assert (now and now[0].decode("utf-8", "surrogateescape")) == expected
    for undo in undos * 2:
        undo()
    assert state(path) == old


@pytest.mark.parametrize(
    ("found", "before", "after", "said"),
    [
        ("other", "old", "new", "was changed"),
        ("other", None, "new", "was made"),
        (None, "old", "new", "is gone"),
        ("other", "old", None, "was changed"),
    ],
)
def test_a_host_that_changed_is_stale(
    tmp_path: Path, tree: Tree, found: str | None, before: str | None, after: str | None, said: str
) -> None:
    path = Path(str(tmp_path) + TARGET)
    if found is not None:
        path.write_text(found)
    old = state(path)
    with pytest.raises(StaleError, match=f"{TARGET} {said} after it had been read"):
        change_file(tree, file(before, after), pytest.fail)
    assert state(path) == old


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [(None, None, 0o644), (None, 0o755, 0o755), (0o600, None, 0o600), (0o600, 0o644, 0o644), (0o644, 0o644, 0o644)],
)
@pytest.mark.parametrize("after", ["old", "new"])
def test_mode(tmp_path: Path, tree: Tree, found: int | None, wanted: int | None, expected: int, after: str) -> None:
    path = Path(str(tmp_path) + TARGET)
    if found is not None:
        path.write_text("old")
        path.chmod(found)
    change_file(tree, file(None if found is None else "old", after, mode=wanted), lambda _undo: None)
    assert state(path) == (after.encode(), expected)


def test_the_directory_must_be_there(tree: Tree) -> None:
    with pytest.raises(FileNotFoundError):
        change_file(tree, file(None, "x", target="/etc/missing/f"), pytest.fail)
    outcome = change_file(tree, file("x", None, target="/etc/missing/f"), pytest.fail)
    assert (outcome.status, outcome.reason) == (DONE, ALREADY)


@pytest.mark.parametrize(("kind", "error"), [("fifo", NotRegularError), ("directory", IsADirectoryError)])
def test_only_files_are_replaced(tmp_path: Path, tree: Tree, kind: str, error: type[Exception]) -> None:
    path = Path(str(tmp_path) + TARGET)
    {"fifo": lambda: os.mkfifo(str(path)), "directory": path.mkdir}[kind]()
    with pytest.raises(error):
        change_file(tree, file(None, "x"), pytest.fail)


def test_a_link_in_its_directory_is_followed_and_stays(tmp_path: Path, tree: Tree) -> None:
    link = tmp_path / TARGET.lstrip("/")
    link.symlink_to("/etc/sysctl.d/real.conf")
    real = link.with_name("real.conf")
    real.write_text("old")
    undos: list[Undo] = []
    change_file(tree, file("old", "new"), undos.append)
    assert link.is_symlink()
    assert real.read_text() == "new"
    undos[0]()
    assert real.read_text() == "old"


@pytest.mark.parametrize(
    ("link", "after", "said"),
    [
        ("../sysctl.conf", "new", "symbolic link to /etc/sysctl.conf, outside its own directory"),
        ("/home/user/file", "new", "symbolic link to /home/user/file, outside"),
        ("/etc/sysctl.d/../../home/user/file", "new", "outside"),
        ("gone.conf", "new", "which does not exist"),
        ("real.conf", None, "it is not removed"),
    ],
)
def test_other_links_are_refused(tmp_path: Path, tree: Tree, link: str, after: str | None, said: str) -> None:
    for name in ("etc/sysctl.conf", "etc/sysctl.d/real.conf", "home/user/file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    Path(str(tmp_path) + TARGET).symlink_to(link)
    with pytest.raises(UnsupportedHostError, match=said):
        change_file(tree, file("old", after), pytest.fail)
    assert {path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == {"old"}


def test_a_link_of_another_user_is_refused(tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc/sysctl.d/real.conf").write_text("old")
    path = tmp_path / TARGET.lstrip("/")
    path.symlink_to("real.conf")
    fields = list(os.lstat(str(path)))
    fields[4] = 1000
    status, lstat = os.stat_result(fields), os.lstat
    monkeypatch.setattr(os, "lstat", lambda name: status if name == str(path) else lstat(name))
    with pytest.raises(UnsupportedHostError, match="belongs to user 1000"):
        change_file(tree, file("old", "new"), pytest.fail)


def test_stale_temporaries_are_cleaned(tmp_path: Path, tree: Tree) -> None:
    stale = tmp_path / "etc/sysctl.d/.x.conf.99.stateward-tmp"
    stale.write_text("half")
    change_file(tree, file(None, "x"), lambda _undo: None)
    assert not stale.exists()


def test_a_write_that_another_program_undoes_is_stale(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _host_files.replace_file

    def overwritten(directory: int, name: str, wanted: _host_files.FileState) -> None:
        real(directory, name, _host_files.FileState(b"other", wanted.mode))

    monkeypatch.setattr(_host_files, "replace_file", overwritten)
    with pytest.raises(StaleError, match=f"{TARGET} was changed by another program while"):
        change_file(tree, file(None, "x"), lambda _undo: None)


@pytest.mark.parametrize("said", ["", "restorecon ended with status 1: no policy"])
def test_a_new_file_gets_its_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    calls: list[tuple[str, str]] = []
    monkeypatch.setattr(_host_files, "find_tool", lambda _tree, name: "/sbin/" + name)
    monkeypatch.setattr(_host_files, "run_tool", lambda _tree, path, target: calls.append((path, target)) or said)
    target = os.path.realpath(str(tmp_path)) + "/new.conf"
    outcome = change_file(Tree("/"), file(None, "x", target=target), lambda _undo: None)
    assert (outcome.status, outcome.reason) == (DONE, said)
    change_file(Tree("/"), file("x", "y", target=target), lambda _undo: None)
    assert calls == [("/sbin/restorecon", target)]


def test_a_copy_of_a_tree_gets_no_label(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_host_tools, "Program", pytest.fail)
    monkeypatch.setattr(_host_files, "find_tool", pytest.fail)
    assert change_file(tree, file(None, "x"), lambda _undo: None).reason == ""
