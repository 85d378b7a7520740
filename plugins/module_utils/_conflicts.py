# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything else on the host that sets what we set: where it stands, and whether it wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot import modprobe, readers
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Kernel, Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import kernel_int

# The program that people run by hand; it reads /etc/sysctl.conf even where the boot does not.
_BY_HAND = "procps"


@dataclass(frozen=True)
class Conflict:
    """One foreign assignment of a value that we set, or one line that keeps the module from loading.

    key: as people call it, C(module) for a line about loading. source: C(file:line) or the agent. wins: after a reboot, a late load or a
    firewall restart its value, not ours, is in force. path, line: where it can be edited; line 0: it cannot.
    """

    key: str
    value: str
    source: str
    wins: bool
    note: str = ""
    path: str = ""
    line: int = 0


@dataclass(frozen=True)
class Events:
    """The kernel after each of the three events."""

    reboot: Kernel
    late_load: Kernel
    firewall_restart: Kernel

    @property
    def all(self) -> tuple[Kernel, ...]:
        return (self.reboot, self.late_load, self.firewall_restart)


def simulate_events(simulator: Simulator, values: Mapping[str, int]) -> Events:
    """The three events; values: what the kernel has when the firewall is restarted."""
    return Events(simulator.boot(), simulator.late_load(), simulator.firewall_restart(dict(values)))


def find_conflicts(simulator: Simulator, events: Events, desired: Mapping[str, int]) -> tuple[Conflict, ...]:
    """Every foreign setting of a desired key to another value, and every line that breaks or blocks the load."""
    winners = {(key, source) for kernel in events.all for key, source in kernel.sources.items()}
    found = [
        *_from_sysctl_files(simulator, desired, winners),
        *_from_modprobe(simulator, desired, winners),
        *_from_agents(simulator, desired, winners),
    ]
    return tuple(dict.fromkeys(found))


def _from_sysctl_files(simulator: Simulator, desired: Mapping[str, int], winners: set[tuple[str, str]]) -> Iterator[Conflict]:
    boot = readers.READERS[simulator.observed.platform.boot.reader]
    for reader in (boot, readers.READERS[_BY_HAND]):
        for line in readers.assignments(reader, simulator.snapshot):
            own = readers.owned_lines(line.source, simulator.snapshot.text(line.source) or "")
            for key in readers.effective((line,), simulator.names):
                if line.line in own or desired.get(key) in (None, kernel_int(line.value)):
                    continue
                source = f"{line.source}:{line.line}"
                note = "" if reader is boot or boot.reads(line.source) else _STRANDED
                yield Conflict(
                    short_name(key), line.value, source, (key, source) in winners, _linked(simulator, line.source, note),
                    line.source, line.line,
                )


_STRANDED = "not read at boot on this system, only by `sysctl --system`"


def _linked(simulator: Simulator, path: str, note: str) -> str:
    """A file outside the directories counts where a link in them leads to it."""
    linked = any(entry.real == path for entry in simulator.snapshot.glob("/*/sysctl.d/*.conf"))
    return "" if linked else note


def _from_modprobe(simulator: Simulator, desired: Mapping[str, int], winners: set[tuple[str, str]]) -> Iterator[Conflict]:
    config = simulator.load_config
    if simulator.builtin or HASHSIZE not in desired:
        return
    for directive in config.directives:
        source = f"{directive.source}:{directive.line}"
        if directive.line in readers.owned_lines(directive.source, simulator.snapshot.text(directive.source) or ""):
            continue
        problem = modprobe.load_problem(directive, simulator.observed.version)
        if problem:
            yield Conflict("module", " ".join(directive.args), source, True, problem, directive.source, directive.line)
        for text, _line in modprobe.hashsize_values(directive):
            if text != str(desired[HASHSIZE]) and not problem:
                wins = any((key, where) in winners for key, where in winners if source in where)
                yield Conflict("hashsize", text, source, wins, "", directive.source, directive.line)
        if directive.command == "blacklist":
            yield Conflict("module", directive.raw.strip(), source, not simulator.preloaded_by, _BLACKLIST, directive.source, directive.line)
    if config.hook and config.hook.effect == modprobe.BLOCKED:
        line = config.hook.directive
        yield Conflict("module", line.raw.strip(), config.hook.where, True, _BLOCKS, line.source, line.line)
    if config.source == "kernel command line" and config.hashsize != desired[HASHSIZE]:
        yield Conflict("hashsize", str(config.hashsize), config.source, (HASHSIZE, config.source) in winners)


_BLACKLIST = "systemd-modules-load does not load a blacklisted module; as a dependency it is loaded all the same"
_BLOCKS = "modprobe runs this instead of loading the module"


def _from_agents(simulator: Simulator, desired: Mapping[str, int], winners: set[tuple[str, str]]) -> Iterator[Conflict]:
    for agent in simulator.agents:
        for write in agent.writes:
            if desired.get(write.key, write.value) != write.value:
                wins = (write.key, write.source) in winners
                note = "" if agent.name in write.source else f"written by {agent.name}"
                yield Conflict(short_name(write.key), str(write.value), write.source, wins, note)
