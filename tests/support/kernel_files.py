# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a running kernel, made from the compact C(kernel) section of a host file."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry
from ansible_collections.stateward.conntrack.tests.support.kernel_model import (
    KernelModel,
    file_entry,
    same_variable,
    show,
)
from ansible_collections.stateward.conntrack.tests.support.kernels import modules_of

BUILTIN = "builtin"


@dataclass(frozen=True)
class Kernel:
    """The C(kernel) section of a host file.

    memory_kb: MemTotal. cpus. cmdline. comm: the name of process 1.
    loaded: C(true) loads all of connection tracking, a list just those modules and what they need, C(builtin) has it in
    the kernel. hashsize: as given at load. max, buckets: as set since. count: entries in the table.
    missing: names of keys that this build lacks. overrides: name of a key -> value. child: in another network
    namespace. compat: old names below net/ipv4 as well. procfs: the listings of CONFIG_NF_CONNTRACK_PROCFS.
    modules: where the module tree is, empty for none. suffix: of module files. flat: they lie in one directory without
    lists. slabinfo: is readable.
    """

    memory_kb: int
    cpus: int = 1
    cmdline: str = "ro quiet"
    loaded: bool | str | Sequence[str] = False
    hashsize: int = 0
    max: int = 0
    buckets: int = 0
    count: int = 0
    missing: Sequence[str] = ()
    overrides: Mapping[str, int] = field(default_factory=dict)
    child: bool = False
    compat: bool = False
    modules: str = "/lib/modules"
    suffix: str = ".ko"
    flat: bool = False
    procfs: bool = True
    slabinfo: bool = True
    comm: str = ""


def kernel_files(kernel: Kernel, model: KernelModel, release: str) -> dict[str, Entry]:
    """Everything below /proc, /sys and /lib/modules that the section describes."""
    files = [*_machine_files(kernel, release), *_module_tree(kernel, model, release)]
    sizes = model.sizes_at_load(kernel.hashsize)
    loaded = loaded_modules(kernel, model)
    if kernel.loaded != BUILTIN:
        files.append(modules_file(loaded))
    for module in loaded:
        files += model.key_files(module, sizes, child=kernel.child, compat=kernel.compat)
        files += model.module_files(module, sizes, builtin=kernel.loaded == BUILTIN)
    if model.generation.dialect in loaded:
        files += _table_files(kernel, model)
    nodes = {entry.path: entry for entry in files}
    _set_values(nodes, kernel)
    return nodes


def loaded_modules(kernel: Kernel, model: KernelModel) -> list[str]:
    """The names of the modules that are in, what they need first."""
    table = modules_of(model.generation)
    if isinstance(kernel.loaded, (bool, str)):
        wanted = [name for name in table if kernel.loaded and not name.endswith(("_ftp", "_nat", "_netlink"))]
    else:
        wanted = list(kernel.loaded)
    return list(dict.fromkeys(name for module in wanted for name in with_needed(model, module)))


def with_needed(model: KernelModel, module: str) -> list[str]:
    """A module after all that it needs. Raises KeyError for a module that this generation does not have."""
    needed = modules_of(model.generation)[module][1]
    return [name for other in needed for name in with_needed(model, other)] + [module]


def modules_file(loaded: Sequence[str]) -> Entry:
    lines = [
        "ext4 745472 1 - Live 0x0000000000000000",
        *(f"{name} 172032 1 - Live 0x0000000000000000" for name in loaded),
    ]
    return file_entry("/proc/modules", "".join(line + "\n" for line in reversed(lines)), 0o444)


def _set_values(nodes: dict[str, Entry], kernel: Kernel) -> None:
    values = {"max": kernel.max, "buckets": kernel.buckets, "count": kernel.count}
    for name, value in [(name, value) for name, value in values.items() if value] + list(kernel.overrides.items()):
        show(nodes, same_variable(nodes, name), value)
    if kernel.buckets:
        show(nodes, [path for path in nodes if path.endswith("/parameters/hashsize")], kernel.buckets)
    for name in kernel.missing:
        for path in same_variable(nodes, name):
            del nodes[path]


def _machine_files(kernel: Kernel, release: str) -> list[Entry]:
    free = kernel.memory_kb // 2
    meminfo = f"MemTotal:       {kernel.memory_kb:8d} kB\nMemFree:        {free:8d} kB\nSwapTotal:             0 kB\n"
    cpus = "".join(f"cpu{number} 4705 150 1120 16250 520 0 30 0\n" for number in range(kernel.cpus))
    files = [
        file_entry("/proc/meminfo", meminfo, 0o444),
        file_entry("/proc/stat", "cpu  4705 150 1120 16250 520 0 30 0\n" + cpus + "intr 1462898 0\nctxt 2345\n", 0o444),
        file_entry("/proc/cmdline", kernel.cmdline + "\n", 0o444),
        file_entry("/proc/sys/kernel/osrelease", release + "\n", 0o444),
        file_entry("/proc/sys/net/ipv4/ip_forward", "0\n", 0o644),
    ]
    if kernel.comm:
        files.append(file_entry("/proc/1/comm", kernel.comm + "\n", 0o644))
    if kernel.loaded != BUILTIN and not kernel.child:
        files.append(file_entry("/proc/sys/kernel/modprobe", "/sbin/modprobe\n", 0o644))
    return files


def _module_tree(kernel: Kernel, model: KernelModel, release: str) -> list[Entry]:
    """Module files with their lists; module-init-tools 3.3 (EL5) wrote whole paths into modules.dep."""
    if not kernel.modules:
        return []
    base = posixpath.join(kernel.modules, release)
    table = modules_of(model.generation)
    folders = {name: "" if kernel.flat else directory for name, (directory, _scope) in table.items()}
    paths = {name: folder + name + kernel.suffix for name, folder in folders.items()}
    builtin = ["kernel/fs/proc/proc.ko"] + [paths[name] for name in paths if kernel.loaded == BUILTIN]
    old = model.generation.dialect == "ip_conntrack"
    lists = [] if old else [file_entry(f"{base}/modules.builtin", "".join(line + "\n" for line in builtin), 0o644)]
    if kernel.flat:
        return lists + [file_entry(f"{base}/{path}", None, 0o644) for path in paths.values()]
    prefix = f"{base}/" if old else ""
    shown = {} if kernel.loaded == BUILTIN else {name: prefix + path for name, path in paths.items()}
    needed = {name: [shown[other] for other in reversed(with_needed(model, name)[:-1])] for name in shown}
    lines = [f"{path}: {' '.join(needed[name])}".rstrip() + "\n" for name, path in shown.items()]
    lists.append(
        file_entry(f"{base}/modules.dep", f"{prefix}kernel/fs/ext4/ext4{kernel.suffix}:\n" + "".join(lines), 0o644)
    )
    return lists + [file_entry(f"{base}/{paths[name]}", None, 0o644) for name in shown]


# ------------------------------------------------------------------------------------------------ the table itself

_COLUMNS: tuple[str, ...] = (
    "entries",
    "searched",
    "found",
    "new",
    "invalid",
    "ignore",
    "delete",
    "delete_list",
    "insert",
)
_COLUMNS += ("insert_failed", "drop", "early_drop", "icmp_error", "expect_new", "expect_create", "expect_delete")
_COLUMNS += ("search_restart",)


def _table_files(kernel: Kernel, model: KernelModel) -> list[Entry]:
    dialect = model.generation.dialect
    files = []
    if kernel.slabinfo:
        name, size = model.generation.slab
        head = "slabinfo - version: 2.1\n# name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n"
        line = f"{name:<17} {kernel.count:6d} {kernel.count + 4:6d} {size:6d}   12    1 : tunables    0    0    0\n"
        files.append(file_entry("/proc/slabinfo", head + line, 0o400))
    if kernel.procfs:
        flows = "".join(_flow(dialect, number) for number in range(kernel.count))
        files.append(file_entry(f"/proc/net/{dialect}", flows, 0o440))
        files.append(file_entry(f"/proc/net/stat/{dialect}", _statistics(kernel, model), 0o444))
    return files


def _flow(dialect: str, number: int) -> str:
    here, there = f"192.0.2.{number % 250 + 1}", "198.51.100.5"
    ports, reply_ports = f"sport={40000 + number} dport=443", f"sport=443 dport={40000 + number}"
    family = "" if dialect == "ip_conntrack" else "ipv4     2 "
    rest = f"[ASSURED] mark=0 {'secmark=0 use=1' if not family else 'zone=0 use=2'}"
    original, reply = f"src={here} dst={there} {ports}", f"src={there} dst={here} {reply_ports}"
    return f"{family}tcp      6 431990 ESTABLISHED {original} {reply} {rest}\n"


def _statistics(kernel: Kernel, model: KernelModel) -> str:
    """Hexadecimal, one line per CPU, the number of entries repeated on each."""
    names = [model.generation.columns.get(name, name) for name in _COLUMNS]
    names = [name for name in names if name]
    line = " ".join([f"{kernel.count:08x}"] + ["00000000"] * (len(names) - 1)) + "\n"
    return " ".join(names) + "\n" + line * kernel.cpus
