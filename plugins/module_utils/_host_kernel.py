# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel modules and kernel values of a host: loaded, written and read back."""

from __future__ import annotations

import os
import re

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_report import ReadBackError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import (
    ALREADY,
    LACKING,
    NO_MODPROBE,
    NO_MODULE_NAME,
    NOT_LOADED,
    READ_BACK,
    UNSEEN,
    WROTE_BACK,
    module_directory,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Journal
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import find_tool, run_tool
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import (
    Tree,
    decode,
    encode,
    open_regular,
    read_bytes,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DONE, SKIPPED, Operation, Outcome

MODULE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")

# ---------------------------------------------------------------------------------------------- modules


def load_module(tree: Tree, operation: Operation, journal: Journal) -> Outcome:
    """Load a kernel module with all that modprobe.d says. It is never unloaded: the journal gets nothing."""
    del journal
    if not MODULE_NAME.fullmatch(operation.target):
        raise UnsupportedHostError(NO_MODULE_NAME.format(target=operation.target))
    shown = module_directory(operation.target)
    if os.path.isdir(tree.host_path(shown)):
        return Outcome(operation, DONE, ALREADY)
    tool = find_tool(tree, "modprobe")
    if not tool:
        raise UnsupportedHostError(NO_MODPROBE.format(target=operation.target))
    problem = run_tool(tree, tool, operation.target)
    if problem:
        raise UnsupportedHostError(NOT_LOADED.format(target=operation.target, problem=problem))
    if os.path.isdir(tree.host_path(shown)):
        return Outcome(operation, DONE)
    return Outcome(operation, DONE, UNSEEN.format(shown=shown))


# ---------------------------------------------------------------------------------------------- values


def change_value(tree: Tree, operation: Operation, journal: Journal) -> Outcome:
    """Write a kernel value and read it back. Raises ReadBackError when the kernel tells another one."""
    path, wanted = tree.locate(operation.target), (operation.after or "").strip()
    try:
        found = _read_value(path)
        if decode(found).strip() == wanted:
            return Outcome(operation, DONE, ALREADY, wanted)
        journal(lambda: _restore_value(path, found))
        _write_value(path, encode(wanted + "\n"))
    except FileNotFoundError:
        if operation.optional:
            return Outcome(operation, SKIPPED, LACKING.format(target=operation.target))
        raise
    actual = decode(_read_value(path)).strip()
    if actual != wanted:
        raise ReadBackError(READ_BACK.format(wanted=wanted, target=operation.target, said=actual or "nothing"), actual)
    return Outcome(operation, DONE, "", actual)


def _read_value(path: str) -> bytes:
    descriptor = open_regular(path)
    try:
        return read_bytes(descriptor)
    finally:
        os.close(descriptor)


def _write_value(path: str, data: bytes) -> None:
    # Never O_CREAT: a setting that is missing stays missing. One write, because the kernel parses each on its own.
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _restore_value(path: str, found: bytes) -> None:
    if _read_value(path) == found:
        return
    _write_value(path, found)
    actual = _read_value(path)
    if actual != found:
        said = decode(actual).strip()
        raise ReadBackError(WROTE_BACK.format(wanted=decode(found).strip(), said=said or "nothing"), said)
