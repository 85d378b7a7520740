# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host when Python runs on it."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery
from ansible_collections.stateward.conntrack.plugins.module_utils._host_apply import apply_operations
from ansible_collections.stateward.conntrack.plugins.module_utils._host_commands import read_commands
from ansible_collections.stateward.conntrack.plugins.module_utils._host_flows import count_flows
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import read_tree
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import LOCK_SECONDS, hold_lock
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Applied, Host, Operation, Read, Snapshot


class LocalHost(Host):
    """This machine, or a copy of another one's files below root.

    lock_seconds: how long apply() waits for another run.
    """

    def __init__(self, root: str = "/", *, lock_seconds: float = LOCK_SECONDS) -> None:
        self._tree = Tree(root)
        self._lock_seconds = lock_seconds

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        """See Host.read. Only regular files are opened; one above 1 MiB is C(TOO_LARGE) unless lines are asked for."""
        snapshot = read_tree(self._tree, tuple(read for read in reads if not read.command))
        printed = read_commands(self._tree, tuple(read for read in reads if read.command))
        return Snapshot(entries={**snapshot.entries, **printed}, facts=snapshot.facts)

    def count_flows(self, query: FlowQuery) -> FlowCounts:
        """See Host.count_flows."""
        return count_flows(self._tree, query)

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        """See Host.apply. Without operations nothing is locked. Raises LockedError."""
        if not operations:
            return Applied((), self.read(reads))
        with hold_lock(self._tree, seconds=self._lock_seconds):
            result = apply_operations(self._tree, operations)
            return Applied(result.outcomes, self.read(reads), result.error, result.stale)
