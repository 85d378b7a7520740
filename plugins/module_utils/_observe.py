# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From raw texts to facts: what a host is, which conntrack keys it has, what they say, whether they can be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._features import distribution_name, init_name
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import Key, keys, proc_path
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import EntryCost, entry_cost
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import (
    Version,
    kernel_family,
    kernel_version,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import (
    cpu_count,
    int_value,
    loaded_modules,
    memory_bytes,
    module_names,
    slab_object_bytes,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._platform import Platform, find_platform

NF, IP = "nf_conntrack", "ip_conntrack"
MAX, HASHSIZE, COUNT = "max", "hashsize", "count"
BUILTIN, LOADED, ABSENT = "builtin", "loaded", "absent"

_SYSCTL_PATHS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    NF: {
        MAX: ("/proc/sys/net/netfilter/nf_conntrack_max",),
        HASHSIZE: ("/proc/sys/net/netfilter/nf_conntrack_buckets",),
        COUNT: ("/proc/sys/net/netfilter/nf_conntrack_count",),
    },
    # 2.6 has both spellings of max, 2.4 of EL3 only the short one.
    IP: {
        MAX: ("/proc/sys/net/ipv4/netfilter/ip_conntrack_max", "/proc/sys/net/ipv4/ip_conntrack_max"),
        HASHSIZE: ("/proc/sys/net/ipv4/netfilter/ip_conntrack_buckets",),
        COUNT: ("/proc/sys/net/ipv4/netfilter/ip_conntrack_count",),
    },
}
# The alias exists in the initial network namespace only, on every kernel that has namespaces.
INIT_NETNS_PROBE = "/proc/sys/net/nf_conntrack_max"


@dataclass(frozen=True)
class Block:
    """Why a key cannot be written.

    elsewhere: it is another system's to set (the host of this container), so nothing is persisted either.
    """

    reason: str
    elsewhere: bool


@dataclass(frozen=True)
class Observed:
    """A host, understood.

    values: what the kernel says, by canonical key (C(max), C(hashsize), C(timeout:udp), C(setting:acct)); empty while
    the module is not loaded. paths: the file to write for each key that exists. blocked: why a key cannot be written,
    by key. count: entries in this network namespace, None when unknown. netns: C(init) or C(other). module:
    C(builtin), C(loaded) or C(absent). installed: whether an absent module could be loaded.
    """

    snapshot: Snapshot
    release: str
    version: Version
    family: str
    dialect: str
    module: str
    installed: bool
    init: str
    distribution: str
    memory_bytes: int
    page_size: int
    pointer_bits: int
    cpus: int
    netns: str
    container: bool
    is_root: bool
    values: Mapping[str, int]
    paths: Mapping[str, str]
    blocked: Mapping[str, Block]
    count: int | None
    entry: EntryCost
    platform: Platform

    @property
    def active(self) -> bool:
        """Whether the kernel tracks, or could: the keys exist."""
        return bool(self.values)


def _pointer_bits(machine: str) -> int:
    """Of the kernel, by the machine name that uname gives."""
    wide = ("64", "s390x", "alpha", "sparc64", "loongarch")
    return 64 if any(word in machine for word in wide) else 32


def _page_size(snapshot: Snapshot) -> int:
    """In bytes; no Linux has a smaller one than 4096."""
    return max(4096, int_value(snapshot.facts.get("page_size")) or 0)


def _dialect(snapshot: Snapshot, version: Version) -> str:
    if snapshot.exists(INIT_NETNS_PROBE) or any(snapshot.glob("/proc/sys/net/netfilter/nf_conntrack_*")):
        return NF
    if snapshot.exists("/proc/sys/net/ipv4/ip_conntrack_max"):
        return IP
    return NF if version >= (2, 6, 20) else IP  # 2.6.20: nf_conntrack with NAT replaced it


def _readable(snapshot: Snapshot, paths: tuple[str, ...]) -> tuple[str, int] | None:
    for path in paths:
        number = int_value(snapshot.text(path))
        if number is not None:
            return path, number
    return None


def _hashsize_paths(snapshot: Snapshot, dialect: str) -> tuple[tuple[str, ...], str]:
    """Where the bucket count is read, best first, and where it is written.

    The sysctl is writable from 4.8 on, and there /sys tells the truth (up to 5.4 the sysctl may show an older number
    after a write through /sys). Before, /sys is the only way to write, and shows the unrounded request until the first
    write.
    """
    sysctl = _SYSCTL_PATHS[dialect][HASHSIZE][0]
    parameter = f"/sys/module/{dialect}/parameters/hashsize"
    entry = snapshot.get(sysctl)
    if entry is not None and entry.mode & 0o200:
        return (parameter, sysctl), sysctl
    return (sysctl, parameter), parameter if snapshot.exists(parameter) else sysctl


def _read_values(snapshot: Snapshot, dialect: str) -> tuple[dict[str, int], dict[str, str]]:
    values: dict[str, int] = {}
    paths: dict[str, str] = {}
    reading, writing = _hashsize_paths(snapshot, dialect)
    sources = {MAX: _SYSCTL_PATHS[dialect][MAX], HASHSIZE: reading}
    sources.update({f"{key.group}:{key.name}": (path,) for key, path in _key_paths(dialect)})
    for name, candidates in sources.items():
        found = _readable(snapshot, candidates)
        if found:
            paths[name], values[name] = found
    if HASHSIZE in paths:
        paths[HASHSIZE] = writing
    return (values, paths) if values.keys() - _DEFRAGMENTATION else ({}, {})


# The keys of nf_defrag_ipv6, a module of its own: without conntrack's they say nothing of it.
_DEFRAGMENTATION = {
    f"{key.group}:{key.name}" for group in ("timeout", "setting") for key in keys(group) if key.tracker == "frag6"
}


def _key_paths(dialect: str) -> list[tuple[Key, str]]:
    pairs = ((key, proc_path(key, dialect)) for group in ("timeout", "setting") for key in keys(group))
    return [(key, path) for key, path in pairs if path]


def _blocked(snapshot: Snapshot, paths: Mapping[str, str], netns: str) -> dict[str, Block]:
    """The keys that exist and that root cannot write, and why."""
    # An old kernel hides them all from a namespace that a user namespace owns: the sizes are out of reach all the same.
    wanted = {**(dict.fromkeys((MAX, HASHSIZE), "") if netns == "other" else {}), **paths}
    found = {name: _find_block(name, snapshot.get(path), netns) for name, path in wanted.items()}
    return {name: block for name, block in found.items() if block}


_HOST_WIDE = (MAX, HASHSIZE, "setting:expect_max")


def _find_block(name: str, entry: Entry | None, netns: str) -> Block | None:
    if netns == "other" and name in _HOST_WIDE:
        return Block(
            "not the initial network namespace: the table belongs to the host, size it there; "
            "here only timeouts can be set",
            elsewhere=True,
        )
    if entry is not None and entry.writable:
        return None
    if entry is not None and entry.mode & 0o200:
        return Block("/proc/sys is mounted read-only here (a container?): set it on the host", elsewhere=True)
    return Block("this kernel has it read-only", elsewhere=False)


def _module_state(snapshot: Snapshot, dialect: str, active: bool) -> str:
    if dialect in loaded_modules(snapshot.text("/proc/modules") or ""):
        return LOADED
    if active:
        return BUILTIN
    return ABSENT


def _installed(snapshot: Snapshot, release: str, dialect: str) -> bool:
    names = module_names(snapshot.text(f"/lib/modules/{release}/modules.dep") or "")
    # OpenWrt keeps its modules in one directory, without an index.
    return dialect in names or snapshot.exists(f"/lib/modules/{release}/{dialect}.ko")


def _is_container(snapshot: Snapshot, netns: str, blocked: Mapping[str, Block]) -> bool:
    """Decided by what the kernel lets us do: marks such as C(/.dockerenv) are found on micro-VMs, too."""
    if netns == "other" or any(block.elsewhere for block in blocked.values()):
        return True
    return snapshot.exists("/proc/vz") and not snapshot.exists("/proc/bc")  # OpenVZ: its host has both


def _netns(snapshot: Snapshot, dialect: str, values: Mapping[str, int]) -> str:
    """Code at work without the alias is that of the host. 3.16 to 5.4 may hide every key of such a namespace."""
    at_work = bool(values) or dialect in loaded_modules(snapshot.text("/proc/modules") or "")
    return "other" if at_work and dialect == NF and not snapshot.exists(INIT_NETNS_PROBE) else "init"


def observe(snapshot: Snapshot) -> Observed:
    """Understand the raw texts of a host."""
    release = snapshot.facts.get("release", "")
    version, family = kernel_version(release), kernel_family(release)
    dialect = _dialect(snapshot, version)
    values, paths = _read_values(snapshot, dialect)
    netns = _netns(snapshot, dialect, values)
    blocked = _blocked(snapshot, paths, netns)
    bits = _pointer_bits(snapshot.facts.get("machine", ""))
    slab = slab_object_bytes(snapshot.text("/proc/slabinfo") or "")
    count = _readable(snapshot, _SYSCTL_PATHS[dialect][COUNT])
    return Observed(
        snapshot=snapshot,
        release=release,
        version=version,
        family=family,
        dialect=dialect,
        module=_module_state(snapshot, dialect, bool(values)),
        installed=_installed(snapshot, release, dialect),
        init=init_name(snapshot),
        distribution=distribution_name(snapshot),
        memory_bytes=memory_bytes(snapshot.text("/proc/meminfo") or "") or 0,
        page_size=_page_size(snapshot),
        pointer_bits=bits,
        cpus=cpu_count(snapshot.text("/proc/stat") or ""),
        netns=netns,
        container=_is_container(snapshot, netns, blocked),
        is_root=snapshot.facts.get("euid", "0") == "0",
        values=values,
        paths=paths,
        blocked=blocked,
        count=count[1] if count else None,
        entry=entry_cost(slab, version=version, family=family, pointer_bits=bits),
        platform=find_platform(snapshot),
    )
