# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: a failure at any operation leaves the tree as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Callable
from unittest import mock

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_apply
from ansible_collections.stateward.conntrack.plugins.module_utils._host_apply import apply_operations
from ansible_collections.stateward.conntrack.plugins.module_utils._host_report import Result
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import (
    ALREADY,
    NOT_TRIED,
    STAYS_LOADED,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Undo
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DONE,
    FAILED,
    FILE,
    MODULE,
    ROLLED_BACK,
    SKIPPED,
    VALUE,
    Operation,
    Outcome,
)
from ansible_collections.stateward.conntrack.tests.support.small_tree import HASHSIZE, MAX, PLAN, look, make, op

FAILURE = op(VALUE, "/proc/sys/gone", None, "1")


def statuses(result: Result) -> list[str]:
    return [outcome.status for outcome in result.outcomes]


def test_all_is_done(tmp_path: Path) -> None:
    result = apply_operations(make(tmp_path), PLAN)
    assert (statuses(result), result.error, result.stale) == ([DONE] * len(PLAN), "", False)
    assert (tmp_path / "etc/a.conf").read_text() == "A"
    assert not (tmp_path / "etc/sysctl.d").exists()
    again = apply_operations(Tree(str(tmp_path)), PLAN)
    assert {outcome.reason for outcome in again.outcomes} == {ALREADY}


@pytest.mark.parametrize("index", range(len(PLAN) + 1))
def test_a_failure_after_any_operation(tmp_path: Path, index: int) -> None:
    tree = make(tmp_path)
    before = look(tmp_path)
    result = apply_operations(tree, (*PLAN[:index], FAILURE, *PLAN[index:]))
    assert look(tmp_path) == before
    assert statuses(result) == [ROLLED_BACK] * index + [FAILED] + [SKIPPED] * (len(PLAN) - index)
    assert {outcome.reason for outcome in result.outcomes[index + 1 :]} <= {NOT_TRIED}
    said = {0: "nothing had been changed before it", 1: "the one change before it was undone"}
    assert result.error.startswith("/proc/sys/gone does not exist")
    assert result.error.endswith(said.get(index, f"the {index} changes before it were undone"))


def test_a_stale_file_is_told(tmp_path: Path) -> None:
    tree = make(tmp_path)
    before = look(tmp_path)
    result = apply_operations(tree, (PLAN[0], op(FILE, "/etc/a.conf", "something else", "A")))
    assert (statuses(result), result.stale) == ([ROLLED_BACK, FAILED], True)
    assert look(tmp_path) == before


def test_the_value_found_is_what_comes_back(tmp_path: Path) -> None:
    tree = make(tmp_path)
    result = apply_operations(tree, (op(VALUE, MAX, "a value of long ago", "200"), FAILURE))
    assert [(outcome.status, outcome.actual) for outcome in result.outcomes] == [(ROLLED_BACK, None), (FAILED, None)]
    assert (tmp_path / MAX.lstrip("/")).read_text() == "100\n"


def test_a_value_that_the_kernel_changes_is_put_back(tmp_path: Path) -> None:
    tree, write, calls = make(tmp_path), os.write, []

    def round_up(descriptor: int, data: bytes) -> int:
        calls.append(data)
        return write(descriptor, b"512\n" if len(calls) == 1 else data)

    with mock.patch.object(os, "write", round_up):
        result = apply_operations(tree, (op(VALUE, HASHSIZE, "64", "500"),))
    assert (result.outcomes[0].status, result.outcomes[0].actual) == (FAILED, "512")
    assert result.error.startswith(f"wrote 500 to {HASHSIZE}, the kernel says 512")
    assert calls == [b"500\n", b"64\n"]
    assert (tmp_path / HASHSIZE.lstrip("/")).read_text() == "64\n"


def test_a_module_stays_loaded_and_it_is_said(tmp_path: Path) -> None:
    tree = make(tmp_path)
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin/modprobe").write_text(f"#!/bin/sh\nmkdir {tmp_path}/sys/module/$1\n")
    (tmp_path / "sbin/modprobe").chmod(0o755)
    plan = (op(MODULE, "nf_conntrack", None, "loaded"), op(MODULE, "nf_nat", None, "loaded"), FAILURE)
    result = apply_operations(tree, plan)
    assert [outcome.reason for outcome in result.outcomes[:2]] == [ALREADY, STAYS_LOADED]
    assert statuses(result) == [DONE, DONE, FAILED]
    assert result.error.endswith("the module nf_nat stays loaded: a module is never unloaded")
    assert "nf_conntrack stays" not in result.error


def test_an_unknown_kind_is_a_failure(tmp_path: Path) -> None:
    result = apply_operations(make(tmp_path), (op("parcel", "/x", None, "y"),))
    assert (statuses(result), result.error.startswith("/x: KeyError: 'parcel'")) == ([FAILED], True)


def test_a_text_that_is_no_text(tmp_path: Path) -> None:
    tree = make(tmp_path)
    before = look(tmp_path)
    result = apply_operations(tree, (PLAN[2], op(FILE, "/etc/c.conf", None, "\ud800")))
    assert statuses(result) == [ROLLED_BACK, FAILED]
    assert "UnicodeEncodeError" in result.error
    assert look(tmp_path) == before


# ---------------------------------------------------------------------------------------------- rollbacks that fail


def scripted(undos: list[Callable[[], None]]) -> dict[str, Callable[..., Outcome]]:
    """A kind of operation that hands over the next of the given steps; without one it fails."""
    left = iter(undos)

    def perform(_tree: Tree, operation: Operation, journal: Callable[[Undo], None]) -> Outcome:
        undo = next(left, None)
        if undo is None:
            raise OSError(errno.EIO, "broken")
        journal(undo)
        return Outcome(operation, DONE)

    return {"s": perform}


def raise_error(error: BaseException) -> Callable[[], None]:
    def undo() -> None:
        raise error

    return undo


def test_a_step_that_cannot_be_undone_is_said_and_the_others_are_undone() -> None:
    done: list[str] = []
    undos = [lambda: done.append("first"), raise_error(OSError(errno.EROFS, "")), lambda: done.append("third")]
    plan = tuple(op("s", f"/{number}", None, "x") for number in range(4))
    with mock.patch.object(_host_apply, "PERFORM", scripted(undos)):
        result = apply_operations(Tree(), plan)
    assert done == ["third", "first"]
    assert statuses(result) == [ROLLED_BACK, FAILED, ROLLED_BACK, FAILED]
    assert result.outcomes[1].reason.startswith("it was done and could not be undone: /1: Read-only file system")
    assert "/1 could not be undone (/1: Read-only file system (EROFS))" in result.error


def test_the_failed_step_itself_cannot_be_undone(tmp_path: Path) -> None:
    tree = make(tmp_path)
    with mock.patch.object(os, "write", mock.Mock(side_effect=[4, OSError(errno.EINVAL, "no")])):
        result = apply_operations(tree, (op(VALUE, MAX, "100", "200"),))
    assert statuses(result) == [FAILED]
    assert "; it could not be undone: the kernel refuses the value" in result.outcomes[0].reason
    assert MAX + " could not be undone" in result.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interruption_is_passed_on_after_the_rollback(tmp_path: Path, error: BaseException) -> None:
    tree = make(tmp_path)
    before = look(tmp_path)
    perform = {**_host_apply.PERFORM, "s": mock.Mock(side_effect=error)}
    with mock.patch.object(_host_apply, "PERFORM", perform), pytest.raises(type(error)):
        apply_operations(tree, (*PLAN, op("s", "/x", None, "y")))
    assert look(tmp_path) == before


@pytest.mark.parametrize("times", [1, 2])
def test_an_interruption_of_the_rollback(times: int) -> None:
    done: list[str] = []
    stubborn = mock.Mock(side_effect=[KeyboardInterrupt()] * times + [None])
    undos = [lambda: done.append("first"), stubborn]
    plan = tuple(op("s", f"/{number}", None, "x") for number in range(3))
    with mock.patch.object(_host_apply, "PERFORM", scripted(undos)), pytest.raises(KeyboardInterrupt):
        apply_operations(Tree(), plan)
    assert (stubborn.call_count, done) == (2, ["first"])
