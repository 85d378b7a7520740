# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: a fault in any call that touches the file system leaves the tree as it was."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple
from unittest import mock

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._host_apply import apply_operations
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DIRECTORY, FILE, VALUE, Operation
from ansible_collections.stateward.conntrack.tests.support.small_tree import HASHSIZE, MAX, PLAN, START, look, make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Typed with typing's own names: these two are run, not only checked.
State = Dict[str, Optional[str]]
Draft = List[Tuple[str, str, Optional[str], bool]]

DIRECTORIES = ("/etc", "/etc/sysctl.d", "/etc/new.d")
FILES = tuple(f"{directory}/{name}.conf" for directory in DIRECTORIES for name in "ab")
TEXTS = st.one_of(st.none(), st.text(max_size=8))

DRAFTS = st.lists(
    st.one_of(
        st.tuples(st.just(FILE), st.sampled_from(FILES), TEXTS, st.booleans()),
        st.tuples(st.just(VALUE), st.sampled_from((MAX, HASHSIZE)), st.integers(0, 999).map(str), st.booleans()),
        st.tuples(
            st.just(DIRECTORY), st.sampled_from(DIRECTORIES[1:]), st.sampled_from((None, "present")), st.booleans()
        ),
    ),
    max_size=8,
)


def draft_plan(draft: Draft) -> tuple[Operation, ...]:
    """Operations whose preconditions hold if all before them are done; a missing directory may still make one fail."""
    state: State = dict(START)
    plan = []
    for kind, target, after, executable in draft:
        mode = 0o755 if executable and kind == FILE else None
        plan.append(Operation(kind, target, state.get(target), after, "because", mode=mode))
        state[target] = after
    return tuple(plan)


MUTATORS = ("open", "write", "rename", "unlink", "mkdir", "rmdir", "fsync", "fchmod", "fstat", "listdir", "read")


class Fault:
    """Raises the error once, before or after the n-th call of any function that touches the file system."""

    def __init__(self, calls: int, error: BaseException, after: bool = False) -> None:
        self.left, self.error, self.after = calls, error, after
        # Nothing here cuts the power: to flush would only slow this down.
        real = {name: getattr(os, name) for name in MUTATORS}
        real["fsync"] = lambda _descriptor: None
        self.patches = [mock.patch.object(os, name, self.wrap(function)) for name, function in real.items()]

    def wrap(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.left -= 1
            strike = self.left == 0
            if strike and not self.after:
                raise self.error
            result = real(*args, **kwargs)
            if strike:
                raise self.error
            return result

        return call

    def __enter__(self) -> Fault:
        for patch in self.patches:
            patch.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for patch in self.patches:
            patch.stop()


def run_with(fault: Fault, plan: tuple[Operation, ...]) -> tuple[str, dict[str, object], dict[str, object]]:
    """The error (of apply, or the name of the exception that came out of it), and the tree before and after."""
    root = Path(os.path.realpath(tempfile.mkdtemp()))
    try:
        tree = make(root)
        before = look(root)
        with fault:
            error = apply_or_interrupt(tree, plan)
        return error, dict(before), dict(look(root))
    finally:
        shutil.rmtree(str(root))


def apply_or_interrupt(tree: Tree, plan: tuple[Operation, ...]) -> str:
    try:
        return apply_operations(tree, plan).error
    except KeyboardInterrupt:
        return "KeyboardInterrupt"


ERRORS = st.sampled_from([OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "io"), MemoryError(), KeyboardInterrupt()])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draft=DRAFTS, calls=st.integers(1, 120), error=ERRORS, late=st.booleans())
def test_a_fault_anywhere_leaves_all_or_nothing(draft: Draft, calls: int, error: BaseException, late: bool) -> None:
    plan = draft_plan(draft)
    said, before, after = run_with(Fault(calls, error, late), plan)
    if said:
        # The one fault may strike in the rollback of a plan that failed by itself; then that is said.
        assert after == before or "could not be undone" in said
    else:
        assert after == run_with(Fault(0, error), plan)[2]


@pytest.mark.parametrize("error", [OSError(errno.EDQUOT, "quota"), KeyboardInterrupt()])
@pytest.mark.parametrize("late", [False, True])
def test_a_fault_in_every_call_of_one_plan(error: BaseException, late: bool) -> None:
    done = run_with(Fault(0, error), PLAN)[2]
    for calls in itertools.count(1):
        fault = Fault(calls, error, late)
        said, before, after = run_with(fault, PLAN)
        assert after == (before if said else done), calls
        if fault.left > 0:
            break
    assert calls > 60
