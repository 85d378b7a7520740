# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host when only a POSIX shell runs on it, and Python runs here: the same readings, the same changes."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Callable, Optional, Tuple, Union

from ansible_collections.stateward.conntrack.plugins.module_utils._atomic import TEMPORARY_SUFFIX
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import (
    ConntrackError,
    CutOffError,
    UnsupportedHostError,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery, FlowWish
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import time_stamp
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import decode
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import LOCK_SECONDS
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Applied, Host, Operation, Read, Snapshot
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_apply import parse_result, performing_function
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_flows import (
    counting_text,
    parse_counts,
    plan_ahead,
    plan_query,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_read import asks_more, reading_variables
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_snapshot import parse_snapshot
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import (
    Record,
    load,
    make_nonce,
    parse_records,
)

# A command and what its standard input shall be; the answer is exit status, standard output and error output.
Execute = Callable[[str, Optional[str]], Tuple[int, Union[str, bytes], Union[str, bytes]]]

# Linux takes no argument above 128 KiB (MAX_ARG_STRLEN, execve(2)); before 2.6.23 that was for all arguments together.
COMMAND_BYTES = 100000


class ShellHost(Host):
    """A host that execute() reaches.

    execute: runs one command of a POSIX shell as root. root: a prefix of all paths, for tests.
    takes_input: whether execute() can give a command standard input; without it, a command is limited in length.
    lock_seconds: how long apply() waits for another run. awk: the command that counts flows, for tests.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        root: str = "",
        takes_input: bool = True,
        lock_seconds: float = LOCK_SECONDS,
        awk: tuple[str, ...] = ("awk",),
    ) -> None:
        self._execute = execute
        self._root = root.rstrip("/")
        self._takes_input = takes_input
        self._lock_seconds = lock_seconds
        self._awk = awk
        self._ahead: tuple[FlowWish, list[Record]] | None = None

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        """See Host.read. Raises UnsupportedHostError when the host has no usable shell, or the answer is cut off."""
        more = [load("ask.sh")] if asks_more(reads) else []
        records = self._run([reading_variables(reads), load("read.sh"), *more, "read_host\n"])
        return self._snapshot(records, reads)

    def read_ahead(self, reads: tuple[Read, ...], wish: FlowWish) -> Snapshot:
        """See Host.read_ahead. Raises as read() does."""
        texts = [load(name) for name in ("read.sh", "ask.sh", "flows.sh")]
        parts = [reading_variables(reads, plan_ahead(wish)), counting_text(wish, self._awk), *texts, "read_host\n"]
        records = self._run(parts)
        self._ahead = (wish, records)
        return self._snapshot(records, reads)

    def count_flows(self, query: FlowQuery) -> FlowCounts:
        """See Host.count_flows."""
        known = self._known_counts(query)
        if known is not None:
            return known
        wish = FlowWish(query.limit, query.seconds, query.top)
        calls = [command[1:] for command in query.source.commands]
        texts = [load(name) for name in ("ask.sh", "flows.sh")]
        try:
            records = self._run([counting_text(wish, self._awk, calls), *texts, plan_query(query)])
        except UnsupportedHostError as error:
            return FlowCounts(error=str(error))
        return parse_counts(records, query) or FlowCounts(error=f"{query.source.name}: nothing was counted")

    def _known_counts(self, query: FlowQuery) -> FlowCounts | None:
        """What read_ahead() has counted, if that is what is asked for."""
        if self._ahead is None:
            return None
        wish, records = self._ahead
        return parse_counts(records, query) if (wish.seconds, wish.top) == (query.seconds, query.top) else None

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        """See Host.apply. Without operations nothing is locked. Raises LockedError, and CutOffError.

        Raises UnsupportedHostError when the changes are too many to be sent.
        """
        if not operations:
            return Applied((), self.read(reads))
        settings = f"SUFFIX={quote(TEMPORARY_SUFFIX)}\nLOCK_SECONDS={int(self._lock_seconds)}\n"
        texts = [load(name) for name in ("read.sh", "lock.sh", "apply.sh")]
        parts = [reading_variables(reads), settings, *texts, performing_function(operations), "apply_host\n"]
        records = self._run(parts, CutOffError)
        result = parse_result(records, operations)
        try:
            after = self._snapshot(records, reads)
        except UnsupportedHostError as error:
            raise CutOffError(f"what was changed could not be read again: {error}") from error
        return Applied(result.outcomes, after, result.error, result.stale)

    def _snapshot(self, records: list[Record], reads: tuple[Read, ...]) -> Snapshot:
        """With the time of here: to ask the host for its own would take one program more."""
        snapshot = parse_snapshot(records, reads, self._root)
        return replace(snapshot, facts={**snapshot.facts, "time": time_stamp()})

    def _run(self, parts: list[str], error: type[ConntrackError] = UnsupportedHostError) -> list[Record]:
        """Run the parts as one script, in one execution. error: what is raised when its answer is not whole."""
        nonce = make_nonce()
        variables = f"NONCE={nonce}\nROOT={quote(self._root)}\n"
        # One compound command: the shell has read all of it before it runs any, and a connection may append its own.
        script = "".join(["{\n", variables, load("lib.sh"), *parts, "}"])
        status, output, messages = self._send(script)
        return parse_records(_text(output), nonce, status=status, messages=_text(messages), error=error)

    def _send(self, script: str) -> tuple[int, str | bytes, str | bytes]:
        """As an argument, which every connection can; only what is too long for that goes through standard input."""
        if _sent_bytes(script) <= COMMAND_BYTES:
            return self._execute(script, None)
        if not self._takes_input:
            raise UnsupportedHostError(
                f"the changes need {len(script)} characters, too many for one command line of this connection, and "
                "with su or a forced terminal nothing can go through standard input: use sudo, log in as root, or make "
                "the files smaller that are to be changed"
            )
        return self._execute("/bin/sh -s", script + "\n")


def _sent_bytes(script: str) -> int:
    """The length of a script once become and the connection have each quoted it."""
    return len(shlex.quote(shlex.quote(script)).encode("utf-8", "surrogateescape"))


def _text(output: str | bytes) -> str:
    return decode(output) if isinstance(output, bytes) else output
