# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the report: replaced as a whole, with the mode that they had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _report_files
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_files import read_previous, write_files


def modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


def test_a_directory_is_made_and_nothing_else_is_left_in_it(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_files(tmp_path / "a" / "b", {"report.json": "{}", "report.csv": "\u20ac"})
    finally:
        os.umask(old)
    assert modes(tmp_path / "a" / "b") == {"report.json": 0o640, "report.csv": 0o640}
    assert (tmp_path / "a/b/report.csv").read_bytes() == "\u20ac".encode()


def test_a_file_keeps_its_mode_and_a_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("old")
    (tmp_path / "report.json").chmod(0o604)
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "report.csv").symlink_to("victim")
    write_files(tmp_path, {"report.json": "new", "report.csv": "new"})
    assert modes(tmp_path)["report.json"] == 0o604
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (tmp_path / "report.csv").is_symlink()


def test_a_file_keeps_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"report.json": "old"})
    asked: list[int] = []
    monkeypatch.setattr(_report_files, "_access", lambda _path: (0o640, os.getgid() + 1))
    monkeypatch.setattr(os, "fchown", lambda _descriptor, _uid, gid: asked.append(gid))
    write_files(tmp_path, {"report.json": "new"})
    assert asked == [os.getgid() + 1]
    monkeypatch.undo()
    assert _report_files._access(tmp_path / "report.json") == (0o640, os.getgid())


def test_a_group_that_its_writer_may_not_give_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report_files, "_access", lambda _path: (0o640, os.getgid() + 1))
    monkeypatch.setattr(os, "fchown", refuse)
    write_files(tmp_path, {"report.json": "new"})
    assert read_previous(tmp_path) == "new"
    assert modes(tmp_path) == {"report.json": 0o640}


def refuse(_descriptor: int, _uid: int, _gid: int) -> None:
    raise PermissionError("not a member")


def test_a_link_to_the_directory_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_files(tmp_path / "link", {"report.json": "{}"})
    assert read_previous(tmp_path / "real") == "{}"


def test_whoever_cannot_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"report.json": "old"})
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        write_files(tmp_path, {"report.json": "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert read_previous(tmp_path) == "old"


def fail(_descriptor: int) -> None:
    raise OSError("the disk is full")


def test_no_previous_report(tmp_path: Path) -> None:
    assert read_previous(tmp_path / "missing") is None
