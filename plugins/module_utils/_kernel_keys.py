# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sysctl keys of connection tracking: by name, with the default, path and spelling of a given kernel.

C(dialect) is C(nf_conntrack) or C(ip_conntrack), C(version) what kernel_version() returns, C(family) what
kernel_family() returns.
"""

from __future__ import annotations

import difflib
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_key import (
    IP,
    LONGEST_SECONDS,
    NF,
    SETTING,
    TIMEOUT,
    Key,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_key_table import SETTINGS, TIMEOUTS
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import (
    Version,
    build_number,
    is_after,
    kernel_family,
    kernel_version,
    show_version,
)

__all__ = [
    "BUCKETS_PATHS",
    "COUNT_PATHS",
    "HASHSIZE_PATHS",
    "IP",
    "LONGEST_SECONDS",
    "MAX_PATHS",
    "NF",
    "SETTING",
    "TIMEOUT",
    "Key",
    "Version",
    "canonical_key",
    "default_value",
    "find_key",
    "kernel_family",
    "kernel_version",
    "keys",
    "missing_reason",
    "proc_path",
    "sysctl_name",
]

_GROUPS: Mapping[str, tuple[Key, ...]] = {TIMEOUT: TIMEOUTS, SETTING: SETTINGS}
_BY_NAME: Mapping[str, Mapping[str, Key]] = {
    group: {key.name: key for key in members} for group, members in _GROUPS.items()
}
_OPTION = {TIMEOUT: "timeouts", SETTING: "settings"}
_OTHER = {TIMEOUT: SETTING, SETTING: TIMEOUT}

_PREFIXES = {NF: "net.netfilter.nf_conntrack_", IP: "net.ipv4.netfilter.ip_conntrack_"}

# The first path is the one to use; the others are further names of the same variable. The alias of nf_conntrack exists
# in the initial network namespace only. EL3 has /proc/sys/net/ipv4/ip_conntrack_max and nothing else.
MAX_PATHS: Mapping[str, tuple[str, ...]] = {
    NF: ("/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/nf_conntrack_max"),
    IP: ("/proc/sys/net/ipv4/ip_conntrack_max", "/proc/sys/net/ipv4/netfilter/ip_conntrack_max"),
}
# Not writable before 4.8.
BUCKETS_PATHS: Mapping[str, tuple[str, ...]] = {
    NF: ("/proc/sys/net/netfilter/nf_conntrack_buckets",),
    IP: ("/proc/sys/net/ipv4/netfilter/ip_conntrack_buckets",),
}
# Not in EL3.
COUNT_PATHS: Mapping[str, tuple[str, ...]] = {
    NF: ("/proc/sys/net/netfilter/nf_conntrack_count",),
    IP: ("/proc/sys/net/ipv4/netfilter/ip_conntrack_count",),
}
# Writable since 2.6.14.
HASHSIZE_PATHS: Mapping[str, tuple[str, ...]] = {
    NF: ("/sys/module/nf_conntrack/parameters/hashsize",),
    IP: ("/sys/module/ip_conntrack/parameters/hashsize",),
}


def keys(group: str) -> tuple[Key, ...]:
    """All keys of C(timeout) or C(setting), in the order in which they are shown."""
    return _GROUPS[group]


def find_key(group: str, name: str) -> Key:
    """The key that an option calls name.

    Raises OptionError, naming the nearest known name, or the option where the name belongs.
    """
    key = _BY_NAME[group].get(name)
    if key is None:
        raise OptionError(_unknown(group, name))
    return key


def _unknown(group: str, name: str) -> str:
    short = _short(name)
    if short in _BY_NAME[_OTHER[group]] and short not in _BY_NAME[group]:
        return f"{name} is not one of {_OPTION[group]}: {short} belongs to {_OPTION[_OTHER[group]]}."
    near = difflib.get_close_matches(short, list(_BY_NAME[group]), n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(_BY_NAME[group])}."
    return f"There is no {name} in {_OPTION[group]}. {hint}"


def _short(name: str) -> str:
    """The name that was meant when somebody gave the kernel's own: tcp_close for nf_conntrack_tcp_timeout_close."""
    known = canonical_key(name) or canonical_key(_PREFIXES[NF] + name) or canonical_key(f"net.netfilter.{name}")
    return known.split(":")[-1] if known else name.lower()


def sysctl_name(key: Key, dialect: str) -> str | None:
    """The dotted name, such as net.netfilter.nf_conntrack_udp_timeout; None where the dialect has no such key."""
    suffix = key.nf if dialect == NF else key.ip
    return None if suffix is None else _PREFIXES[dialect] + suffix


def proc_path(key: Key, dialect: str) -> str | None:
    """The file below /proc/sys; None where the dialect has no such key."""
    name = sysctl_name(key, dialect)
    return None if name is None else "/proc/sys/" + name.replace(".", "/")


def _value_here(key: Key, version: Version, family: str) -> tuple[bool, int | None]:
    """Whether that kernel has the key, and its default if one is known.

    What a distribution ported back wins over the version.
    """
    build = build_number(version)
    ported = [value for name, first, value in key.backports if name == family and build >= first]
    if ported:
        return ported[-1] is not None, ported[-1]
    if version < key.first or (key.last is not None and is_after(version, key.last)):
        return False, None
    timeline = [value for since, value in key.defaults if version >= since]
    return not timeline or timeline[-1] is not None, timeline[-1] if timeline else None


def default_value(key: Key, version: Version, family: str) -> int | None:
    """The kernel's built-in value in the key's unit.

    None when that kernel lacks the key or computes the value, or when it is not known.
    """
    return _value_here(key, version, family)[1]


def missing_reason(key: Key, version: Version, dialect: str, family: str) -> str:
    """Why that kernel has no such key, as a sentence without a full stop.

    Empty if it should have it; the tracker that owns the key may still be absent.
    """
    present = _value_here(key, version, family)[0]
    if present and sysctl_name(key, dialect) is not None:
        return ""
    kernel = " ".join(["kernel", show_version(version), family]).strip()
    if key.last is not None and is_after(version, key.last):
        why = f"is gone: last in {show_version(key.last)}, this is {kernel}"
    elif version < key.first:
        why = f"exists since {show_version(key.first)}, this is {kernel}"
    elif present:
        why = f"has no counterpart among the ip_conntrack keys of {kernel}"
    else:
        why = f"is not in {kernel}"
    return f"nf_conntrack_{key.nf} {why}" + (f"; {key.note}" if key.note else "")


def _spellings() -> dict[str, str]:
    found = {path[len("/proc/sys/") :].replace("/", "."): "max" for paths in MAX_PATHS.values() for path in paths}
    for paths in BUCKETS_PATHS.values():
        found.update({path[len("/proc/sys/") :].replace("/", "."): "hashsize" for path in paths})
    for key in TIMEOUTS + SETTINGS:
        for dialect in _PREFIXES:
            name = sysctl_name(key, dialect)
            if name is not None:
                found[name] = f"{key.group}:{key.name}"
    return found


_CANONICAL = _spellings()


def canonical_key(dotted: str) -> str | None:
    """What a dotted sysctl key stands for, whatever its spelling.

    C(max), C(hashsize), C(timeout:NAME) or C(setting:NAME); None for a key that is none of connection tracking's.
    """
    return _CANONICAL.get(dotted)
