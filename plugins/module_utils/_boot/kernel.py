# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel as a simulation sees it: which conntrack modules it has, their values, and who set them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.preload import IPV4, IPV6
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import default_value, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import (
    TableSize,
    loaded_size,
    round_buckets,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Observed

# Keys that nf_conntrack itself brings where the address families are modules of their own (2.6.20 to 4.18,
# net/netfilter/nf_conntrack_standalone.c, _acct.c, _expect.c, _ecache.c, _timestamp.c, _helper.c, _proto_generic.c);
# all others come with nf_conntrack_ipv4, that of ICMPv6 with nf_conntrack_ipv6.
_CORE = frozenset(
    {
        "max",
        "hashsize",
        "timeout:generic",
        "setting:checksum",
        "setting:log_invalid",
        "setting:acct",
        "setting:expect_max",
        "setting:events",
        "setting:events_retry_timeout",
        "setting:timestamp",
        "setting:helper",
    }
)
_FAMILY = {"timeout:icmpv6": IPV6}


def owner(key: str, modules: tuple[str, ...]) -> str:
    """The module with which a key appears; modules: conntrack itself and its families."""
    family = _FAMILY.get(key, IPV4)
    return family if key not in _CORE and family in modules else modules[0]


@dataclass
class Kernel:
    """loaded: there is conntrack; modules: which of its modules; values and sources: by canonical key; notes: what went
    wrong on the way, in order."""

    loaded: bool = False
    values: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    loaded_by: str = ""

    def load(self, *modules: str) -> None:
        self.loaded = True
        self.modules.update(modules)

    def set(self, key: str, value: int, source: str) -> None:
        self.values[key], self.sources[key] = value, source

    def unload(self) -> None:
        """Take all modules out; every value goes with them."""
        self.loaded = False
        self.modules.clear()
        self.values.clear()
        self.sources.clear()


def running_kernel(values: Mapping[str, int], modules: Iterable[str]) -> Kernel:
    """A kernel that has these values now; without any, its modules are not loaded."""
    sources = dict.fromkeys(values, "the running kernel")
    present = set(modules) if values else set()
    return Kernel(loaded=bool(values), values=dict(values), sources=sources, modules=present)


# -------------------------------------------------------------------------------------------------- initialization


def module_defaults(observed: Observed, names: Iterable[str], module: str, modules: tuple[str, ...]) -> dict[str, int]:
    """What the module's own initialization leaves, sizes excepted.

    names: the canonical keys that this kernel has. Those whose default is computed or not known are left out.
    """
    found = {}
    for key in sorted(name for name in set(names) if ":" in name and owner(name, modules) == module):
        group, _colon, name = key.partition(":")
        default = default_value(find_key(group, name), version=observed.version, family=observed.family)
        if default is not None:
            found[key] = default
    return found


def initial_size(observed: Observed, hashsize: int | None) -> TableSize:
    """Sizes from the module option or, without one, from the memory."""
    return loaded_size(
        hashsize,
        memory_bytes=observed.memory_bytes,
        pointer_bits=observed.pointer_bits,
        page_size=observed.page_size,
        version=observed.version,
        family=observed.family,
    )


def rounded(observed: Observed, buckets: int) -> int:
    """What this kernel makes of a bucket count."""
    return round_buckets(
        buckets, pointer_bits=observed.pointer_bits, page_size=observed.page_size, version=observed.version
    )
