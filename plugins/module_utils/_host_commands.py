# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few programs whose output is read: run without a shell, with a time limit and a bound on what is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._host_program import Program
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import MAX_LINE, filter_lines
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import find_tool
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read

# Reading the ring buffer or some counters takes milliseconds.
COMMAND_SECONDS = 10.0

FAILED, TIMED_OUT = "EXIT", "ETIMEDOUT"


def read_commands(tree: Tree, reads: tuple[Read, ...]) -> dict[str, Entry]:
    """What the programs of these rows print, by name of the row; nothing for one that is missing or must not run."""
    wanted = (read for read in reads if not read.given or os.path.exists(tree.locate(read.given)))
    found = ((read, find_tool(tree, read.command[0])) for read in wanted)
    return {read.pattern: _read_command(tree, read, path) for read, path in found if path}


def _read_command(tree: Tree, read: Read, path: str) -> Entry:
    with running(tree, (path, *read.command[1:]), seconds=COMMAND_SECONDS) as process:
        if process is None or process.stdout is None:
            return Entry(read.pattern, "command", error=FAILED, writable=False)
        stream = process.stdout
        # Every line has the empty string in it.
        wanted = frozenset(read.lines or ("",))
        text, error = filter_lines(iter(lambda: stream.readline(MAX_LINE), b""), wanted)
        status = process.wait()
    how = {0: error, -signal.SIGKILL: TIMED_OUT}.get(status, FAILED)
    return Entry(read.pattern, "command", text=text, error=how, writable=False)


@contextlib.contextmanager
def running(
    tree: Tree, command: tuple[str, ...], *, seconds: float, errors: int = subprocess.DEVNULL
) -> Iterator[Program | None]:
    """A program of the tree that runs during the block, None when it cannot be started.

    It is killed after that many seconds and at the end of the block. errors: the descriptor of its standard error.
    """
    try:
        process = Program(tree, command, errors=errors)
    except OSError:
        yield None
        return
    timer = threading.Timer(seconds, process.end)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.end()
        if process.stdout:
            process.stdout.close()
        process.wait()
