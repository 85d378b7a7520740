# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft, Edit, find_edit, undo_edit
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

OURS = "/etc/sysctl.d/99-stateward-conntrack.conf"

# ---------------------------------------------------------------------------------------------- edits


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "line"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", "b\n", "B\n", 2),
        ("a\nb", "a\nB", "b", "B", 2),
        ("a\r\nb\r\nc\r\n", "a\r\n# b\r\nc\r\n", "b\r\n", "# b\r\n", 2),
        ("a", "a\nb\n", "a", "a\nb\n", 1),
        ("a\n", "a\nb\n", "", "b\n", 2),
        ("", "a\n", "", "a\n", 1),
        ("x\nx\nx\n", "x\ny\nx\n", "x\n", "y\n", 2),
        ("a\nb\nc\nd\n", "a\nB\nc\nD\n", "b\nc\nd\n", "B\nc\nD\n", 2),
        ("one\x0btwo\x85three\n", "one\x0bTWO\x85three\n", "one\x0btwo\x85three\n", "one\x0bTWO\x85three\n", 1),
    ],
)
def test_find_edit(old: str, new: str, before: str, after: str, line: int) -> None:
    edit = find_edit("/f", old, new)
    assert edit == Edit("/f", before, after, line)
    assert undo_edit(new, edit) == old


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        # somebody added lines around it
        ("new\na\nB\nc\nmore\n", Edit("/f", "b\n", "B\n", 2), "new\na\nb\nc\nmore\n"),
        # the same line elsewhere: the place where it was written counts
        ("B\nB\n", Edit("/f", "b\n", "B\n", 2), "B\nb\n"),
        ("B\nB\n", Edit("/f", "b\n", "B\n", 5), None),
        # an originals file from before lines were remembered
        ("a\nB\n", Edit("/f", "b\n", "B\n"), "a\nb\n"),
        # undone by hand already
        ("a\nb\n", Edit("/f", "b\n", "B\n", 2), "a\nb\n"),
        ("a\n", Edit("/f", "", "B\n", 2), "a\n"),
        # changed since
        ("a\nX\n", Edit("/f", "b\n", "B\n", 2), None),
        # only whole lines are ours
        ("a\nBB\n", Edit("/f", "b\n", "B\n", 2), None),
        ("a\nB", Edit("/f", "b\n", "B\n", 2), None),
        ("a\n", Edit("/f", "b\n", "", 2), None),
    ],
)
def test_undo_edit(text: str, edit: Edit, expected: str | None) -> None:
    assert undo_edit(text, edit) == expected


TEXT = st.text(alphabet="ab\n\r", max_size=12)


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT)
def test_an_edit_that_adds_or_changes_lines_can_be_undone(old: str, new: str) -> None:
    edit = find_edit("/f", old, new)
    if edit.after:
        assert undo_edit(new, edit) == old


# ---------------------------------------------------------------------------------------------- drafts


def entry(path: str, text: str | None = None, **more: Any) -> Entry:
    return replace(Entry(path, "file", mode=0o644, text=text), **more)


def draft(*entries: Entry) -> Draft:
    return Draft(Snapshot({item.path: item for item in entries}))


def show(one: Draft) -> list[tuple[str, str, str | None, str | None, int | None]]:
    return [(item.kind, item.target, item.before, item.after, item.mode) for item in one.operations()]


def test_equal_text_and_mode_is_no_operation() -> None:
    one = draft(entry("/etc/sysctl.d", kind="directory"), entry(OURS, "x\n"))
    one.write(OURS, "x\n", "why", mode=0o644)
    assert one.operations() == ()
    one.write(OURS, "x\n", "why", mode=0o600)
    assert show(one) == [("file", OURS, "x\n", "x\n", 0o600)]


def test_missing_directories_come_first_and_once() -> None:
    one = draft()
    one.write("/etc/a/b/one", "1\n", "why")
    one.write("/etc/a/two", "2\n", "why")
    made = [item[:2] for item in show(one)]
    assert made == [
        ("directory", "/etc/a"),
        ("directory", "/etc/a/b"),
        ("file", "/etc/a/b/one"),
        ("file", "/etc/a/two"),
    ]


def test_what_is_written_first_goes_first_and_what_goes_goes_last() -> None:
    one = draft(entry("/etc/gone", "x"), entry("/etc/old", kind="directory"))
    one.write("/etc/two", "2\n", "why")
    one.remove("/etc/gone", "why")
    one.remove_directory("/etc/old")
    one.remove_directory("/etc/never")
    one.write_first("/etc/one", "1\n", "why", mode=0o600)
    assert [item[1] for item in show(one)] == ["/etc/one", "/etc/two", "/etc/gone", "/etc/old"]
    assert (one.is_gone("/etc/gone"), one.is_gone("/etc/old"), one.is_gone("/etc/two")) == (True, True, False)


def test_edits_of_foreign_files_are_remembered() -> None:
    one = draft(entry("/etc/conf", "a\nb\n"))
    one.edit("/etc/conf", "a\nB\n", "why")
    one.edit("/etc/conf", "a\nB\n", "why")
    one.edit("/etc/made", "c\n", "why")
    assert one.edits == [Edit("/etc/conf", "b\n", "B\n", 2), Edit("/etc/made", "", "c\n", 1)]
    assert one.created == ["/etc/made"]
    assert (one.text("/etc/conf"), one.raw("/etc/conf"), one.raw("/etc/none")) == ("a\nB\n", "a\nB\n", "")


LINK = {"kind": "link", "mode": 0o777, "target": "elsewhere"}


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ([entry(OURS, kind="directory")], "is a directory where a file is needed: move it away"),
        ([entry(OURS, "x", real="/etc/passwd", **LINK)], "leads out of its directory or nowhere"),
        ([entry(OURS, real="/etc/sysctl.d/none", error="ENOENT", **LINK)], "cannot be read .ENOENT.: repair or remove"),
        (
            [entry(OURS, "x", real="/etc/sysctl.d/50-site.conf", **LINK)],
            "a file of this collection has its place there",
        ),
        ([entry(OURS, kind="other", error="NOT_REGULAR")], "cannot be read .NOT_REGULAR."),
        ([entry(OURS, error="EACCES")], "cannot be read .EACCES.: repair or remove it"),
        ([entry("/etc/sysctl.d", "x")], "/etc/sysctl.d is no directory, but .* belongs there"),
        ([entry("/etc/sysctl.d", error="ENOENT", **LINK)], "/etc/sysctl.d is no directory"),
        ([entry("/etc/sysctl.d", kind="directory", writable=False)], "/etc/sysctl.d is read-only here"),
        ([entry("/etc", kind="directory", writable=False)], "/etc is read-only here"),
    ],
)
def test_what_cannot_be_written_is_refused_in_the_plan(there: list[Entry], sentence: str) -> None:
    one = draft(*there)
    with pytest.raises(UnsupportedHostError, match=sentence):
        one.write(OURS, "x\n", "why", mode=0o644) or one.operations()


def test_a_link_in_the_place_of_our_file_is_not_removed() -> None:
    one = draft(entry(OURS, "x", real="/etc/sysctl.d/50-site.conf", **LINK))
    with pytest.raises(UnsupportedHostError, match="remove the link"):
        one.remove(OURS, "ours")


def test_a_foreign_file_may_be_a_link_inside_its_directory() -> None:
    one = draft(entry("/etc/conf", "a\n", real="/etc/conf.site", **LINK))
    one.edit("/etc/conf", "b\n", "why")
    assert show(one) == [("file", "/etc/conf", "a\n", "b\n", None)]
