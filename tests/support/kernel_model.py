# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel's connection tracking: which files appear with which module, its sizes, and what a write to a key does."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, replace
from typing import Mapping, MutableMapping

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.tests.support.kernels import Generation, find_generation

PROC = "/proc/sys/net/"
NEW_ALIAS, OLD_ALIAS = PROC + "nf_conntrack_max", PROC + "ipv4/ip_conntrack_max"
NEW_PREFIX, OLD_PREFIX = PROC + "netfilter/nf_conntrack_", PROC + "ipv4/netfilter/ip_conntrack_"

_64_BIT = {"x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "riscv64", "mips64", "loongarch64"}
_INT_MAX = 2147483647
_SMALLEST_TICK_LIMIT = (
    _INT_MAX // 1000
)  # seconds that fit in 32 bits of ticks at HZ=1000, the fastest tick of any distribution
_HASHSIZE = re.compile(r"^/sys/module/(ip_conntrack|nf_conntrack|nf_conntrack_ipv4)/parameters/hashsize$")
_KEY = re.compile(r"^/proc/sys/net/(?:ipv4/(?:netfilter/)?ip|(?:netfilter/)?nf)_conntrack_([a-z0-9_]+)$")
# Names that nf_conntrack brings where the families are modules of their own; nf_conntrack_ipv4 brings the others.
_CORE = {
    "max",
    "count",
    "buckets",
    "checksum",
    "log_invalid",
    "acct",
    "expect_max",
    "events",
    "events_retry_timeout",
    "timestamp",
}
_CORE |= {"helper", "generic_timeout"}
# Names without a second file below net/ipv4 where the old names are kept for compatibility (2.6.20 to 4.8).
_NO_COMPAT = (
    "icmpv6_",
    "acct",
    "events",
    "expect_max",
    "timestamp",
    "helper",
    "frag6_",
    "dccp_",
    "tcp_timeout_unacknowledged",
)


@dataclass(frozen=True)
class Sizes:
    """What the kernel settles on at load. hashsize: as /sys says, which may differ from the buckets sysctl."""

    buckets: int
    hashsize: int
    maximum: int


def file_entry(path: str, text: str | None, mode: int) -> Entry:
    return Entry(path, "file", mode=mode, text=text, writable=bool(mode & 0o222))


@dataclass(frozen=True)
class KernelModel:
    """One kernel on one machine. divisor: the share of memory that the buckets may take by default (OpenWrt: 2048)."""

    generation: Generation
    page_size: int
    pointer_bytes: int
    memory_bytes: int
    divisor: int = 16384

    @classmethod
    def of(cls, snapshot: Snapshot) -> KernelModel:
        """The kernel of the host that a snapshot shows."""
        memory = re.search(r"^MemTotal:\s+(\d+) kB", snapshot.text("/proc/meminfo") or "", re.MULTILINE)
        return cls(
            generation=find_generation(snapshot.facts["release"]),
            page_size=int(snapshot.facts["page_size"] or 4096),
            pointer_bytes=8 if snapshot.facts["machine"] in _64_BIT else 4,
            memory_bytes=int(memory.group(1)) * 1024 if memory else 0,
            divisor=2048 if snapshot.exists("/etc/openwrt_release") else 16384,
        )

    # -------------------------------------------------------------------------------------------- sizes

    def round_buckets(self, wanted: int) -> int:
        """Up to a whole page of bucket heads (2.6.24 and later)."""
        per_page = self.page_size // self.pointer_bytes if self.generation.page_rounding else 1
        return -(-wanted // per_page) * per_page

    def default_request(self) -> int:
        """The number of buckets that the kernel asks for by itself, before rounding."""
        for more_than, buckets in self.generation.steps:
            # the step above 4 GiB with 262144 buckets exists on 64-bit machines only
            if self.memory_bytes > more_than and (buckets < 262144 or self.pointer_bytes == 8):
                return buckets
        by_memory = self.memory_bytes // self.divisor // (self.generation.heads * self.pointer_bytes)
        return max(by_memory, self.generation.minimum)

    def sizes_at_load(self, hashsize: int = 0) -> Sizes:
        """What a load settles on; a hashsize that is given makes max eight times as large, 0 counts as not given."""
        request = hashsize or self.default_request()
        rounded = self.round_buckets(request)
        unrounded = self.generation.max_from_request
        factor = 8 if hashsize else self.generation.factor
        return Sizes(rounded, request if unrounded else rounded, factor * (request if unrounded else rounded))

    # -------------------------------------------------------------------------------------------- files

    def owner(self, name: str) -> str:
        """The module with which a key appears."""
        if name.startswith("frag6_"):
            return "nf_defrag_ipv6"
        if not self.generation.families or name in _CORE:
            return self.generation.dialect
        return "nf_conntrack_ipv6" if name.startswith("icmpv6_") else "nf_conntrack_ipv4"

    def key_files(self, module: str, sizes: Sizes, *, child: bool = False, compat: bool = False) -> list[Entry]:
        """The files below /proc/sys that come with a module. child: in a namespace other than the initial one."""
        old = self.generation.dialect == "ip_conntrack"
        files = []
        for name, default in self.generation.keys.items():
            if self.owner(name) != module:
                continue
            text, mode = self._text(name, sizes) or default, self._mode(name, child=child)
            prefixes = [OLD_PREFIX] if old else [NEW_PREFIX]
            if compat and not name.startswith(_NO_COMPAT):
                prefixes.append(OLD_PREFIX)
            files += [file_entry(prefix + name, text + "\n", mode) for prefix in prefixes]
        if module == self.generation.dialect and not child:
            aliases = ([OLD_ALIAS] if old or compat else []) + ([] if old else [NEW_ALIAS])
            files += [file_entry(path, f"{sizes.maximum}\n", 0o644) for path in aliases]
        return files

    def _text(self, name: str, sizes: Sizes) -> str:
        expected = 4 * max(1, sizes.buckets // 256)
        known = {"max": sizes.maximum, "buckets": sizes.buckets, "expect_max": expected, "count": 0}
        return str(known[name]) if name in known else ""

    def _mode(self, name: str, *, child: bool) -> int:
        if name == "count":
            return 0o444
        if name == "buckets":
            return 0o444 if child else self.generation.buckets_mode
        if name in ("max", "expect_max") and child:
            return self.generation.child_max_mode
        return 0o644

    def module_files(self, module: str, sizes: Sizes, *, builtin: bool = False) -> list[Entry]:
        """The files below /sys/module that come with a module."""
        base = f"/sys/module/{module}"
        files = [] if builtin else [file_entry(f"{base}/initstate", "live\n", 0o444)]
        if module == self.generation.dialect or module == "nf_conntrack_ipv4":
            files.append(file_entry(f"{base}/parameters/hashsize", f"{sizes.hashsize}\n", 0o600))
        if module == "nf_conntrack":
            files.append(file_entry(f"{base}/parameters/expect_hashsize", f"{max(1, sizes.buckets // 256)}\n", 0o400))
            files.append(file_entry(f"{base}/parameters/acct", "N\n", 0o644))
        return files

    # -------------------------------------------------------------------------------------------- writing

    def write(self, nodes: MutableMapping[str, Entry], path: str, text: str) -> None:
        """Write a key; every file that shows the same variable follows. Raises OSError as the kernel would."""
        entry = nodes.get(path)
        if entry is None:
            raise OSError(errno.ENOENT, "no such key")
        if not entry.writable:
            raise OSError(errno.EROFS if entry.mode & 0o222 else errno.EACCES, "not writable")
        if _HASHSIZE.match(path):
            self._write_buckets(nodes, text, through_sys=True)
            return
        key = _KEY.match(path)
        if key is None:
            nodes[path] = replace(entry, text=text.rstrip("\n") + "\n")
        elif key.group(1) == "buckets":
            self._write_buckets(nodes, text, through_sys=False)
        else:
            show(nodes, same_variable(nodes, key.group(1)), self._checked(key.group(1), text))

    def _write_buckets(self, nodes: MutableMapping[str, Entry], text: str, *, through_sys: bool) -> None:
        if through_sys and self.generation.dialect == "nf_conntrack" and NEW_ALIAS not in nodes:
            raise OSError(errno.EOPNOTSUPP, "not in the initial network namespace")
        wanted = _number(text)
        if wanted <= 0:
            raise OSError(errno.EINVAL, "buckets must be positive")
        rounded = self.round_buckets(wanted)
        if rounded * self.generation.heads * self.pointer_bytes > _INT_MAX:
            raise OSError(errno.ENOMEM, "the table is too large")
        show(nodes, [path for path in nodes if _HASHSIZE.match(path)], rounded)
        if not (through_sys and self.generation.stale_sysctl):
            show(nodes, same_variable(nodes, "buckets"), rounded)

    def _checked(self, name: str, text: str) -> int:
        value = _number(text)
        highest = self.generation.ranges.get(name, _INT_MAX)
        if "timeout" in name and value > _SMALLEST_TICK_LIMIT:
            if not self.generation.timeouts_wrap:
                raise OSError(errno.EINVAL, "more ticks than fit in 32 bits")
            return (value * 1000 % (1 << 32)) // 1000
        if not (self.generation.minimum_max if name == "max" else 0) <= value <= highest:
            raise OSError(errno.EINVAL, "out of range")
        return value


def _number(text: str) -> int:
    if not re.match(r"^-?(0|[1-9][0-9]*)\n?$", text):
        raise OSError(errno.EINVAL, "not a plain decimal number")
    return int(text)


def same_variable(nodes: Mapping[str, Entry], name: str) -> list[str]:
    """The files below /proc/sys that show the variable of this name."""
    return [path for path in nodes for key in [_KEY.match(path)] if key and key.group(1) == name]


def show(nodes: MutableMapping[str, Entry], paths: list[str], value: int) -> None:
    """Let the files show a value."""
    for path in paths:
        nodes[path] = replace(nodes[path], text=f"{value}\n")
