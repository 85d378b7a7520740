# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small kernel that boots, loads conntrack late and lives through a firewall restart, in the order of the host's own steps.

It answers one question: which values will be there afterwards, and who put them there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._agents import Agent, find_agents
from ansible_collections.stateward.conntrack.plugins.module_utils._boot import modprobe, preload, readers
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import Firewall, find_firewalls
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import default_value, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import loaded_size, round_buckets
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._names import sysctl_names
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import (
    BUILTIN,
    HASHSIZE,
    IP,
    MAX,
    Observed,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import module_parameter
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import int_value
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import Assignment, kernel_int

DEFAULT = "the kernel's default"


@dataclass
class Kernel:
    """The kernel during a simulation. values and sources by canonical key; notes: what went wrong on the way, in order."""

    loaded: bool = False
    values: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    loaded_by: str = ""

    def set(self, key: str, value: int, source: str) -> None:
        self.values[key], self.sources[key] = value, source

    def unload(self) -> None:
        self.loaded = False
        self.values.clear()
        self.sources.clear()


class Simulator:
    """The three events on one host, whose files are those of the snapshot (as they will be after the plan)."""

    def __init__(self, observed: Observed, snapshot: Snapshot) -> None:
        self.observed, self.snapshot = observed, snapshot
        self.names = sysctl_names(observed)
        self.load_config = modprobe.load_config(observed.platform.modprobe, snapshot, observed.dialect, observed.version)
        self.firewalls = find_firewalls(snapshot, old_dialect=observed.dialect == IP)
        self.agents = find_agents(snapshot)
        self.preloaded_by = self._preloaded_by()

    @property
    def builtin(self) -> bool:
        """Whether the keys are there from the start: conntrack is part of the kernel, or the host of this container has it loaded."""
        return self.observed.module == BUILTIN or self.observed.netns == "other"

    def _preloaded_by(self) -> str:
        observed = self.observed
        modules_dep = self.snapshot.text(f"/lib/modules/{observed.release}/modules.dep") or ""
        row = observed.platform.boot
        where = preload.preloaded(row, self.snapshot, observed.dialect, modules_dep)
        blacklisted = [line for line in self.load_config.directives if line.command == "blacklist"]
        return "" if blacklisted and "systemd" in row.loading.sources else where

    # ------------------------------------------------------------------------------------------ the events

    def boot(self) -> Kernel:
        """After a reboot, conntrack being used by the end of it."""
        kernel = Kernel()
        if self.builtin:
            self._start(kernel, self._cmdline_hashsize(), "kernel command line")
        for step in self.observed.platform.steps:
            getattr(self, f"_step_{step}")(kernel)
        if not kernel.loaded:
            self._load(kernel, "its first use")
        return kernel

    def late_load(self) -> Kernel:
        """After the module was loaded at some moment after the boot."""
        kernel = Kernel()
        if self.builtin:
            return self.boot()
        self._load(kernel, "a late load")
        return kernel

    def firewall_restart(self, values: dict[str, int]) -> Kernel:
        """After the firewall service was restarted on a kernel with these values."""
        kernel = Kernel(loaded=True, values=dict(values), sources=dict.fromkeys(values, "the running kernel"))
        for firewall in self.firewalls:
            self._restart(kernel, firewall)
        self._run_agents(kernel, table.FIREWALL)
        return kernel

    # ------------------------------------------------------------------------------------------ steps of a boot

    def _step_modules(self, kernel: Kernel) -> None:
        if self.preloaded_by and not kernel.loaded:
            self._load(kernel, self.preloaded_by)

    def _step_sysctl(self, kernel: Kernel) -> None:
        self._apply(kernel, self._lines(self.observed.platform.boot.reader))

    def _step_network(self, kernel: Kernel) -> None:
        self._step_sysctl(kernel)

    def _step_firewall(self, kernel: Kernel) -> None:
        for firewall in self.firewalls:
            if firewall.start_unloads:
                self._restart(kernel, firewall)
        if not kernel.loaded:
            self._load(kernel, "the first firewall rule that needs it")
            self._reread(kernel)
        self._run_agents(kernel, table.FIREWALL)

    def _step_agents(self, kernel: Kernel) -> None:
        self._run_agents(kernel, table.AGENTS)

    # ------------------------------------------------------------------------------------------ what steps consist of

    def _lines(self, reader: str) -> tuple[Assignment, ...]:
        return readers.assignments(readers.READERS[reader], self.snapshot)

    def _apply(self, kernel: Kernel, lines: tuple[Assignment, ...], pattern: str = "") -> None:
        found = readers.effective(lines, self.names, pattern)
        if found and not kernel.loaded:
            kernel.notes.append("the sysctl step comes before the module is loaded: its values are lost")
            return
        for key, line in found.items():
            self._assign(kernel, key, kernel_int(line.value), f"{line.source}:{line.line}")

    def _assign(self, kernel: Kernel, key: str, value: int | None, source: str) -> None:
        if value is None or (key == HASHSIZE and value <= 0):
            kernel.notes.append(f"{source}: the kernel refuses the value for {key}")
            return
        kernel.set(key, self._rounded(value) if key == HASHSIZE else value, source)

    def _rounded(self, buckets: int) -> int:
        observed = self.observed
        return round_buckets(
            buckets, pointer_bits=observed.pointer_bits, page_size=observed.page_size, version=observed.version
        )

    def _cmdline_hashsize(self) -> int | None:
        text = module_parameter(self.snapshot.text("/proc/cmdline") or "", self.observed.dialect, "hashsize")
        return int_value(text) if text is not None else None

    def _start(self, kernel: Kernel, hashsize: int | None, source: str) -> None:
        """The module's own initialization: sizes from the option or from the memory, everything else at its default."""
        observed = self.observed
        size = loaded_size(
            hashsize,
            memory_bytes=observed.memory_bytes,
            pointer_bits=observed.pointer_bits,
            page_size=observed.page_size,
            version=observed.version,
            family=observed.family,
        )
        kernel.loaded = True
        for key in set(self.names.values()) - {MAX, HASHSIZE}:
            group, _colon, name = key.partition(":")
            default = default_value(find_key(group, name), version=observed.version, family=observed.family)
            if default is not None:
                kernel.set(key, default, DEFAULT)
        if observed.netns == "other":
            kernel.values.update({key: observed.values[key] for key in (MAX, HASHSIZE) if key in observed.values})
            return
        kernel.set(HASHSIZE, size.buckets, source if hashsize else DEFAULT)
        eightfold = f"hashsize={hashsize} alone at load ({source}): the kernel makes max 8 x that"
        kernel.set(MAX, size.max, eightfold if hashsize else DEFAULT)

    def _load(self, kernel: Kernel, cause: str) -> None:
        config = self.load_config
        if config.hook and config.hook.effect == modprobe.BLOCKED:
            kernel.notes.append(f"{config.hook.where}: an install line keeps the module from being loaded")
            return
        if config.broken:
            kernel.notes.append(f"{config.broken}: the module cannot be loaded")
            return
        kernel.loaded_by = cause
        self._start(kernel, config.hashsize, config.source)
        if config.hook:
            self._run_hook(kernel, config.hook)

    def _run_hook(self, kernel: Kernel, hook: modprobe.Hook) -> None:
        if hook.effect == modprobe.SYSTEM:
            self._apply(kernel, self._lines("procps"), hook.pattern)
        for path in hook.files if hook.effect == modprobe.FILES else ():
            self._apply(kernel, readers.file_assignments(path, self.snapshot, only_block=hook.only_block))

    def _restart(self, kernel: Kernel, firewall: Firewall) -> None:
        if not firewall.unloads or self.builtin:
            return
        kernel.unload()
        kernel.notes.append(firewall.why)
        self._load(kernel, f"the restart of {firewall.service}")
        self._reread(kernel)

    def _reread(self, kernel: Kernel) -> None:
        """What the iptables script applies again after its rules are in: lines with one of its fixed strings."""
        for firewall in self.firewalls:
            for pattern in firewall.rereads if firewall.load_list else ():
                for entry in self.snapshot.glob(pattern):
                    lines = readers.file_assignments(entry.path, self.snapshot)
                    wanted = "|".join(re.escape(word) for word in firewall.load_list)
                    self._apply(kernel, lines, wanted)

    def _run_agents(self, kernel: Kernel, when: str) -> None:
        for agent in self.agents:
            if agent.when == when and kernel.loaded:
                self._run_agent(kernel, agent)

    def _run_agent(self, kernel: Kernel, agent: Agent) -> None:
        for write in agent.writes:
            self._assign(kernel, write.key, write.value, write.source)
        if agent.name == "kube-proxy" and kernel.values.get(HASHSIZE, 0) < kernel.values.get(MAX, 0) // 4:
            self._assign(kernel, HASHSIZE, kernel.values[MAX] // 4, "kube-proxy (a quarter of max)")
        if agent.reapplies:
            self._apply(kernel, self._lines("tuned"))
