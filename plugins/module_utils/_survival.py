# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what the kernel says now will be true after a reboot, a late load of the module, or a firewall restart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot import readers
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.effect import effective
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.kernel import Kernel
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import DEFAULT, Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Events
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, MAX
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import kernel_int

# Their defaults changed within stable branches or come from the memory of the host: a default that we expect proves
# nothing about them.
_UNCERTAIN = ("timeout:sctp_", "timeout:frag6", "setting:frag6_", "setting:expect_max")
# The kernel sizes its table from the pages that are free at init, which /proc/meminfo does not tell exactly.
_TOLERANCE = 1 / 16
# Platforms whose kernel is patched to choose another size: OpenWrt divides the memory by 2048, not by 16384.
_OWN_SIZE = ("openwrt",)


@dataclass(frozen=True)
class Survival:
    """One event. wanted: by canonical key, what should be true after it."""

    kernel: Kernel
    wanted: Mapping[str, int]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The keys that will have another value."""
        return tuple(key for key, value in self.wanted.items() if self.kernel.values.get(key) != value)

    @property
    def ok(self) -> bool:
        return self.kernel.loaded and not self.wrong


def find_survival(simulator: Simulator, events: Events) -> dict[str, Survival]:
    """By the name of the event: C(reboot), C(late_load), C(firewall_restart).

    While the module is not loaded, what the files say is what should be true.
    """
    running = simulator.observed.values or _intended(simulator)
    named = {"reboot": events.reboot, "late_load": events.late_load, "firewall_restart": events.firewall_restart}
    if simulator.observed.platform.boot.name in _OWN_SIZE:
        named = {name: _without_default_size(kernel) for name, kernel in named.items()}
    return {name: Survival(kernel, _comparable(kernel, running)) for name, kernel in named.items()}


def _without_default_size(kernel: Kernel) -> Kernel:
    guessed = [key for key in (MAX, HASHSIZE) if kernel.sources.get(key) == DEFAULT]
    return replace(kernel, values={key: value for key, value in kernel.values.items() if key not in guessed})


def _intended(simulator: Simulator) -> dict[str, int]:
    boot = readers.READERS[simulator.observed.platform.boot.reader]
    lines = effective(readers.assignments(boot, simulator.snapshot), simulator.names, refused=boot.refused)
    values = {key: kernel_int(line.value) for key, line in lines.items()}
    return {key: value for key, value in values.items() if value is not None}


def _comparable(kernel: Kernel, running: Mapping[str, int]) -> dict[str, int]:
    return {key: value for key, value in running.items() if _is_predictable(kernel, key, value)}


def _is_predictable(kernel: Kernel, key: str, value: int) -> bool:
    """Whether a difference would mean something. A value that nobody sets again falls back to its default."""
    predicted = kernel.values.get(key)
    if predicted is None:
        return not kernel.loaded
    if kernel.sources.get(key) != DEFAULT:
        return True
    if key in (MAX, HASHSIZE):
        return abs(predicted - value) > value * _TOLERANCE
    return not key.startswith(_UNCERTAIN)
