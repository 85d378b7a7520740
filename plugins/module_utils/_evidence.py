# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the verdict looks at, with the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._chains import chain_window, refused_share
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Conflict
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import machine_of
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import TableSize
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, MAX, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernel_log import TableFull
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import Machine
from ansible_collections.stateward.conntrack.plugins.module_utils._survival import Survival


@dataclass(frozen=True)
class Evidence:
    """warning, critical: percent of max in use. memory_limit: bytes that a full table may take. counters: sums over all
    CPUs; one that is not known is missing. log_source: where the complaints were found. log_partial: only the end of a
    log was looked at. preloaded_by: empty when nothing loads the module at boot."""

    observed: Observed
    warning: int
    critical: int
    memory_limit: int
    counters: Mapping[str, int] = field(default_factory=dict)
    log: TableFull = field(default_factory=TableFull)
    log_source: str = ""
    log_partial: bool = False
    survival: Mapping[str, Survival] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    preloaded_by: str = ""

    @property
    def machine(self) -> Machine:
        return machine_of(self.observed)

    @property
    def max(self) -> int | None:
        return self.observed.values.get(MAX)

    @property
    def hashsize(self) -> int | None:
        return self.observed.values.get(HASHSIZE)

    @property
    def count(self) -> int | None:
        return self.observed.count

    @property
    def usage(self) -> float | None:
        """Percent of max in use; None when something is not known or there is no limit (max 0, up to 6.18)."""
        return 100 * self.count / self.max if self.count is not None and self.max and self.max > 0 else None

    @property
    def load_factor(self) -> float | None:
        """Mean chain length now: each entry is in two chains."""
        return 2 * self.count / self.hashsize if self.count is not None and self.hashsize else None

    @property
    def full_load_factor(self) -> float | None:
        """Mean chain length of a full table."""
        return 2 * self.max / self.hashsize if self.max and self.max > 0 and self.hashsize else None

    @property
    def window(self) -> tuple[int, int] | None:
        """The chain-length limit of this kernel."""
        return chain_window(self.observed.version, self.observed.family)

    def refused(self, load_factor: float | None) -> float:
        """The share of new flows that the chain-length limit refuses at a load factor."""
        return refused_share(load_factor or 0.0, self.window)

    def memory(self, entries: int | None) -> int | None:
        """Bytes that so many entries take together with the buckets."""
        if entries is None or self.hashsize is None:
            return None
        return self.machine.table_bytes(TableSize(max=entries, buckets=self.hashsize))
