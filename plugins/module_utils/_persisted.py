# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each file of a host, its kernel command line and its agents say about connection tracking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._boot import readers
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.effect import effective
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import CMDLINE
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import module_parameter
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import Assignment

# Applied by the boot, whenever the module is loaded, by people who run the program, or by an agent.
BOOT, LOAD, BY_HAND, AGENT = "boot", "load", "by_hand", "agent"


@dataclass(frozen=True)
class Persisted:
    """One setting. key: as people call it, C(preload) for a line that loads the module at boot. source: C(file:line) or
    the agent. when: C(boot), C(load), C(by_hand) or C(agent). ours: this collection wrote it."""

    key: str
    value: str
    source: str
    when: str
    ours: bool


def find_persisted(simulator: Simulator) -> tuple[Persisted, ...]:
    """Every setting, in the order of files and lines; the same line is listed once."""
    found = [*_from_sysctl(simulator), *_from_modprobe(simulator), *_from_preload(simulator), *_from_agents(simulator)]
    unique = {(item.key, item.source): item for item in reversed(found)}
    return tuple(item for item in reversed(list(unique.values())))


def _from_sysctl(simulator: Simulator) -> Iterator[Persisted]:
    boot = readers.READERS[simulator.observed.platform.boot.reader]
    for reader, when in ((boot, BOOT), (readers.READERS["procps"], BY_HAND)):
        for line in readers.assignments(reader, simulator.snapshot):
            yield from _from_assignment(simulator, line, when)
    if simulator.builtin:
        for line in readers.cmdline_assignments(simulator.snapshot.text("/proc/cmdline") or ""):
            yield from _from_assignment(simulator, line, BOOT)


def _from_assignment(simulator: Simulator, line: Assignment, when: str) -> Iterator[Persisted]:
    for key in effective((line,), simulator.names):
        ours = _is_ours(simulator, line.source, line.line)
        yield Persisted(short_name(key), line.value, readers.where(line), when, ours)


def _is_ours(simulator: Simulator, path: str, line: int) -> bool:
    return line in readers.owned_lines(path, simulator.snapshot.text(path) or "")


def _from_modprobe(simulator: Simulator) -> Iterator[Persisted]:
    config = simulator.load_config
    for option in config.options:
        when = BOOT if option.path == CMDLINE else LOAD
        yield Persisted(HASHSIZE, option.text, option.where, when, _is_ours(simulator, option.path, option.line))
    for line in config.directives:
        if line.command in ("install", "blacklist"):
            ours = _is_ours(simulator, line.source, line.line)
            yield Persisted(line.command, " ".join(line.args), f"{line.source}:{line.line}", LOAD, ours)
    text = module_parameter(simulator.snapshot.text("/proc/cmdline") or "", simulator.observed.dialect, HASHSIZE)
    if text is not None:
        yield Persisted(HASHSIZE, text, CMDLINE, BOOT, False)


def _from_preload(simulator: Simulator) -> Iterator[Persisted]:
    where = simulator.preloaded_by
    if where:
        path, _colon, line = where.rpartition(":")
        ours = line.isdigit() and _is_ours(simulator, path, int(line))
        yield Persisted("preload", simulator.observed.dialect, where, BOOT, ours)


def _from_agents(simulator: Simulator) -> Iterator[Persisted]:
    for agent in simulator.agents:
        for write in agent.writes:
            yield Persisted(short_name(write.key), str(write.value), write.source, AGENT, False)
