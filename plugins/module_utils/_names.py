# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a value is called: canonical key, dotted sysctl name, and the word that people use."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import keys, sysctl_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, IP, MAX, NF, Observed

_SIZES = {
    NF: {"net.netfilter.nf_conntrack_max": MAX, "net.nf_conntrack_max": MAX},
    IP: {"net.ipv4.netfilter.ip_conntrack_max": MAX, "net.ipv4.ip_conntrack_max": MAX},
}
_BUCKETS = "net.netfilter.nf_conntrack_buckets"


def buckets_by_sysctl(observed: Observed) -> bool:
    """Whether a sysctl file can set the bucket count: from Linux 4.8 on."""
    return observed.dialect == NF and observed.version >= (4, 8, 0)


_OLD_NAMES = "/proc/sys/net/ipv4/ip_conntrack_max"


def has_old_names(observed: Observed) -> bool:
    """Whether the names of ip_conntrack set the same variables.

    They are an option of 2.6.20 to 4.8, on by default, off at Red Hat. While the module is not loaded nothing shows it,
    and the default is assumed.
    """
    if observed.dialect == IP:
        return False
    assumed = observed.version < (4, 9) and not observed.family
    return observed.snapshot.exists(_OLD_NAMES) if observed.active else assumed


def sysctl_names(observed: Observed) -> dict[str, str]:
    """Every dotted name that this kernel takes in a sysctl file -> its canonical key; the name to use comes first."""
    names = _names_of(observed, observed.dialect)
    if buckets_by_sysctl(observed):
        names[_BUCKETS] = HASHSIZE
    return {**names, **(_names_of(observed, IP) if has_old_names(observed) else {})}


def _names_of(observed: Observed, dialect: str) -> dict[str, str]:
    names = dict(_SIZES[dialect])
    for group in ("timeout", "setting"):
        for key in keys(group):
            name = sysctl_name(key, dialect)
            if name and (not observed.active or f"{group}:{key.name}" in observed.values):
                names[name] = f"{group}:{key.name}"
    return names


def file_names(observed: Observed) -> dict[str, str]:
    """Canonical key -> the one dotted name that our files use.

    It is the long one, which firewalld's hook and the iptables script see, too.
    """
    result: dict[str, str] = {}
    for name, key in sysctl_names(observed).items():
        result.setdefault(key, name)
    # EL3's 2.4 kernel has only the short name; where only that file was seen, use it.
    if observed.paths.get(MAX) == "/proc/sys/net/ipv4/ip_conntrack_max":
        result[MAX] = "net.ipv4.ip_conntrack_max"
    return result


def short_name(key: str) -> str:
    """What people call it: max, hashsize, tcp_established."""
    return key.partition(":")[2] or key
