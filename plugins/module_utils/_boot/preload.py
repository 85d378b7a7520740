# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules a boot loads by name, and whether conntrack is among them, itself or as a dependency."""

from __future__ import annotations

import posixpath
from typing import Callable, Iterable, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import modules_to_load
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modules import (
    ModuleLine,
    parse_module_list,
    parse_modules,
    parse_modules_script,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import module_names
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import read_variable
from ansible_collections.stateward.conntrack.plugins.module_utils._platform_table import BootRow

IPV4, IPV6 = "nf_conntrack_ipv4", "nf_conntrack_ipv6"

# Names by which modprobe finds a module as well (modinfo): up to 4.18 the old name is that of the IPv4 module.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "nf_conntrack": ("ip_conntrack", "nf_conntrack_2", "nf_conntrack_10"),
    IPV4: ("ip_conntrack", "nf_conntrack_2"),
    IPV6: ("nf_conntrack_10",),
}

_DIRECTORIES = (
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
)


def tracking_modules(modules_dep: str, module: str, version: Version) -> tuple[str, ...]:
    """conntrack itself and, up to 4.18, one module per address family: without it nothing is tracked, and the keys of
    the protocols are missing. By what is installed: EL8's 4.18 has none."""
    installed = module_names(modules_dep) if version < (4, 19) else frozenset()
    return (module, *(name for name in (IPV4, IPV6) if name in installed and module == "nf_conntrack"))


def _from_directories(snapshot: Snapshot) -> Iterator[ModuleLine]:
    chosen: dict[str, Entry] = {}
    for directory in _DIRECTORIES:
        for entry in snapshot.glob(directory + "/*.conf"):
            chosen.setdefault(posixpath.basename(entry.path), entry)
    for name in sorted(chosen):
        yield from _lines(chosen[name])


def _lines(entry: Entry | None) -> Iterator[ModuleLine]:
    return iter(parse_modules(entry.text, entry.real or entry.path) if entry and entry.text else ())


def _whole_lines(snapshot: Snapshot) -> Iterator[ModuleLine]:
    """systemd takes the whole line as a name: one with arguments names no module."""
    return (line for line in _from_directories(snapshot) if not line.args)


def _from_scripts(snapshot: Snapshot) -> Iterator[ModuleLine]:
    """Red Hat: executable *.modules, and rc.modules; each calls modprobe itself."""
    for entry in (*snapshot.glob("/etc/sysconfig/modules/*.modules"), *snapshot.glob("/etc/rc.modules")):
        if entry.mode & 0o111:
            yield from parse_modules_script(entry.text or "", entry.path)


def _variable(path: str, name: str) -> Callable[[Snapshot], Iterator[ModuleLine]]:
    def find(snapshot: Snapshot) -> Iterator[ModuleLine]:
        variable = read_variable(snapshot.text(path) or "", name)
        if variable:
            for module in parse_module_list(variable.value):
                yield ModuleLine(module, (), path, variable.line)

    return find


def _from_arguments(snapshot: Snapshot) -> Iterator[ModuleLine]:
    for entry in snapshot.glob("/etc/modules.d/*"):
        yield from _lines(entry)


def _from_cmdline(snapshot: Snapshot) -> Iterator[ModuleLine]:
    for name in modules_to_load(snapshot.text("/proc/cmdline") or ""):
        yield ModuleLine(name, (), "kernel command line", 0)


_SOURCES: Mapping[str, Callable[[Snapshot], Iterator[ModuleLine]]] = {
    "systemd": _whole_lines,
    "modules-load.d": _from_directories,
    "/etc/modules": lambda snapshot: _lines(snapshot.get("/etc/modules")),
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


def preloaded(
    row: BootRow, snapshot: Snapshot, module: str, modules_dep: str, blacklist: Iterable[str] = ()
) -> ModuleLine | None:
    """The line that makes the boot load the module; None when there is none.

    blacklist: names that systemd-modules-load skips; what needs a blacklisted module loads it all the same.
    """
    names = {*dependents(modules_dep, module), *_ALIASES.get(module, ())}
    skipped = frozenset(blacklist) if "systemd" in row.loading.sources else frozenset()
    lines = (line for source in row.loading.sources for line in _SOURCES[source](snapshot))
    return next((line for line in lines if line.name in names and line.name not in skipped), None)


def where(line: ModuleLine | None) -> str:
    """C(file:line) of a line, empty without one."""
    if line is None:
        return ""
    return f"{line.source}:{line.line}" if line.line else line.source
