# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing to the simulated kernel: what sysctl programs, hooks and agents set, and what becomes of it."""

from __future__ import annotations

from typing import Iterable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot import effect, readers
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.kernel import Kernel, owner, rounded
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import Assignment, kernel_int


class Writer:
    """Writes as the programs of one host do. names: dotted name -> canonical key; modules: conntrack, its families."""

    def __init__(
        self, observed: Observed, snapshot: Snapshot, names: Mapping[str, str], modules: tuple[str, ...]
    ) -> None:
        self._observed, self._snapshot, self._names, self._modules = observed, snapshot, names, modules

    def apply_system(self, kernel: Kernel, reader: str, *, pattern: str = "", prefixes: tuple[str, ...] = ()) -> None:
        """One run of a program of the readers table; pattern, prefixes: its filter."""
        row, names = readers.READERS[reader], self._names
        if prefixes:
            names = effect.under_prefixes(names, prefixes, proc_prefix=row.proc_prefix)
        lines = readers.assignments(row, self._snapshot)
        self._assign_all(kernel, effect.effective(lines, names, pattern=pattern, refused=row.refused))

    def apply(self, kernel: Kernel, lines: Iterable[Assignment]) -> None:
        """Lines that are handed to C(sysctl -p)."""
        self._assign_all(kernel, effect.effective(lines, self._names, refused=readers.EARLIER))

    def _assign_all(self, kernel: Kernel, found: Mapping[str, Assignment]) -> None:
        for key, line in found.items():
            self.assign(kernel, key, kernel_int(line.value), readers.where(line))

    def assign(self, kernel: Kernel, key: str, value: int | None, source: str) -> None:
        """One value; what the kernel refuses, and what comes too early, is noted."""
        module = owner(key, self._modules)
        if module not in kernel.modules:
            kernel.notes.append(
                f"settings are applied before {module} is loaded: they are lost (persist=preload loads it in time)"
            )
        elif value is None or effect.is_refused(key, value):
            kernel.notes.append(f"{source}: the kernel refuses the value for {key}")
        elif not self._is_elsewhere(key):
            kernel.set(key, rounded(self._observed, value) if key == HASHSIZE else value, source)

    def _is_elsewhere(self, key: str) -> bool:
        """Whether it is not this system's to set."""
        block = self._observed.blocked.get(key)
        return block is not None and block.elsewhere
