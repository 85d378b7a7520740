# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small kernel that boots, loads conntrack late and lives through a firewall restart, in the host's own order.

It answers one question: which values will be there afterwards, and who put them there.
"""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._agents import Agent, find_agents
from ansible_collections.stateward.conntrack.plugins.module_utils._boot import hooks, preload, readers, udev
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.kernel import (
    Kernel,
    initial_size,
    module_defaults,
    running_kernel,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import (
    CMDLINE,
    Option,
    argument_options,
    blacklisted,
    load_config,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.write import Writer
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import Firewall, find_firewalls
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
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import kernel_int

__all__ = ["DEFAULT", "Kernel", "Simulator"]

DEFAULT = "the kernel's default"
_FIRST_RULE = "the first firewall rule that needs it"

_NOT_ENABLED = {
    table.SYSCTL: "the service that applies sysctl files is not enabled at boot",
    table.MODULES: "the service that loads the listed modules is not enabled at boot",
}


class Simulator:
    """The three events on one host, whose files are those of the snapshot (as they will be after the plan)."""

    def __init__(self, observed: Observed, snapshot: Snapshot) -> None:
        self.observed, self.snapshot = observed, snapshot
        row, module, version = observed.platform.modprobe, observed.dialect, observed.version
        modules_dep = snapshot.text(f"/lib/modules/{observed.release}/modules.dep") or ""
        blacklist = blacklisted(row, snapshot)
        self.names = sysctl_names(observed)
        self.modules = preload.tracking_modules(modules_dep, module, version)
        self._writer = Writer(observed, snapshot, self.names, self.modules)
        self.load_configs = {name: load_config(row, snapshot, name, version) for name in self.modules}
        self.load_config = self.load_configs[module]
        self.udev_hooks = udev.udev_hooks(snapshot, module)
        self.firewalls = find_firewalls(snapshot, old_dialect=module == IP)
        self.agents = find_agents(snapshot)
        self.preloads = {
            name: preload.preloaded(observed.platform.boot, snapshot, name, modules_dep, blacklist)
            for name in self.modules
        }
        self.preloaded_by = preload.where(self.preloads[module])

    @property
    def builtin(self) -> bool:
        """Whether the keys are there from the start: part of the kernel, or loaded by the host of this container."""
        return self.observed.module == BUILTIN or self.observed.netns == "other"

    # ------------------------------------------------------------------------------------------ the events

    def boot(self) -> Kernel:
        """After a reboot, conntrack being used by the end of it."""
        platform = self.observed.platform
        kernel = Kernel(notes=[_NOT_ENABLED[step] for step in platform.missing_steps if step in _NOT_ENABLED])
        kernel.notes.extend([platform.boot.note] if platform.boot.note else [])
        if self.builtin:
            self._start_builtin(kernel)
        for step in platform.steps:
            getattr(self, f"_step_{step}")(kernel)
        self._load_all(kernel, "its first use")
        return kernel

    def late_load(self) -> Kernel:
        """After the module was loaded at some moment after the boot."""
        if self.builtin:
            return self.boot()
        kernel = Kernel()
        self._load_all(kernel, "a late load")
        self._repeat_agents(kernel)
        return kernel

    def firewall_restart(self, values: dict[str, int]) -> Kernel:
        """After the firewall service was restarted on a kernel with these values."""
        kernel = running_kernel(values, self.modules)
        for firewall in self.firewalls:
            self._start_firewall(kernel, firewall, f"the restart of {firewall.service}", unload=firewall.unloads)
        self._load_all(kernel, _FIRST_RULE)
        self._run_agents(kernel, table.FIREWALL)
        self._repeat_agents(kernel)
        return kernel

    # ------------------------------------------------------------------------------------------ steps of a boot

    def _step_modules(self, kernel: Kernel) -> None:
        for name, line in self.preloads.items():
            if line is not None and name not in kernel.modules:
                given = argument_options(line.args, line.source, line.line) if line.name == name else ()
                self._load(kernel, name, preload.where(line), given)

    def _step_sysctl(self, kernel: Kernel) -> None:
        self._writer.apply_system(kernel, self.observed.platform.boot.reader)

    def _step_network(self, kernel: Kernel) -> None:
        self._step_sysctl(kernel)

    def _step_firewall(self, kernel: Kernel) -> None:
        for firewall in self.firewalls:
            if firewall.enabled:
                self._start_firewall(kernel, firewall, _FIRST_RULE, unload=firewall.unloads and firewall.start_unloads)
        self._load_all(kernel, _FIRST_RULE)
        self._run_agents(kernel, table.FIREWALL)

    def _step_agents(self, kernel: Kernel) -> None:
        self._load_all(kernel, "its first use")
        self._run_agents(kernel, table.AGENTS)

    # ------------------------------------------------------------------------------------------ loading

    def _load_all(self, kernel: Kernel, cause: str) -> None:
        for name in () if self.builtin else self.modules:
            if name not in kernel.modules:
                self._load(kernel, name, cause)

    def _load(self, kernel: Kernel, name: str, cause: str, given: tuple[Option, ...] = ()) -> None:
        """given: options on the command line of modprobe, which beat those of its files."""
        config = self.load_configs[name]
        if config.hook and config.hook.effect == hooks.BLOCKED:
            kernel.notes.append(f"{config.hook.where}: an install line keeps {name} from being loaded")
            return
        if config.broken:
            kernel.notes.append(f"{config.broken}: {name} cannot be loaded")
            return
        if name != self.modules[0] and self.modules[0] not in kernel.modules:
            return  # its dependency could not be loaded
        kernel.load(name)
        self._set_defaults(kernel, name)
        if name == self.modules[0]:
            kernel.loaded_by = cause
            option = given[-1] if given else None
            hashsize, source = (option.value, option.where) if option else (config.hashsize, config.source)
            self._set_sizes(kernel, hashsize, source)
        self._run_hooks(kernel, name)

    def _start_builtin(self, kernel: Kernel) -> None:
        observed, cmdline = self.observed, self.snapshot.text("/proc/cmdline") or ""
        kernel.load(*self.modules)
        for name in self.modules:
            self._set_defaults(kernel, name)
        if observed.netns == "other":
            for key in (MAX, HASHSIZE):
                if key in observed.values:
                    kernel.set(key, observed.values[key], "the host of this container")
            return
        text = module_parameter(cmdline, observed.dialect, "hashsize")
        self._set_sizes(kernel, Option(text or "", CMDLINE).value, CMDLINE)
        if observed.version >= (5, 8):
            self._writer.apply(kernel, readers.cmdline_assignments(cmdline))

    def _set_defaults(self, kernel: Kernel, module: str) -> None:
        for key, value in module_defaults(self.observed, self.names.values(), module, self.modules).items():
            kernel.set(key, value, DEFAULT)

    def _set_sizes(self, kernel: Kernel, hashsize: int | None, source: str) -> None:
        size = initial_size(self.observed, hashsize)
        eightfold = f"hashsize={hashsize} alone at load ({source}): the kernel makes max 8 x that"
        kernel.set(HASHSIZE, size.buckets, source if hashsize else DEFAULT)
        kernel.set(MAX, size.max, eightfold if hashsize else DEFAULT)

    def _run_hooks(self, kernel: Kernel, name: str) -> None:
        installed = self.load_configs[name].hook
        if installed:
            self._run_hook(kernel, installed)
        for hook in self.udev_hooks if name == self.modules[0] else ():
            if udev.sees_keys(self.observed.version):
                self._run_hook(kernel, hook)
            else:
                kernel.notes.append(f"{hook.where}: before Linux 5.11 a udev rule may run before the keys exist")

    def _run_hook(self, kernel: Kernel, hook: hooks.Hook) -> None:
        if hook.effect == hooks.SYSTEM:
            self._writer.apply_system(kernel, "procps", pattern=hook.pattern)
        if hook.effect == hooks.SYSTEMD:
            self._writer.apply_system(kernel, self.observed.platform.boot.reader, prefixes=hook.prefixes)
        for path in hook.files if hook.effect == hooks.FILES else ():
            self._writer.apply(kernel, readers.file_assignments(path, self.snapshot, only_block=hook.only_block))
        for name, text in hook.values:
            key = HASHSIZE if name == HASHSIZE else self.names.get(name)
            if key:
                self._writer.assign(kernel, key, kernel_int(text), hook.where)

    # ------------------------------------------------------------------------------------------ firewalls, agents

    def _start_firewall(self, kernel: Kernel, firewall: Firewall, cause: str, *, unload: bool) -> None:
        if unload and not self.builtin:
            kernel.unload()
            kernel.notes.append(firewall.why)
        self._load_all(kernel, cause)
        for word in firewall.load_list:
            for pattern in firewall.rereads:
                for entry in self.snapshot.glob(pattern):
                    lines = readers.file_assignments(entry.path, self.snapshot)
                    self._writer.apply(kernel, (line for line in lines if word in line.raw))

    def _run_agents(self, kernel: Kernel, when: str) -> None:
        for agent in self.agents:
            if agent.when == when and kernel.loaded:
                self._run_agent(kernel, agent)

    def _repeat_agents(self, kernel: Kernel) -> None:
        for agent in self.agents:
            if agent.repeats and kernel.loaded:
                self._run_agent(kernel, agent)

    def _run_agent(self, kernel: Kernel, agent: Agent) -> None:
        for write in agent.writes:
            if write.is_due(kernel.values):
                self._writer.assign(kernel, write.key, write.value, write.source)
        if agent.reapplies:
            self._writer.apply_system(kernel, "tuned")
