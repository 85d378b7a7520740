# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules a boot loads by name, and whether conntrack is among them, itself or as a dependency."""

from __future__ import annotations

import posixpath
from typing import Callable, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import modules_to_load
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modules import (
    parse_module_list,
    parse_modules,
    parse_modules_script,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import read_variable
from ansible_collections.stateward.conntrack.plugins.module_utils._platform_table import BootRow

Loaded = Iterator["tuple[str, str]"]

_DIRECTORIES = (
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
)


def _from_directories(snapshot: Snapshot) -> Loaded:
    seen: set[str] = set()
    for directory in _DIRECTORIES:
        for entry in snapshot.glob(directory + "/*.conf"):
            name = posixpath.basename(entry.path)
            if name not in seen:
                seen.add(name)
                yield from _lines(snapshot, entry.path)


def _lines(snapshot: Snapshot, path: str) -> Loaded:
    entry = snapshot.get(path)
    if entry is not None and entry.text:
        for line in parse_modules(entry.text, entry.real or path):
            yield line.name, f"{line.source}:{line.line}"


def _whole_lines(snapshot: Snapshot) -> Loaded:
    """systemd takes the whole line as a name: one with arguments names no module."""
    for name, where in _from_directories(snapshot):
        path, _colon, number = where.rpartition(":")
        lines = (snapshot.text(path) or "").splitlines()
        if len(lines[int(number) - 1].split()) == 1:
            yield name, where


def _from_scripts(snapshot: Snapshot) -> Loaded:
    """Red Hat: executable *.modules, and rc.modules; each calls modprobe itself."""
    for entry in (*snapshot.glob("/etc/sysconfig/modules/*.modules"), *snapshot.glob("/etc/rc.modules")):
        if entry.mode & 0o111 or entry.path == "/etc/rc.modules":
            for line in parse_modules_script(entry.text or "", entry.path):
                yield line.name, f"{line.source}:{line.line}"


def _variable(path: str, name: str) -> Callable[[Snapshot], Loaded]:
    def find(snapshot: Snapshot) -> Loaded:
        variable = read_variable(snapshot.text(path) or "", name)
        for module in parse_module_list(variable.value) if variable else ():
            yield module, f"{path}:{variable.line if variable else 0}"

    return find


def _from_arguments(snapshot: Snapshot) -> Loaded:
    for entry in snapshot.glob("/etc/modules.d/*"):
        yield from _lines(snapshot, entry.path)


def _from_cmdline(snapshot: Snapshot) -> Loaded:
    for name in modules_to_load(snapshot.text("/proc/cmdline") or ""):
        yield name, "kernel command line"


_SOURCES: Mapping[str, Callable[[Snapshot], Loaded]] = {
    "systemd": _whole_lines,
    "modules-load.d": _from_directories,
    "/etc/modules": lambda snapshot: _lines(snapshot, "/etc/modules"),
    "scripts": _from_scripts,
    "suse": _variable("/etc/sysconfig/kernel", "MODULES_LOADED_ON_BOOT"),
    "openrc": _variable("/etc/conf.d/modules", "modules"),
    "/etc/modules.d": _from_arguments,
    "cmdline": _from_cmdline,
}


def dependents(modules_dep: str, module: str) -> frozenset[str]:
    """The modules that cannot be loaded without this one, itself included, by the lines of modules.dep."""
    names = {module}
    for line in modules_dep.splitlines():
        head, _colon, needs = line.partition(":")
        if module in {_module_name(path) for path in needs.split()}:
            names.add(_module_name(head))
    return frozenset(names)


def _module_name(path: str) -> str:
    return posixpath.basename(path.strip()).split(".", 1)[0].replace("-", "_")


def preloaded(row: BootRow, snapshot: Snapshot, module: str, modules_dep: str) -> str:
    """Where the boot is told to load the module (C(file:line)); empty when nowhere."""
    names = dependents(modules_dep, module)
    for source in row.loading.sources:
        for name, where in _SOURCES[source](snapshot):
            if name.replace("-", "_") in names:
                return where
    return ""
