# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the listing of flows on this machine: as a stream, whole lines at a time, never the whole of it."""

from __future__ import annotations

import errno
import os
import select
import tempfile
import time
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import TIME_LIMIT, FlowCounts, FlowQuery
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_sentences import (
    MESSAGE,
    NOT_REGULAR,
    describe_end,
    describe_problem,
    describe_start,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._flows import Tally, describe_sums
from ansible_collections.stateward.conntrack.plugins.module_utils._host_commands import running
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import NotRegularError, Tree, open_regular

# /proc hands out a page per read(2), a pipe 64 KiB at most; the lines of a quarter of a MiB are counted at once.
_PIECE = 65536
_CHUNK = 262144


class _TimeIsUpError(Exception):
    """The time limit ended the reading."""


def count_flows(tree: Tree, query: FlowQuery) -> FlowCounts:
    """See Host.count_flows."""
    tally = Tally(query.limit)
    deadline = time.monotonic() + query.seconds
    truncated, error = "", ""
    try:
        if query.source.path:
            _count_file(tree, query.source.path, tally, deadline)
        else:
            error = _count_commands(tree, query.source.commands, tally, deadline)
    except _TimeIsUpError:
        truncated = TIME_LIMIT
    except NotRegularError:
        error = describe_problem(query, NOT_REGULAR)
    except OSError as problem:
        error = describe_problem(query, os.strerror(problem.errno or errno.EIO))
    return describe_sums(tally.sums(query.top), truncated=truncated, error=error)


def _count_file(tree: Tree, path: str, tally: Tally, deadline: float) -> None:
    descriptor = open_regular(tree.host_path(tree.resolve(path)))
    try:
        _count_stream(descriptor, tally, deadline)
    finally:
        os.close(descriptor)


def _count_commands(tree: Tree, commands: tuple[tuple[str, ...], ...], tally: Tally, deadline: float) -> str:
    """Count what the programs print one after the other; returns how the first one that failed failed, or nothing."""
    for command in commands:
        # A file, because a pipe that nobody reads could stop the program.
        with tempfile.TemporaryFile() as said:
            left = max(0.0, deadline - time.monotonic())
            with running(tree, command, seconds=left + 1, errors=said.fileno()) as process:
                if process is None or process.stdout is None:
                    return describe_start(command)
                if not _count_stream(process.stdout.fileno(), tally, deadline):
                    return ""
                status = process.wait()
            if status:
                said.seek(0)
                return describe_end(command, status, said.read(MESSAGE).decode("utf-8", "replace"))
    return ""


def _count_stream(descriptor: int, tally: Tally, deadline: float) -> bool:
    """Count everything up to the end; False when the tally needs no more. Raises _TimeIsUpError with whole lines
    counted."""
    rest = b""
    pieces: list[bytes] = []
    size = 0
    for piece in _pieces(descriptor, deadline):
        pieces.append(piece)
        size += len(piece)
        if size >= _CHUNK or not piece:
            whole, newline, rest = b"".join([rest, *pieces]).rpartition(b"\n")
            if not tally.add(whole + newline):
                return False
            pieces, size = [], 0
    return tally.add(rest + b"\n") if rest else True


def _pieces(descriptor: int, deadline: float) -> Iterator[bytes]:
    """What the descriptor has to say, piece by piece; an empty one at the end, and before _TimeIsUpError is raised."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            yield b""
            raise _TimeIsUpError
        piece = os.read(descriptor, _PIECE)
        yield piece
        if not piece:
            return
