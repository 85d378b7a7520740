# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything else on the host that sets what we set: where it stands, and whether it wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Mapping, Set, Tuple

from ansible_collections.stateward.conntrack.plugins.module_utils._boot import readers
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.effect import effective
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.kernel import rounded
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import (
    BLOCKED,
    CMDLINE,
    LoadConfig,
    Option,
    argument_options,
    load_problem,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Kernel, Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import module_parameter
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import Directive
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import Assignment, kernel_int

# The program that people run by hand; it reads /etc/sysctl.conf even where the boot does not.
_BY_HAND = "procps"


@dataclass(frozen=True)
class Conflict:
    """One foreign assignment of a value that we set, or one line that keeps the module from loading.

    key: as people call it, C(module) for a line about loading. source: C(file:line) or the agent. wins: after a reboot,
    a late load or a firewall restart its value, not ours, is in force. path, line: where it can be edited; line 0: it
    cannot.
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
        *_from_hooks(simulator, desired, winners),
        *_from_agents(simulator, desired, winners),
    ]
    return tuple(dict.fromkeys(found))


Winners = Set[Tuple[str, str]]


def _from_sysctl_files(simulator: Simulator, desired: Mapping[str, int], winners: Winners) -> Iterator[Conflict]:
    boot = readers.READERS[simulator.observed.platform.boot.reader]
    at_boot = {entry.real or entry.path for entry in readers.files_read(boot, simulator.snapshot)}
    for reader in (boot, readers.READERS[_BY_HAND]):
        for line in readers.assignments(reader, simulator.snapshot):
            note = "" if line.source in at_boot else _STRANDED
            yield from _from_assignment(simulator, desired, winners, line=line, note=note)
    if simulator.builtin:
        for line in readers.cmdline_assignments(simulator.snapshot.text("/proc/cmdline") or ""):
            yield from _from_assignment(simulator, desired, winners, line=line, note="")


_STRANDED = "not read at boot on this system, only by `sysctl --system`"


def _from_assignment(
    simulator: Simulator, desired: Mapping[str, int], winners: Winners, *, line: Assignment, note: str
) -> Iterator[Conflict]:
    if _is_own(simulator, line.source, line.line):
        return
    source = readers.where(line)
    for key in effective((line,), simulator.names):
        if key in desired and _taken_for(simulator, key, kernel_int(line.value)) != desired[key]:
            wins = (key, source) in winners
            yield Conflict(short_name(key), line.value, source, wins, note, line.source, line.line)


def _taken_for(simulator: Simulator, key: str, value: int | None) -> int | None:
    """What the kernel makes of a value."""
    return rounded(simulator.observed, value) if key == HASHSIZE and value is not None else value


def _is_own(simulator: Simulator, path: str, line: int) -> bool:
    return line in readers.owned_lines(path, simulator.snapshot.text(path) or "")


# -------------------------------------------------------------------------------------------------- loading


def _from_modprobe(simulator: Simulator, desired: Mapping[str, int], winners: Winners) -> Iterator[Conflict]:
    if not simulator.builtin:
        for config in simulator.load_configs.values():
            yield from _from_load(simulator, config)
    if HASHSIZE in desired:
        for option in _options(simulator):
            if _taken_for(simulator, HASHSIZE, option.value) != desired[HASHSIZE]:
                wins = any(_comes_from(source, option.where) for _key, source in winners)
                yield Conflict("hashsize", option.text, option.where, wins, "", option.path, option.line)


def _options(simulator: Simulator) -> list[Option]:
    """What is given to hashsize by others, well formed: the rest breaks the load, which is said elsewhere."""
    cmdline = simulator.snapshot.text("/proc/cmdline") or ""
    builtin = Option(module_parameter(cmdline, simulator.observed.dialect, HASHSIZE) or "", CMDLINE)
    line = simulator.preloads[simulator.modules[0]]
    listed = argument_options(line.args, line.source, line.line) if line else ()
    options = [builtin] if simulator.builtin else [*simulator.load_config.options, *listed]
    return [item for item in options if item.value is not None and not _is_own(simulator, item.path, item.line)]


def _comes_from(source: str, where: str) -> bool:
    """Whether a value is that of the option, or the eightfold max that comes with it."""
    return source == where or f"({where})" in source


_BLACKLIST = "systemd-modules-load does not load a blacklisted module; as a dependency it is loaded all the same"
_BLOCKS = "modprobe runs this instead of loading the module"


def _from_load(simulator: Simulator, config: LoadConfig) -> Iterator[Conflict]:
    """Lines that keep the module from being loaded."""
    for line in config.directives:
        if _is_own(simulator, line.source, line.line):
            continue
        problem = load_problem(line, simulator.observed.version)
        if problem:
            yield _module_conflict(line, " ".join(line.args), wins=True, note=problem)
        if line.command == "blacklist":
            yield _module_conflict(line, line.raw.strip(), wins=not simulator.preloaded_by, note=_BLACKLIST)
    if config.hook and config.hook.effect == BLOCKED:
        line = config.hook.directive
        yield _module_conflict(line, line.raw.strip(), wins=True, note=_BLOCKS)


def _module_conflict(line: Directive, value: str, *, wins: bool, note: str) -> Conflict:
    return Conflict("module", value, f"{line.source}:{line.line}", wins, note, line.source, line.line)


# -------------------------------------------------------------------------------------------------- hooks, agents


def _from_hooks(simulator: Simulator, desired: Mapping[str, int], winners: Winners) -> Iterator[Conflict]:
    """Single settings that an install line or a udev rule writes; files that they apply are reported by themselves."""
    installed = [config.hook for config in simulator.load_configs.values() if config.hook]
    for hook in () if simulator.builtin else (*installed, *simulator.udev_hooks):
        line = hook.directive
        for name, text in hook.values:
            key = HASHSIZE if name == HASHSIZE else simulator.names.get(name, "")
            if key in desired and _taken_for(simulator, key, kernel_int(text)) != desired[key]:
                wins = (key, hook.where) in winners
                yield Conflict(short_name(key), text, hook.where, wins, _HOOK, line.source, line.line)


_HOOK = "written whenever the module is loaded"


def _from_agents(simulator: Simulator, desired: Mapping[str, int], winners: Winners) -> Iterator[Conflict]:
    for agent in simulator.agents:
        for write in agent.writes:
            value = _taken_for(simulator, write.key, write.value)
            if desired.get(write.key, value) != value and write.is_due(desired):
                wins = (write.key, write.source) in winners
                note = "" if agent.name in write.source else f"written by {agent.name}"
                yield Conflict(short_name(write.key), str(write.value), write.source, wins, note)
